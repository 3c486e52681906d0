"""Files kept by what they hold: the name is the SHA-256, so equal files are kept once.

A file is on disk, and told so by the disk, before any row names it. Files are never changed; one
that no row names does no harm. Nothing here is served: `web` hands out what `access` allows.
"""

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings


class Damaged(Exception):
    """The file on disk is missing or no longer what it was; its digest is `args[0]`."""


def keep(content: bytes) -> str:
    """Keep a file and return its digest."""
    digest = hashlib.sha256(content).hexdigest()
    path = _path(digest)
    if path.exists():
        return digest
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    _sync(path.parent)
    return digest


def read(digest: str) -> bytes:
    try:
        content = _path(digest).read_bytes()
    except FileNotFoundError:
        raise Damaged(digest) from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise Damaged(digest)
    return content


def _path(digest: str) -> Path:
    return Path(settings.MEDIA_ROOT) / digest[:2] / digest


def _sync(folder: Path) -> None:
    """The entry in the folder too; Windows knows no such thing."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Key files: made on first use, readable by their owner alone, never overwritten."""

import os
import secrets
import tempfile
from pathlib import Path


def key_file(path: Path) -> str:
    """The key in the file; two processes that start at once end up with the same one."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was faster
        finally:
            os.unlink(draft)
    return path.read_text(encoding="ascii").strip()

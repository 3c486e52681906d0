"""Files and folders as commands take them: what is not there is wrong usage, with the remedy."""

import os
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.core.management.base import CommandError

from guantong.conditions import os_errors
from guantong.sheets.read import check_size


def output(text: str) -> Path:
    """The name of a file to write, in a folder that is there: no long work for nowhere."""
    if not text.strip():
        raise ArgumentTypeError("文件名是空的，请写出要写到哪个文件")
    place = Path(text)
    if place.is_dir():
        raise ArgumentTypeError(f"{text}：这是目录，请写到文件名为止")
    if not place.parent.is_dir():
        raise ArgumentTypeError(f"{text}：没有目录 {place.parent}，请核对路径")
    if text != "-" and not os.access(place if place.exists() else place.parent, os.W_OK):
        raise ArgumentTypeError(f"{text}：没有写入的权限，请换个位置")
    return place


def folder(text: str) -> Path:
    """A folder that is there."""
    place = Path(text)
    if not text.strip() or not place.is_dir():
        why = "是文件，不是目录" if text.strip() and place.exists() else "没有这个目录"
        raise ArgumentTypeError(f"{text}：{why}，请核对路径")
    return place


def catalogue_folder(text: str) -> Path:
    """A folder that can be one of rules; what is in its files is checked when they are read."""
    place = folder(text)
    if not (place / "kinds.yaml").is_file() or not list(place.glob("plans/*.yaml")):
        raise ArgumentTypeError(
            f"{text}：不是规则目录（没有 kinds.yaml 或 plans/*.yaml），"
            "请指到 catalogue/ 或它的副本"
        )
    return place


@contextmanager
def written(place: Path) -> Iterator[IO[str]]:
    """A text file to write into; a name that cannot be used is wrong usage, a full disk is not."""
    try:
        file = place.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(f"{place}：写不了。{os_errors.told(error)}", returncode=2) from None
    try:
        with file:
            yield file
    except OSError as error:
        raise CommandError(f"{place}：没有写完。{os_errors.told(error)}") from None


def content(place: Path) -> bytes:
    """What a file holds; one that cannot be read is wrong usage."""
    try:
        check_size(place.stat().st_size)
        return place.read_bytes()
    except OSError as error:
        raise CommandError(f"{place}：读不了。{os_errors.told(error)}", returncode=2) from None
    except ValueError:
        raise CommandError(f"{place}：读不了。文件名不对，请核对路径", returncode=2) from None

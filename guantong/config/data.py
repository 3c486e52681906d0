"""The data folder: made on first use. What keeps it from being used is told, not thrown."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from guantong.conditions import os_errors
from guantong.config.keys import key_file


def data_folder(place: Path) -> Path:
    """The folder, there and ready; ImproperlyConfigured names it and the reason."""
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(place, error) from None
    return place


def secret_key(place: Path) -> str:
    """What signs sessions, from a key file in the data folder."""
    try:
        return key_file(place / "keys" / "session.key")
    except OSError as error:
        raise _unusable(place, error) from None


def _unusable(place: Path, error: OSError) -> ImproperlyConfigured:
    reason, _ = os_errors.why(error)
    return ImproperlyConfigured(f"数据目录 {place} 用不了：{reason}。处理：用 --data 另指一个目录")

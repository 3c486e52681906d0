"""Reads DATABASE_URL. Supported: SQLite (trials, small schools) and PostgreSQL."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# IMMEDIATE takes the write lock at once: two writers wait for each other instead of failing.
# synchronous=FULL: what was acknowledged survives a power cut.
# cache_size: 32 MiB a connection; with the usual 2 a page of a big school reads the file twice.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32768;"
    ),
}
# More connections than a process has threads: nobody waits for one, but for a server that is down.
POSTGRES_OPTIONS = {"pool": {"min_size": 1, "max_size": 8, "timeout": 5}, "connect_timeout": 5}


def database(url: str, *, data: Path) -> dict[str, Any]:
    """Django's settings for one database; an empty URL means SQLite in the data folder."""
    parts = urlsplit(url or "sqlite:///" + quote((data / "guantong.sqlite3").as_posix()))
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(unquote(parts.path)[1:]).resolve(),  # four slashes: absolute
            "OPTIONS": SQLITE_OPTIONS,
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "OPTIONS": {**POSTGRES_OPTIONS, **dict(parse_qsl(parts.query))},
        }
    raise ImproperlyConfigured(
        f"DATABASE_URL 以 {parts.scheme or '空'} 开头，无法识别。"
        "请写成 sqlite:///文件路径 或 postgresql://用户:密码@主机:端口/库名。"
    )

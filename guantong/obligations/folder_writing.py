"""Fact tables written to a folder as Parquet: all of them or nothing.

Everything is written to a folder beside it first and takes the place of the old one at the end.
With `partition`, the tables that grow with people and activities are cut by the organisation at
the top of the tree, or by those below it where there is one: `attendances/top=3/part-0.parquet`.
What belongs to none is in `top=0`. The cut is for many readers at once; it means nothing.
"""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from glob import escape
from pathlib import Path
from tempfile import mkdtemp
from time import time

import duckdb

from guantong.obligations.faults import FactsError
from guantong.obligations.folder import PARQUET
from guantong.obligations.known import DEEPEST
from guantong.obligations.tables import TABLES

ABANDONED = 60 * 60  # seconds
# What tells to which part a row belongs: the top of an organisation or of an activity's host.
BY_ORG = ("memberships", "posts")
BY_ACTIVITY = ("activities", "hosts", "attendances", "details")


def write(
    connection: duckdb.DuckDBPyConnection, folder: Path, *, partition: bool, replace: bool
) -> Mapping[str, int]:
    """Write the fact tables held in a connection; return the number of rows of each."""
    require_free(folder, replace=replace)
    _clear_up_beside(folder)
    try:
        fresh = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder.parent, error) from None
    try:
        counts = _fill(connection, fresh, partition=partition)
        fresh.chmod(0o755 & ~_mask())
        require_free(folder, replace=replace)  # another export may have been quicker
        _take_the_place_of(folder, fresh)
    except OSError as error:
        raise _unwritable(folder, error) from None
    except duckdb.IOException as error:
        raise FactsError(f"{folder}：写不了（{str(error).splitlines()[0]}）") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return counts


def _clear_up_beside(folder: Path) -> None:
    """Remove what an export that was killed left: hidden folders named by `mkdtemp`, untouched
    for so long that none can be at work in them.
    """
    for path in folder.parent.glob(f".{escape(folder.name)}-????????"):
        with suppress(OSError):  # another export has just ended
            there = list(path.iterdir()) if path.is_dir() else []
            ours = {one.name.removesuffix(PARQUET) for one in there} <= {folder.name, *TABLES}
            touched = max(one.stat().st_mtime for one in (path, *there))
            if path.is_dir() and ours and touched < time() - ABANDONED:
                shutil.rmtree(path, ignore_errors=True)


def require_free(folder: Path, *, replace: bool) -> None:
    """Refuse to write over anything but an earlier export that may go."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FactsError(f"{folder}：不是目录。处理：给出一个新的或空的目录")
    there = sorted(path.name for path in folder.iterdir())
    if there and not replace:
        raise FactsError(f"{folder}：不是空目录。处理：换一个目录，或加 --replace 替换以前导出的")
    if strange := [name for name in there if name.removesuffix(PARQUET) not in TABLES]:
        raise FactsError(
            f"{folder}：里面有不是导出的内容（{'、'.join(strange[:3])}）。处理：换一个目录"
        )


def _fill(
    connection: duckdb.DuckDBPyConnection, fresh: Path, *, partition: bool
) -> Mapping[str, int]:
    counts = {}
    if partition:
        _find_tops(connection)
    for name, table in TABLES.items():
        columns = ", ".join(f't."{column}"' for column in table.columns)
        order = ", ".join(f't."{column}"' for column in table.key)
        rows = f'SELECT {columns} FROM "{name}" AS t ORDER BY {order}'
        place, options = fresh / f"{name}{PARQUET}", "FORMAT parquet"
        if partition and name in (*BY_ORG, *BY_ACTIVITY):
            place = fresh / name
            options += ", PARTITION_BY (top), FILENAME_PATTERN 'part-{i}'"
            key, tops = ("org_id", "tops") if name in BY_ORG else ("activity_id", "activity_tops")
            rows = (
                f'SELECT {columns}, COALESCE(p.top, 0) AS top FROM "{name}" AS t'
                f" LEFT JOIN {tops} AS p ON p.{key} = t.{key} ORDER BY top, {order}"
            )
        done = connection.execute(f"COPY ({rows}) TO {_quoted(place)} ({options})").fetchone()
        counts[name] = int(done[0]) if done else 0
        if place.is_dir() and not any(place.iterdir()):  # a table without rows has no parts
            place.rmdir()
            whole = _quoted(fresh / f"{name}{PARQUET}")
            connection.execute(f'COPY "{name}" TO {whole} (FORMAT parquet)')
    return counts


def _find_tops(connection: duckdb.DuckDBPyConnection) -> None:
    """Each organisation's top in the tree as it was last: tops (org_id, top)."""
    connection.execute(
        "CREATE TEMP TABLE last_parents AS SELECT org_id, ARG_MAX(parent_id, valid_from) AS parent"
        " FROM org_parents GROUP BY org_id"
    )
    connection.execute(
        "CREATE TEMP TABLE tops AS WITH RECURSIVE path AS ("
        " SELECT o.org_id, o.org_id AS place, NULL::BIGINT AS below, 0 AS depth FROM orgs AS o"
        " UNION ALL SELECT path.org_id, l.parent, path.place, path.depth + 1 FROM path"
        f" JOIN last_parents AS l ON l.org_id = path.place WHERE path.depth < {DEEPEST})"
        ", roots AS (SELECT org_id, ARG_MAX(place, depth) AS root, ARG_MAX(below, depth) AS below"
        "  FROM path GROUP BY org_id)"
        " SELECT org_id, CASE WHEN (SELECT COUNT(DISTINCT root) FROM roots) > 1 THEN root"
        "  ELSE COALESCE(below, root) END AS top FROM roots"
    )
    connection.execute(
        "CREATE TEMP TABLE activity_tops AS SELECT h.activity_id, MIN(t.top) AS top"
        " FROM hosts AS h JOIN tops AS t ON t.org_id = h.org_id GROUP BY h.activity_id"
    )


def _take_the_place_of(folder: Path, fresh: Path) -> None:
    """The old one stays beside until the new one is there."""
    if not folder.exists():
        os.rename(fresh, folder)
        return
    old = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    os.rename(folder, old / folder.name)
    try:
        os.rename(fresh, folder)
    except OSError:
        os.rename(old / folder.name, folder)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(place: Path, error: OSError) -> FactsError:
    return FactsError(f"{place}：写不了（{error.strerror or error}）。处理：换一个可以写的目录")


def _quoted(place: Path) -> str:
    return "'" + str(place).replace("'", "''") + "'"

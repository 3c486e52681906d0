"""A whole assessment through the command line, on a Spark cluster of two workers."""

import subprocess
import sys
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from django.core.management import call_command

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.deep


def assess(place: Path, out: Path, *options: str) -> str:
    """Run the command as a process of its own, so that its session ends with it."""
    words = ("assess", "--facts", place, "--on", "2023-06-30", "--out", out, *options)
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.django_db
@pytest.mark.usefixtures("sample_school")
def test_the_cluster_gives_the_ledger_of_duckdb_byte_for_byte(
    spark_master: str, tmp_path: Path
) -> None:
    place = tmp_path / "事实 [2023]"  # a name that Spark would take for a pattern
    call_command("facts", "export", str(place), "--partition", stdout=StringIO())
    (place / "figures.parquet").rename(tmp_path / "figures.parquet")
    as_csv(tmp_path / "figures.parquet", place / "figures.csv")

    told = assess(place, tmp_path / "duckdb.csv")
    on_spark = assess(place, tmp_path / "spark.csv", "--engine", "spark", "--master", spark_master)

    assert (tmp_path / "spark.csv").read_bytes() == (tmp_path / "duckdb.csv").read_bytes()
    assert told.splitlines()[-1] == on_spark.splitlines()[-1]
    assert set(told.splitlines()) <= set(on_spark.splitlines())


def as_csv(parquet: Path, place: Path) -> None:
    duckdb.execute(f"COPY (FROM '{parquet}') TO '{place}'")

"""`python3 run facts export`: the records as fact tables that give the school's own ledger.

Asked in this process, since a command run from outside would close the test's own connection.
"""

import shlex
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from guantong.obligations.tables import TABLES
from guantong.records import clock
from guantong.records.models import ReadingChoice, School

DAY = "2023-06-30"


def export(place: Path, *options: str) -> str:
    out = StringIO()
    call_command("facts", "export", str(place), *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.usefixtures("sample_school")
def test_the_export_has_the_ledger_of_the_records(tmp_path: Path) -> None:
    ReadingChoice.objects.create(
        reading="R-01", option="training-only", decided_by="学校党委会",
        decided_on=date(2023, 1, 1), why="试行", recorded_at=clock.now(),
    )  # fmt: skip
    School.objects.update(switched_off=["central-group-study"])
    told = export(tmp_path / "whole")
    export(tmp_path / "parts", "--partition")
    assert f"{len(TABLES)} 个事实表" in told
    assert len(list(tmp_path.glob("parts/attendances/top=*/*.parquet"))) > 10
    assert {path.stem for path in (tmp_path / "whole").iterdir()} == set(TABLES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts", "whole"]

    asked = shlex.split(told.splitlines()[-1].partition("--facts ")[2])[1:]
    ledgers = {
        "database": ("--engine", "database"),
        "columns": ("--engine", "duckdb"),
        "whole": ("--facts", str(tmp_path / "whole"), *asked),
        "parts": ("--facts", str(tmp_path / "parts"), *asked),
    }
    for name, options in ledgers.items():
        out = str(tmp_path / f"{name}.csv")
        call_command("assess", *options, "--on", DAY, "--out", out, stderr=StringIO())
    written = {(tmp_path / f"{name}.csv").read_bytes() for name in ledgers}
    assert len(written) == 1
    ledger = written.pop().decode()
    assert len(ledger.splitlines()) > 10_000
    assert "central-group-study" not in ledger
    plain = tmp_path / "plain.csv"
    since = ("--since", str(School.objects.get().records_since))
    call_command("assess", "--facts", str(tmp_path / "whole"), *since, "--on", DAY,
                 "--out", str(plain), stderr=StringIO())  # fmt: skip
    assert plain.read_text(encoding="utf-8") != ledger  # the school's own readings do matter


@pytest.mark.django_db
@pytest.mark.usefixtures("sample_school")
def test_an_export_takes_the_place_of_an_export_and_of_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "facts"
    export(place)
    with pytest.raises(CommandError, match="不是空目录"):
        export(place)
    export(place, "--partition", "--replace")
    assert (place / "attendances").is_dir()
    assert not (place / "attendances.parquet").exists()

    (place / "notes.txt").write_text("mine", encoding="utf-8")
    before = sorted(place.rglob("*"))
    with pytest.raises(CommandError, match=r"notes\.txt"):
        export(place, "--replace")
    assert sorted(place.rglob("*")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["facts"]

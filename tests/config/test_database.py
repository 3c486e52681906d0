from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from guantong.config.database import database

DATA = Path("/srv/贯通 data")


def test_without_an_address_the_database_lies_in_the_data_folder() -> None:
    assert database("", data=DATA)["NAME"] == DATA / "guantong.sqlite3"


def test_four_slashes_are_an_absolute_path_and_three_a_relative_one() -> None:
    assert database("sqlite:////srv/x.db", data=DATA)["NAME"] == Path("/srv/x.db")
    assert database("sqlite:///x.db", data=DATA)["NAME"] == Path.cwd() / "x.db"


def test_an_address_of_postgresql_is_taken_apart() -> None:
    found = database("postgresql://u%40x:p%2Fw@db:5433/guantong?sslmode=require", data=DATA)
    assert (found["USER"], found["PASSWORD"], found["HOST"]) == ("u@x", "p/w", "db")
    assert (found["PORT"], found["NAME"]) == ("5433", "guantong")
    assert found["OPTIONS"]["sslmode"] == "require"


def test_a_server_that_is_down_is_not_waited_for_long() -> None:
    options = database("postgresql://u@db/guantong", data=DATA)["OPTIONS"]
    assert options["pool"]["timeout"] <= options["connect_timeout"] <= 5


def test_another_kind_of_database_is_refused_with_the_two_that_work() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"mysql.*sqlite:///.*postgresql://"):
        database("mysql://x", data=DATA)


@pytest.mark.django_db
def test_sqlite_keeps_what_was_acknowledged() -> None:
    if connection.vendor == "postgresql":
        wanted = {"show synchronous_commit": "off", "show server_encoding": "UTF8"}
    else:
        wanted = {"pragma journal_mode": "wal", "pragma synchronous": 2, "pragma foreign_keys": 1,
                  "pragma cache_size": -32768}  # fmt: skip
    with connection.cursor() as cursor:
        for question, answer in wanted.items():
            cursor.execute(question)
            assert cursor.fetchone()[0] == answer

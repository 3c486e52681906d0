"""What every test may rely on: a database of its own, PostgreSQL and a browser when asked for.

`python3 run test` starts both and hands them over by environment; a plain `pytest` starts its own.
Tests marked `deep` run where `python3 run test --deep` asks for the cluster.
The standing cast (`cast`) is made once; each test finds it as made and leaves no trace in it.
With DATABASE_URL naming PostgreSQL only the tests that use a database run, those of the browser
excepted: they ran on SQLite.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import compress
from operator import not_
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase

from dev import browser as browsers
from dev import postgres, spark
from guantong.records.actions import sample
from tests.factories import Cast, make_cast

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in our thread
hypothesis.settings.register_profile("usual", deadline=None)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=3000)
hypothesis.settings.load_profile("deep" if os.environ.get("GUANTONG_DEEP") else "usual")


def pytest_configure() -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # 1,000 x faster
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen = [belongs(item) for item in items]
    config.hook.pytest_deselected(items=[*compress(items, map(not_, chosen))])
    items[:] = [*compress(items, chosen)]
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "cast" in names and not commits(item):
            names.insert(0, "_in_the_casts_database")  # before the test's transaction begins


def belongs(item: pytest.Item) -> bool:
    """Whether the test is for this run."""
    if item.get_closest_marker("deep") and not os.environ.get("GUANTONG_CLUSTER"):
        return False
    return connection.vendor != "postgresql" or (uses_database(item) and not uses_browser(item))


def uses_database(item: pytest.Item) -> bool:
    asked = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    owner = getattr(item, "cls", None)
    return bool(
        asked
        or item.get_closest_marker("django_db")
        or (owner and issubclass(owner, TransactionTestCase))
    )


def commits(item: pytest.Item) -> bool:
    """Whether the test writes for good, so that the database is emptied after it."""
    marker = item.get_closest_marker("django_db")
    asked = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(asked or (marker and marker.kwargs.get("transaction")))


def uses_browser(item: pytest.Item) -> bool:
    return "playwright" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file as in real use: threads of the live server get connections of their own."""
    if connection.vendor == "sqlite":
        path = tmp_path_factory.mktemp("database") / "test.sqlite3"
        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(path)


@pytest.fixture(autouse=True)
def _no_memory_of_other_tests() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _files_in_a_folder_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server for tests that compare engines, whatever database Django runs on."""
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def spark_master() -> Iterator[str]:
    """A cluster of two workers, for tests marked `deep`. One session at a time has its cores."""
    with spark.cluster() as master:
        yield master


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = os.environ.get("GUANTONG_BROWSER") or browsers.find()
    return {**browser_type_launch_args, "executable_path": path, "args": browsers.launch_args()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}


@contextmanager
def database_named(name: str) -> Iterator[None]:
    """The connection, and those of the live server's threads, lead to another database."""
    usual = connection.settings_dict["NAME"]
    _lead_to(name)
    try:
        yield
    finally:
        _lead_to(usual)


def _lead_to(name: str) -> None:
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()
    connection.settings_dict["NAME"] = name


@contextmanager
def database_of_its_own[Built](
    name: str, blocker: Any, build: Callable[[], Built]
) -> Iterator[tuple[str, Built]]:
    """A copy of the empty test database with what `build` puts into it."""
    with blocker.unblock():
        connection.close()  # what is in SQLite's write-ahead log goes into the file to be copied
        connection.creation.clone_test_db(name, verbosity=0)
        path = str(connection.creation.get_test_db_clone_settings(name)["NAME"])
        with database_named(path):
            built = build()
    yield path, built
    with blocker.unblock():
        connection.creation.destroy_test_db(suffix=name, verbosity=0)


@pytest.fixture(scope="session")
def cast_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[str, Cast]]:
    """A database of its own with the standing cast, made once: to make it takes half a second."""
    with database_of_its_own("cast", django_db_blocker, make_cast) as made:
        yield made


@pytest.fixture
def _in_the_casts_database(cast_database: tuple[str, Cast]) -> Iterator[None]:
    with database_named(cast_database[0]):
        yield


@pytest.fixture
def cast(request: pytest.FixtureRequest, db: None) -> Cast:
    """The standing cast, in a database that holds nothing else."""
    if "_in_the_casts_database" not in request.fixturenames:
        return make_cast()
    made: Cast = deepcopy(request.getfixturevalue("cast_database")[1])
    return made


@pytest.fixture(scope="session")
def sample_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of its own with the sample school, built once for all who ask."""
    with database_of_its_own("sample", django_db_blocker, sample.build) as (name, _):
        yield name


@pytest.fixture(scope="module")
def sample_school(sample_database: str) -> Iterator[None]:
    """Every test of the module lives in the sample school; what it changes is undone.

    Its tests use a database (`django_db`). Those with a live server commit: `sample_copy`.
    """
    with database_named(sample_database):
        yield


@pytest.fixture
def sample_copy(sample_database: str, tmp_path: Path) -> Iterator[None]:
    """The sample school in a SQLite file of the test's own, for tests with a live server."""
    copy = tmp_path / "sample.sqlite3"
    shutil.copy(sample_database, copy)
    with database_named(str(copy)):
        yield

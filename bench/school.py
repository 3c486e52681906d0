"""The sample school that is measured, in a data folder and a database of its own."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Where the school lives; `url` empty: in SQLite in the folder."""

    data: Path
    url: str = ""

    @property
    def engine(self) -> str:
        return "PostgreSQL" if self.url else "SQLite"


def enter(place: Place) -> None:
    """Set Django up there, once per process; only now may models be imported."""
    os.environ.update(
        GUANTONG_DATA=str(place.data),
        DATABASE_URL=place.url,
        DJANGO_SETTINGS_MODULE="guantong.config.settings",
    )
    import django

    django.setup()


def build(place: Place) -> None:
    """Build the school where there is none yet."""
    enter(place)
    from django.core.management import call_command
    from django.db import connection

    from guantong.records.actions import sample

    call_command("migrate", verbosity=0)
    if not sample.is_built():
        sample.build()
    if place.url:  # as the server would do by itself in time
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

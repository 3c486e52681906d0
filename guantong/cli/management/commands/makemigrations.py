"""Django's makemigrations, for fewer steps: an index or a constraint of a new model is made with
its table. As steps of their own they took half of the time that a new database takes.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.commands import makemigrations
from django.db.migrations.migration import Migration
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation


class Command(makemigrations.Command):
    def write_migration_files(self, changes: dict[str, list[Migration]], *paths: Any) -> None:
        for migrations in changes.values():
            for migration in migrations:
                # Not as an attribute: its type forbids what Django itself does.
                setattr(migration, "operations", [*few(migration.operations)])  # noqa: B010
        super().write_migration_files(changes, *paths)


def few(operations: Iterable[Operation]) -> Iterator[Operation]:
    """The same, those that go with a new model told with it. Models that get fields later, since
    they refer to one another, are left as they are.
    """
    later = {step.model_name_lower for step in operations if isinstance(step, AddField)}
    made = {step.name_lower: step for step in operations if isinstance(step, CreateModel)}
    for step in operations:
        if not isinstance(step, AddIndex | AddConstraint) or (
            step.model_name_lower in later or step.model_name_lower not in made
        ):
            yield step
            continue
        name = "indexes" if isinstance(step, AddIndex) else "constraints"
        one = step.index if isinstance(step, AddIndex) else step.constraint
        options = made[step.model_name_lower].options
        options[name] = [*options.get(name, []), one]

"""How an action saves a row: checked first, then only the fields that changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, connections, transaction
from django.db.models import Model

from guantong.records import days, names, plain_words
from guantong.records.access import Conflict, Refused

AT_ONCE = 1000  # rows in one statement
NAMES = frozenset({"name", "short_name"})  # in which nothing unseen may tell two of a name apart


@dataclass(frozen=True)
class Change:
    """The fields that an action changed, with their values before and after."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]


def locked[M: Model](row: M) -> M:
    """The row as it stands in the database, held until the transaction ends."""
    return type(row)._default_manager.select_for_update().get(pk=row.pk)


def insert[M: Model](row: M) -> M:
    check(row)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # two people at the same moment; the other one was first
        raise Conflict("同样的记录刚刚已经有人保存，或与已有记录冲突。请刷新后核对。") from None
    return row


def change(row: Model, **values: Any) -> Change:
    """Set what differs and save exactly that."""
    before = {
        name: getattr(row, name) for name, new in values.items() if getattr(row, name) != new
    }
    after = {name: values[name] for name in before}
    for name, value in after.items():
        setattr(row, name, value)
    if after:
        check(row)
        row.save(update_fields=list(after))
    return Change(before, after)


def put(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Save some fields of many rows that exist, unchecked.

    An upsert by id: many times faster than bulk_update with its CASE per row and field.
    """
    if rows:
        manager = type(rows[0])._default_manager
        manager.bulk_create(
            rows, batch_size=AT_ONCE, update_conflicts=True, unique_fields=["id"],
            update_fields=fields,
        )  # fmt: skip


def pour(rows: Iterable[Model]) -> None:
    """Write many new rows of one model, unchecked. Their ids stay unknown to us.

    Takes about half as long as bulk_create, which writes a statement with every value in it.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    fields = [f for f in first._meta.concrete_fields if not (f.primary_key or f.generated)]
    columns = [str(field.column) for field in fields]
    database = connections[DEFAULT_DB_ALIAS]  # `connection` looks it up anew for each value
    values = (
        [field.get_db_prep_save(field.pre_save(row, add=True), database) for field in fields]
        for row in chain([first], rows)
    )
    pour_values(type(first), columns, values)


def pour_values(
    model: type[Model], columns: Sequence[str], values: Iterable[Sequence[Any]]
) -> None:
    """The same for rows that are too many to make an object of each."""
    quote = connection.ops.quote_name
    into = f"{quote(model._meta.db_table)} ({', '.join(map(quote, columns))})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            marks = ", ".join("%s" for _ in columns)
            insert = f"INSERT INTO {into} VALUES ({marks})"
            cursor.executemany(insert, values)  # type: ignore[arg-type]  # takes any iterable


def check(row: Model) -> None:
    """Refuse texts that are empty, too long or hold what is not to be seen; odd days."""
    links = {field.name for field in row._meta.concrete_fields if field.is_relation}
    try:
        row.clean_fields(exclude=links)
    except ValidationError as error:
        wrong = {name: map(plain_words.told, errors) for name, errors in error.error_dict.items()}
        raise Refused.about(
            {name: "；".join(texts) for name, texts in wrong.items()},
            labels={f.name: str(f.verbose_name) for f in row._meta.concrete_fields},
        ) from None
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        unseen = isinstance(value, str) and (
            names.misleads(value) or (field.name in NAMES and value != names.printable(value))
        )
        if unseen:
            why = "含有看不见的字符，请重新输入。"
            raise Refused(f"{field.verbose_name}：{why}", {field.name: why})
        if type(value) is date and (reason := days.odd(value)):
            raise Refused.about({field.name: reason}, {field.name: str(field.verbose_name)})

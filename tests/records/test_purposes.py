"""Every personal field has a purpose with a basis; nothing is named that is not kept."""

from collections.abc import Iterator

from django.db.models import Model

from guantong.records import catalogue, sealing
from guantong.records.models import Entry, Merge, Person
from guantong.web.held import BEYOND

LINKS = {"id", "person"}
WORKED_OUT = (Entry,)  # from other fields, by the ledger; nobody writes there


def personal() -> Iterator[type[Model]]:
    """Whatever is kept about people: each table that leads to a person."""
    yield Person
    linked = {relation.related_model for relation in Person._meta.related_objects}
    for model in sorted(linked, key=str):
        assert not isinstance(model, str)
        if model not in (Person, *WORKED_OUT):
            yield model
    yield from BEYOND


def kept() -> set[str]:
    return {
        f"{model._meta.model_name}.{field.name}"
        for model in personal()
        for field in model._meta.concrete_fields
        if field.name not in LINKS
    }


def test_every_personal_field_has_a_purpose_and_no_other_is_named() -> None:
    assert kept() == catalogue.purposes().keys()


def test_the_search_for_personal_tables_finds_them() -> None:
    assert {"Person", "Membership", "Attendance", "Restricted", "User"} <= {
        model.__name__ for model in personal()
    }
    assert Merge in personal()


def test_every_purpose_rests_on_a_known_instrument() -> None:
    known = catalogue.current().regulations
    for purpose in catalogue.purposes().values():
        assert purpose.basis, purpose.name
        assert purpose.purpose, purpose.name
        assert purpose.retention, purpose.name
        assert {basis.instrument for basis in purpose.basis} <= known.keys()


def test_the_register_and_the_database_agree_on_what_is_sealed() -> None:
    sealed = {field for purpose in catalogue.purposes().values() for field in purpose.sealed}
    kept = {f"{table}.{name}" for table, names in sealing.SEALED.items() for name in names}
    assert sealed == kept


def test_whatever_is_kept_as_bytes_is_sealed() -> None:
    kept = {
        f"{model._meta.model_name}.{field.name}"
        for model in personal()
        for field in model._meta.concrete_fields
        if field.get_internal_type() == "BinaryField"
    }
    assert kept == {f"{table}.{name}" for table, names in sealing.SEALED.items() for name in names}

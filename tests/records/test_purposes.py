"""Every personal field has a purpose with a basis; nothing is named that is not kept."""

from guantong.records import catalogue, sealing
from guantong.records.models import Membership, Person, Post

PERSONAL = (Person, Membership, Post)
LINKS = {"id", "person"}


def kept() -> set[str]:
    return {
        f"{model._meta.model_name}.{field.name}"
        for model in PERSONAL
        for field in model._meta.concrete_fields
        if field.name not in LINKS
    }


def test_every_personal_field_has_a_purpose() -> None:
    named = catalogue.purposes().keys()
    assert kept() - named == set()
    assert {f for f in named if f.partition(".")[0] in {"person", "membership", "post"}} == kept()


def test_every_purpose_rests_on_a_known_instrument() -> None:
    known = catalogue.current().regulations
    for purpose in catalogue.purposes().values():
        assert purpose.basis, purpose.name
        assert {basis.instrument for basis in purpose.basis} <= known.keys()


def test_the_register_and_the_database_agree_on_what_is_sealed() -> None:
    sealed = {field for purpose in catalogue.purposes().values() for field in purpose.sealed}
    assert sealed == {f"person.{name}" for name in sealing.FIELDS}

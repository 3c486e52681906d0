"""The columns that hold texts, and to which places a row belongs."""

from typing import Any, Final

from django.apps import apps
from django.db.models import CharField, Model, TextField

from guantong.records.models import (
    Activity,
    Org,
    Person,
    PlanWording,
    ReadingChoice,
    School,
    TrustedIssuer,
    User,
    VariantChoice,
)
from tests.matrix.canaries import MARK
from tests.matrix.oracle import SELVES
from tests.matrix.world.base import World

# Columns that hold a code, a digest or what is derived from others: no place for a text.
CODES: Final = {
    "activity.kind", "agendaitem.major", "assessment.catalogue_hash", "assessment.engine",
    "assessment.plan", "attachment.kind", "attachment.sha256", "attendance.role",
    "calendarfeed.digest", "call.process", "case.due_step", "case.opens_step", "case.process",
    "case.state",
    "casehand.actor", "casestep.source", "casestep.step", "casestep.target",
    "criterioncheck.item", "delivery.channel", "delivery.state", "detail.field",
    "discrepancy.digest", "discrepancy.field", "discrepancy.key", "discrepancy.state",
    "discrepancy.system", "document.doc_class", "duesrate.payer", "entry.bearer_kind",
    "entry.obligation", "entry.verdict", "event.subject", "event.verb", "figure.name",
    "grant.role", "hourscertificate.serial", "importbatch.kind", "importbatch.sha256",
    "importbatch.state", "importrow.differs", "importrow.outcome", "importsource.kind",
    "job.kind", "membership.departure", "membership.status", "org.category", "org.kind",
    "org.path", "org.sort_key", "orgchange.kind", "paper.template", "papertemplate.process",
    "person.gender", "person.id_index", "person.letters", "person.pinyin", "person.schooling",
    "planwording.path",
    "planwording.plan", "post.post", "post.qualified_as", "quota.process",
    "readingchoice.option", "readingchoice.reading", "reconciliation.system", "recut.category",
    "recut.state", "relation.kind", "school.plan", "signinsheet.secret", "spending.heading",
    "storedfile.sha256", "trustedissuer.key", "user.password", "variantchoice.process",
    "whereabouts.kind", "whereabouts.situation",
}  # fmt: skip
# Texts of no place, which no page shows.
NOWHERE: Final = {"job.trouble"}
# What leads from a row to its places: the first that is there.
LEADS: Final = (
    ("kept",), ("owner", "person", "other_person", "org", "other_org"), ("user",), ("activity",),
    ("case",), ("document",), ("batch",),
)  # fmt: skip


def places_of(w: World, row: Model) -> tuple[str, ...]:
    """Where a row belongs: itself a place, or where what it leads to does."""
    match row:
        case Org():
            return (next(at.place for at in w.at.values() if getattr(at, "org", None) == row),)
        case Person():
            return (_place_of_person(w, row),)
        case User():
            return tuple(name for name, user in w.users.items() if user == row)
        case Activity():
            return tuple(place for host in row.hosts.all() for place in places_of(w, host))
        case PlanWording() | ReadingChoice() | School() | TrustedIssuer() | VariantChoice():
            return ("",)
    for names in LEADS:
        leads = [getattr(row, name, None) for name in names]
        if found := [place for to in leads if to for place in places_of(w, to)]:
            return tuple(dict.fromkeys(found))
    return ("school",)


def _place_of_person(w: World, person: Person) -> str:
    own = {at.person.pk: at.place for at in w.at.values() if at.place in SELVES}
    if person.pk in own:
        return own[person.pk]
    if person.merged_into is not None:
        return _place_of_person(w, person.merged_into)
    (place,) = places_of(w, person.memberships.latest("valid_from").org)
    return place


def columns() -> list[tuple[type[Model], Any]]:
    """Every column that may hold a text of somebody's."""
    return [
        (model, column)
        for model in apps.get_app_config("records").get_models()
        for column in model._meta.concrete_fields
        if isinstance(column, CharField | TextField) and name_of(column) not in CODES | NOWHERE
    ]


def name_of(column: Any) -> str:
    return f"{column.model._meta.model_name}.{column.name}"


def fill(w: World) -> None:
    """A canary into every text that has none yet."""
    for model, column in columns():
        manager = getattr(model, "everyone", model._default_manager)
        for row in manager.all():
            if MARK.search(getattr(row, column.name) or ""):
                continue
            text = w.birds.text(name_of(column), *places_of(w, row))
            model._base_manager.filter(pk=row.pk).update(**{column.name: text})

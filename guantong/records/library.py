"""The institution library: which documents are in force, which are to be looked at, what is
lacking. Reads only; classes are those of kinds.yaml, and only the five of clause 17 are asked of
everyone (`library: true`).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q

from guantong.records import catalogue
from guantong.records.models import Document, DocumentCheck, Org
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.relation import DocumentQuerySet

SOON: Final = timedelta(days=60)
STATES: Final = {
    "": "现行", "due": "应复核", "problem": "有待整改问题", "unchecked": "本年没有检查",
    "ended": "已停止执行", "all": "全部",
}  # fmt: skip


def classes() -> dict[str, str]:
    """The classes that a complete set has, code to title."""
    found = catalogue.current().kinds["documents"]
    return {code: str(one["title"]) for code, one in found.items() if one.get("library")}


def narrowed(found: DocumentQuerySet, state: str, today: date) -> DocumentQuerySet:
    open_problem = DocumentCheck.objects.filter(
        document=OuterRef("pk"), problem=True, closed_on=None
    )
    match state:
        case "due":
            return found.on(today).filter(review_due__lte=today + SOON)
        case "problem":
            return found.filter(Exists(open_problem))
        case "unchecked":
            looked = DocumentCheck.objects.filter(
                document=OuterRef("pk"), on_day__year=today.year, on_day__lte=today
            )
            return found.on(today).filter(~Exists(looked))
        case "ended":
            return found.filter(valid_to__lte=today)
        case "all":
            return found
        case _:
            return found.filter(Q(valid_to=None) | Q(valid_to__gt=today))


@dataclass(frozen=True)
class Coverage:
    """How many documents of each class an organisation has in force on a day."""

    org: Org
    counts: dict[str, int]

    @property
    def lacks(self) -> list[str]:
        return [title for code, title in classes().items() if not self.counts.get(code)]


def coverage(orgs: Iterable[Org], day: date) -> list[Coverage]:
    """One query, however many organisations there are."""
    there = list(orgs)
    counts: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    found = Document.objects.on(day).filter(org__in=there, doc_class__in=classes())
    for org, doc_class in found.values_list("org", "doc_class"):
        counts[org][doc_class] += 1
    return [Coverage(org, counts[org.pk]) for org in there]


def due(orgs: Iterable[int], today: date) -> list[Document]:
    """What is to be reviewed soon or overdue, the most urgent first."""
    found = narrowed(Document.objects.filter(org__in=orgs), "due", today)
    return list(found.select_related("org").order_by("review_due", "pk"))


def second_level(orgs: OrgQuerySet, day: date) -> OrgQuerySet:
    """The committees and general branches: a branch goes by the institutions of those above."""
    return orgs.on(day).exclude(kind__in=("branch", "group")).in_order()

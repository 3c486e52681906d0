"""How many members there are on a day, by status and by every counting base. Reads only.

Rules count different people: the bases of kinds.yaml say whom, and are never mixed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from guantong.obligations import describe
from guantong.obligations.model import Basis
from guantong.records import catalogue
from guantong.records.models import Membership
from guantong.records.models.membership import MEMBER_STATUSES


@dataclass(frozen=True)
class Base:
    """A counting base with its number; `sure` says how well its source is known."""

    code: str
    title: str
    count: int
    definition: str
    cited: str
    sure: str


@dataclass(frozen=True)
class Heads:
    """People by status, members and others; `exempt` are the members released from compulsory
    attendance.
    """

    by_status: Mapping[str, int]
    exempt: int

    @property
    def total(self) -> int:
        return sum(self.by_status.get(status, 0) for status in MEMBER_STATUSES)

    def of(self, base: str) -> int:
        statuses = catalogue.current().kinds["bases"][base]["statuses"]
        return sum(self.by_status.get(status, 0) for status in statuses)

    def bases(self) -> list[Base]:
        return [self._base(code) for code in catalogue.current().kinds["bases"]]

    def _base(self, code: str) -> Base:
        told = catalogue.current().kinds["bases"][code]
        kept = told["basis"]
        basis = Basis(kept["instrument"], kept["article"], kept["confidence"])
        return Base(
            code=code,
            title=told["title"],
            count=self.of(code),
            definition=told["definition"],
            cited=describe.cited(basis, catalogue.current()),
            sure=describe.CONFIDENCE[basis.confidence],
        )


def heads(where: Q, day: date) -> Heads:
    """Of the memberships that a condition selects, on a day. One query."""
    found = Membership.objects.on(day).filter(where).order_by().values_list("status")
    released = Count("pk", filter=Q(exempt=True, status__in=MEMBER_STATUSES))
    rows = list(found.annotate(heads=Count("pk"), released=released))
    return Heads({status: n for status, n, _ in rows}, sum(exempt for _, _, exempt in rows))

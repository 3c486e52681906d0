"""Organisations: what there is, what hung below what and when, and what came of what."""

from collections.abc import Iterable
from datetime import date
from functools import reduce
from operator import or_
from typing import Self

from django.db import models

from guantong.records.models.span import Span, SpanQuerySet


class OrgQuerySet(SpanQuerySet["Org"]):
    def below(self, *orgs: "Org") -> Self:
        """The organisations and all that hang below them today."""
        if any(org.is_top for org in orgs):
            return self.all()
        return self.below_paths(org.path for org in orgs)

    def below_paths(self, paths: Iterable[str]) -> Self:
        reach = [models.Q(path__startswith=path) for path in paths]
        return self.filter(reduce(or_, reach)) if reach else self.none()

    def above(self, org: "Org") -> Self:
        """The organisations that the given one hangs below today, without itself."""
        return self.filter(pk__in=org.lineage()[:-1])

    def search(self, text: str) -> Self:
        """By part of the name, or the beginning of the code."""
        return self.filter(
            models.Q(name__contains=text)
            | models.Q(short_name__contains=text)
            | models.Q(external_code__startswith=text)
        )

    def in_order(self) -> Self:
        return self.order_by("sort_key", "id")


class Org(Span):
    """Grain: one organisation. Codes come from kinds.yaml.

    `category` null where the kind has none. `path` are the ids from the top down to this one
    ("1/5/37/"), today's tree; `actions.orgs` alone derives it. `units`: of a joint branch, the
    units it was set up for, one a line. `term_years` null: what its kind usually has.
    """

    name = models.CharField("名称", max_length=120)
    short_name = models.CharField("简称", max_length=60)
    kind = models.CharField("类别", max_length=30, db_index=True)
    category = models.CharField("支部类别", max_length=30, null=True, blank=True)  # noqa: DJ001
    external_code = models.CharField("组织代码", max_length=60, null=True, blank=True, unique=True)
    units = models.TextField("联合设立的单位", blank=True)
    term_years = models.PositiveSmallIntegerField("每届年数", null=True, blank=True)
    path = models.CharField(max_length=255, db_index=True, editable=False)
    sort_key = models.CharField(max_length=400, db_index=True, editable=False)

    objects = OrgQuerySet.as_manager()

    class Meta(Span.Meta):
        indexes = [models.Index(fields=["kind", "category"], name="org_kind_category")]

    def __str__(self) -> str:
        return self.short_name

    def lineage(self) -> list[int]:
        """The ids from the top of the tree down to this organisation."""
        return [int(step) for step in self.path.split("/") if step]

    @property
    def is_top(self) -> bool:
        """Below it hangs all there is: no database need be asked what that is."""
        return len(self.lineage()) == 1

    def unit_names(self) -> list[str]:
        return [line.strip() for line in self.units.splitlines() if line.strip()]

    def exists_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def below(org: Org, prefix: str = "") -> models.Q:
    """What leads by `prefix` ("org__") to the organisation or to one that hangs below it today."""
    return models.Q() if org.is_top else models.Q(**{f"{prefix}path__startswith": org.path})


class OrgParentQuerySet(SpanQuerySet["OrgParent"]):
    def paths(self, day: date) -> dict[int, str]:
        """What `Org.path` would have said on a day; a dissolved one stays where it last hung."""
        begun = self.filter(valid_from__lte=day).order_by("valid_from", "id")
        above = dict(begun.values_list("org", "parent"))
        found: dict[int, str] = {}

        def path(pk: int) -> str:
            if pk not in found:
                found[pk] = f"{path(above[pk]) if pk in above else ''}{pk}/"
            return found[pk]

        for pk in above:
            path(pk)
        return found


class OrgParent(Span):
    """Grain: organisation x span. Where an organisation hung; the top has no row."""

    org = models.ForeignKey(Org, models.PROTECT, related_name="parents", verbose_name="党组织")
    parent = models.ForeignKey(
        Org, models.PROTECT, related_name="children", verbose_name="上级党组织"
    )

    objects = OrgParentQuerySet.as_manager()

    class Meta(Span.Meta):
        constraints = [
            *Span.Meta.constraints,
            models.UniqueConstraint(fields=["org", "valid_from"], name="one_parent_from_a_day"),
            models.CheckConstraint(
                condition=~models.Q(org=models.F("parent")), name="no_org_is_its_own_parent"
            ),
        ]


class OrgNameQuerySet(SpanQuerySet["OrgName"]):
    pass


class OrgName(Span):
    """Grain: organisation x name that it no longer has. Today's stands in the organisation."""

    org = models.ForeignKey(
        Org, models.PROTECT, related_name="former_names", verbose_name="党组织"
    )
    name = models.CharField("名称", max_length=120)
    short_name = models.CharField("简称", max_length=60)

    objects = OrgNameQuerySet.as_manager()

    class Meta(Span.Meta):
        constraints = [
            *Span.Meta.constraints,
            models.UniqueConstraint(fields=["org", "valid_from"], name="one_name_from_a_day"),
        ]


class OrgSuccession(models.Model):
    """Grain: one organisation that continues another from a day on.

    `answers`: this successor, one at most of each predecessor, answers for what it left undone.
    """

    predecessor = models.ForeignKey(Org, models.PROTECT, related_name="successions")
    successor = models.ForeignKey(Org, models.PROTECT, related_name="origins")
    on_day = models.DateField()
    answers = models.BooleanField("承接未完成的责任", default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["predecessor"],
                condition=models.Q(answers=True),
                name="one_successor_answers",
            ),
            models.UniqueConstraint(
                fields=["predecessor", "successor", "on_day"], name="one_succession_a_day"
            ),
        ]

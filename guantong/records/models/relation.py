"""Links, figures and institution documents: the small records about organisations."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from guantong.records.models.org import Org
from guantong.records.models.person import Person
from guantong.records.models.span import Span, SpanQuerySet


class RelationQuerySet(SpanQuerySet["Relation"]):
    def naming(self, orgs: models.QuerySet[Org]) -> Self:
        return self.filter(Q(org__in=orgs) | Q(other_org__in=orgs))


class Relation(Span):
    """Grain: one dated link. From a person or an organisation, to the other ones it names.

    `partner`: who outside the school is at the other end, in words.
    """

    kind = models.CharField("关系", max_length=30)
    person = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="relations",
        verbose_name="人员",
    )
    org = models.ForeignKey(
        Org, models.PROTECT, null=True, blank=True, related_name="relations", verbose_name="党组织"
    )
    other_org = models.ForeignKey(
        Org,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="relations_in",
        verbose_name="对方组织",
    )
    other_person = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="relations_in",
        verbose_name="对方人员",
    )
    partner = models.CharField("校外单位", max_length=120, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    objects = RelationQuerySet.as_manager()

    class Meta(Span.Meta):
        constraints = [
            *Span.Meta.constraints,
            models.CheckConstraint(
                condition=Q(person__isnull=False) | Q(org__isnull=False),
                name="relation_starts_somewhere",
            ),
            models.CheckConstraint(
                condition=~Q(person=None, other_org=None, other_person=None, partner=""),
                name="relation_leads_somewhere",
            ),
        ]
        indexes = [models.Index(fields=["kind", "valid_from"], name="relation_kind_from")]


class FigureQuerySet(models.QuerySet["Figure"]):
    def latest_by(self, day: date) -> Self:
        """The newest row of every figure of every organisation that is not after the day."""
        newer = Figure.objects.filter(
            org=models.OuterRef("org"),
            name=models.OuterRef("name"),
            as_of__gt=models.OuterRef("as_of"),
            as_of__lte=day,
        )
        return self.filter(~models.Exists(newer), as_of__lte=day)


class Figure(models.Model):
    """Grain: organisation x figure x day on which it was counted. `value` in the figure's unit."""

    org = models.ForeignKey(Org, models.PROTECT, related_name="figures", verbose_name="党组织")
    name = models.CharField("指标", max_length=40)
    as_of = models.DateField("统计日期")
    value = models.DecimalField("数值", max_digits=14, decimal_places=2)
    source = models.CharField("来源", max_length=200, blank=True)

    objects = FigureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "name", "as_of"], name="one_figure_a_day")
        ]


class DocumentQuerySet(SpanQuerySet["Document"]):
    pass


class Document(Span):
    """Grain: one institution document in force for a span. `review_due` null: no day set.

    `replaced_by`: the one that followed it, null while none did.
    """

    org = models.ForeignKey(Org, models.PROTECT, related_name="documents", verbose_name="党组织")
    doc_class = models.CharField("制度类别", max_length=40)
    title = models.CharField("名称", max_length=200)
    number = models.CharField("文号", max_length=80, blank=True)
    review_due = models.DateField("应复核日期", null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaces",
        verbose_name="被哪份代替",
    )  # fmt: skip

    objects = DocumentQuerySet.as_manager()

    class Meta(Span.Meta):
        indexes = [models.Index(fields=["org", "doc_class"], name="document_org_class")]

    def __str__(self) -> str:
        return self.title


class DocumentCheck(models.Model):
    """Grain: one look whether an institution is carried out (clause 18).

    `problem`: something was found that has to be put right; `closed_on` null: not yet.
    """

    document = models.ForeignKey(Document, models.PROTECT, related_name="checks")
    on_day = models.DateField("检查日期")
    found = models.CharField("检查情况", max_length=500)
    problem = models.BooleanField("发现问题", default=False)
    closed_on = models.DateField("整改完成日期", null=True, blank=True)
    closed_how = models.CharField("整改情况", max_length=500, blank=True)
    recorded_at = models.DateTimeField("录入时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(problem=True, closed_on__gte=models.F("on_day")),
                name="only_problems_are_closed",
            )
        ]

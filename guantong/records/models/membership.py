"""Who belongs to which branch, and who holds which post."""

from typing import Final, Self

from django.db import models
from django.db.models import Q

from guantong.records.models.org import Org
from guantong.records.models.person import Person
from guantong.records.models.span import Span, SpanQuerySet

MEMBER_STATUSES: Final = ("full", "probationary")
"""Who counts as a member of the Party; `member: true` in kinds.yaml, a test compares the two."""


class MembershipQuerySet(SpanQuerySet["Membership"]):
    def of_members(self) -> Self:
        """Without those on the way into the Party and those whose membership is suspended."""
        return self.filter(status__in=MEMBER_STATUSES)


class Membership(Span):
    """Grain: person x branch x span, never two spans of a person on one day (`actions` see to it).

    A change of status or exemption ends the span and begins another. People are in a branch from
    their application on; only the statuses of MEMBER_STATUSES count as members. `exempt`:
    released from compulsory attendance, for the reason given; `exempt_until` null: for good, else
    the day on which the branch looks at it again (nothing ends by itself). `probation_to`: the
    day to which the branch extended the probation, null if it did not. `end_reason` and
    `departure` (a code: how somebody left the school's roll) are empty while the span lasts.
    """

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="memberships", verbose_name="党员"
    )
    org = models.ForeignKey(Org, models.PROTECT, related_name="memberships", verbose_name="党支部")
    status = models.CharField("党员类别", max_length=30)
    exempt = models.BooleanField("免于硬性参加要求", default=False)
    exempt_reason = models.CharField("豁免原因", max_length=200, blank=True)
    exempt_until = models.DateField("豁免复核日期", null=True, blank=True)
    probation_to = models.DateField("预备期延长至", null=True, blank=True)
    end_reason = models.CharField("结束原因", max_length=200, blank=True)
    departure = models.CharField("离开方式", max_length=30, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta(Span.Meta):
        constraints = [
            *Span.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "valid_from"], name="one_membership_from_a_day"
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(valid_to=None), name="one_open_membership"
            ),
        ]
        indexes = [models.Index(fields=["org", "valid_from"], name="membership_org_from")]


class PostQuerySet(SpanQuerySet["Post"]):
    pass


class Post(Span):
    """Grain: person x post x organisation x span. A flag that is null is not known.

    `acting`: holds it for the time being, beside or instead of who was elected. `qualified_as`: as
    what the holder fits the kind of branch, a code of kinds.yaml; `evidence` is the document that
    shows it and `evidence_on` its day, both of the post.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="posts", verbose_name="党员")
    org = models.ForeignKey(Org, models.PROTECT, related_name="posts", verbose_name="党组织")
    post = models.CharField("职务", max_length=30)
    double_leader = models.BooleanField("双带头人", null=True, blank=True)
    full_time = models.BooleanField("专职", null=True, blank=True)
    acting = models.BooleanField("代理", default=False)
    qualified_as = models.CharField("任职条件", max_length=30, blank=True)
    evidence = models.CharField("认定文件", max_length=200, blank=True)
    evidence_on = models.DateField("认定日期", null=True, blank=True)

    objects = PostQuerySet.as_manager()

    class Meta(Span.Meta):
        constraints = [
            *Span.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "org", "post", "valid_from"], name="one_post_from_a_day"
            ),
        ]
        indexes = [models.Index(fields=["org", "post"], name="post_org_post")]


class TermQuerySet(models.QuerySet["Term"]):
    pass


class Term(models.Model):
    """Grain: committee x election. `extended_to` null: no extension approved.

    `approval` is the document by which the upper organisation approved it, `approved_on` its day.
    """

    org = models.ForeignKey(Org, models.PROTECT, related_name="terms", verbose_name="党组织")
    elected_on = models.DateField("当选日期")
    expires_on = models.DateField("任期届满日")
    extended_to = models.DateField("批准延期至", null=True, blank=True)
    approval = models.CharField("批准文件", max_length=200, blank=True)
    approved_on = models.DateField("批准日期", null=True, blank=True)

    objects = TermQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "elected_on"], name="one_election_a_day"),
            models.CheckConstraint(
                condition=Q(expires_on__gt=models.F("elected_on")), name="term_lasts"
            ),
            models.CheckConstraint(
                condition=Q(extended_to=None) | Q(extended_to__gt=models.F("expires_on")),
                name="extension_is_later",
            ),
        ]

"""What was held, by whom, and who was there."""

from datetime import date, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from guantong.records.models.org import Org
from guantong.records.models.person import Person

MOST_HOURS = 200  # of one activity: a training class of some weeks is one activity
LONGEST = timedelta(days=92)  # of one activity, which may last several days


class ActivityQuerySet(models.QuerySet["Activity"]):
    def live(self) -> Self:
        return self.filter(withdrawn_at=None)

    def whole(self) -> Self:
        """Without what is part of another: one row for what people were at once."""
        return self.filter(part_of=None)

    def held(self) -> Self:
        return self.live().filter(planned=False)

    def between(self, first: date, end: date) -> Self:
        return self.filter(held_on__gte=first, held_on__lt=end)

    def since(self, first: date) -> Self:
        """Held on that day or later, or begun before and lasting into it."""
        lasting = models.Q(held_on__gte=first) | models.Q(last_on__gte=first)
        return self.filter(lasting, held_on__gte=first - LONGEST)

    def hosted_by(self, orgs: models.QuerySet[Org], hosts_are: models.Q | None = None) -> Self:
        """Each once, however many of the organisations host it."""
        hosts = ActivityHost.objects.filter(hosts_are or models.Q(), org__in=orgs)
        return self.filter(pk__in=hosts.values("activity_id"))

    def hosted_below(self, org: Org) -> Self:
        """By the organisation or one that hangs below it today."""
        return self if org.is_top else self.hosted_by(Org.objects.below(org))

    def newest_first(self) -> Self:
        return self.order_by("-held_on", "-id")


class Activity(models.Model):
    """Grain: one activity. Kept for ever: what was wrong is withdrawn or corrected.

    Three days are kept apart: `held_on` is what people say, `recorded_at` the server's moment of
    recording it as held (or as planned), `verified_at` when an upper organisation confirmed it.
    `hours` null: not known, or the kind has none; 0: they count with what it is a part of.
    `version` grows with every change. `last_on`: the last of several days, null for one.

    `part_of`: what was held at the same sitting and is recorded with it, as another kind, or the
    days of the same activity that lie in a later year. It follows that row in everything.
    """

    kind = models.CharField("类别", max_length=30)
    title = models.CharField("主题", max_length=200)
    held_on = models.DateField("活动日期")
    starts_at = models.TimeField("开始时间", null=True, blank=True)
    ends_at = models.TimeField("结束时间", null=True, blank=True)
    last_on = models.DateField("最后一天", null=True, blank=True)
    place = models.CharField("地点", max_length=100, blank=True)
    outside = models.CharField("校外单位", max_length=200, blank=True)
    hours = models.DecimalField("学时", max_digits=6, decimal_places=2, null=True, blank=True)
    planned = models.BooleanField("计划中", default=False)
    summary = models.TextField("内容摘要", blank=True)
    recorded_at = models.DateTimeField("录入时间", editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    late_reason = models.CharField("补录原因", max_length=200, blank=True)
    verified_at = models.DateTimeField("核实时间", null=True, editable=False)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    withdrawn_at = models.DateTimeField("撤销时间", null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    withdrawn_reason = models.CharField("撤销原因", max_length=200, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    part_of = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="parts"
    )
    hosts = models.ManyToManyField(
        Org, through="ActivityHost", related_name="activities", verbose_name="主办组织"
    )

    objects = ActivityQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["held_on", "kind"], name="activity_day_kind"),
            # With the title: a search reads the index alone.
            models.Index(
                fields=["-held_on", "-id", "title", "withdrawn_at"], name="activity_newest"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(hours=None) | Q(hours__gte=0, hours__lte=MOST_HOURS),
                name="activity_hours",
            ),
            models.CheckConstraint(
                condition=Q(last_on=None) | Q(last_on__gt=F("held_on")), name="activity_days"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def host_names(self) -> str:
        """Of lists of activities, fetch `hosts` beforehand."""
        return "、".join(host.short_name for host in self.hosts.all())


class ActivityHost(models.Model):
    """Grain: activity x organisation that holds it."""

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="host_rows")
    org = models.ForeignKey(Org, models.PROTECT, related_name="host_rows", db_index=False)

    class Meta:
        # What one organisation hosts, from the index alone: live updates ask for little else.
        indexes = [models.Index(fields=["org", "activity"], name="hosted_by_org")]
        constraints = [
            models.UniqueConstraint(fields=["activity", "org"], name="one_row_per_host")
        ]


class Attendance(models.Model):
    """Grain: activity x person, with the weightiest of their roles. `hours` null: not known."""

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="attendances")
    person = models.ForeignKey(Person, models.PROTECT, related_name="attendances", db_index=False)
    role = models.CharField("身份", max_length=30)
    hours = models.DecimalField("学时", max_digits=6, decimal_places=2, null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["person", "activity"], name="attended_by_person")]
        constraints = [
            models.UniqueConstraint(fields=["activity", "person"], name="one_attendance_each"),
            models.CheckConstraint(
                condition=Q(hours=None) | Q(hours__gte=0, hours__lte=MOST_HOURS),
                name="attendance_hours",
            ),
        ]


class Absence(models.Model):
    """Grain: activity x person who was expected and did not come."""

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="absences")
    person = models.ForeignKey(Person, models.PROTECT, related_name="absences")
    reason = models.CharField("缺席原因", max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["activity", "person"], name="one_absence_each")
        ]

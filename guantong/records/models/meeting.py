"""What a record holds beside who was there: the fields of its kind, what was decided and what is
to follow from it, with whom it was held together."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from guantong.records.models.activity import Activity
from guantong.records.models.org import Org
from guantong.records.models.person import Person


class Detail(models.Model):
    """Grain: activity x field of its kind (kinds.yaml, `own`) x place in a list of people.

    Exactly what the field's type asks is filled: a text (also a choice's code, yes or no), a
    number, a day, an organisation, a person, or a person and the `other` of a pair.
    """

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="details")
    field = models.CharField("栏目", max_length=40)
    place = models.PositiveSmallIntegerField(default=0)
    text = models.TextField("内容", blank=True)
    number = models.DecimalField("数值", max_digits=12, decimal_places=2, null=True)
    day = models.DateField("日期", null=True)
    org = models.ForeignKey(Org, models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="details")
    other = models.ForeignKey(Person, models.PROTECT, null=True, related_name="details_as_other")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "field", "place"], name="one_detail_per_place"
            ),
            models.CheckConstraint(
                condition=Q(other=None) | (~Q(other=F("person")) & Q(person__isnull=False)),
                name="detail_pair",
            ),
        ]


class AgendaItem(models.Model):
    """Grain: one matter on the agenda of a meeting. Counts null: no vote was taken.

    `major`: the code of 三重一大, empty for other matters. Whether it was carried is worked out.
    """

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="agenda")
    place = models.PositiveSmallIntegerField()
    title = models.CharField("议题", max_length=200)
    major = models.CharField("三重一大", max_length=30, blank=True)
    resolution = models.TextField("决议", blank=True)
    expected = models.PositiveIntegerField("应到", null=True, blank=True)
    present = models.PositiveIntegerField("实到", null=True, blank=True)
    voting = models.PositiveIntegerField("有表决权", null=True, blank=True)
    in_favour = models.PositiveIntegerField("赞成", null=True, blank=True)
    against = models.PositiveIntegerField("反对", null=True, blank=True)
    abstained = models.PositiveIntegerField("弃权", null=True, blank=True)

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["activity", "place"], name="one_item_per_place"),
            models.CheckConstraint(
                condition=Q(voting=None)
                | Q(
                    present__lte=F("expected"),
                    voting__lte=F("present"),
                    voting=F("in_favour") + F("against") + F("abstained"),
                ),
                name="votes_add_up",
            ),
        ]


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def open(self) -> Self:
        """Not done, of records that stand."""
        return self.filter(done_on=None, activity__withdrawn_at=None)

    def most_urgent_first(self) -> Self:
        return self.order_by(F("due_on").asc(nulls_last=True), "pk")


class FollowUp(models.Model):
    """Grain: one thing that a meeting left to do. Shown until `done_on`; `owner` null: the host's
    secretary sees to it."""

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="follow_ups")
    what = models.CharField("落实事项", max_length=200)
    owner = models.ForeignKey(Person, models.PROTECT, null=True, related_name="follow_ups")
    due_on = models.DateField("完成期限", null=True, blank=True)
    done_on = models.DateField("办结日期", null=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    result = models.CharField("办理结果", max_length=200, blank=True, editable=False)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_on"], name="follow_up_open", condition=models.Q(done_on=None)
            )
        ]


class JointSideQuerySet(models.QuerySet["JointSide"]):
    def unanswered(self) -> Self:
        """Whose side nothing stands of, though the other's does: never told, or taken back."""
        untold = Q(record=None) | Q(record__withdrawn_at__isnull=False)
        return self.filter(untold, activity__withdrawn_at=None)


class JointSide(models.Model):
    """Grain: activity x organisation that held it too and records its own people.

    `record` null: that side has not recorded yet. Then, or once it is withdrawn, nothing counts
    for it.
    """

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="sides")
    org = models.ForeignKey(Org, models.PROTECT, related_name="sides")
    record = models.OneToOneField(Activity, models.SET_NULL, null=True, related_name="side_of")

    objects = JointSideQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["activity", "org"], name="one_side_per_org")
        ]

    @property
    def answered(self) -> bool:
        return self.record is not None and self.record.withdrawn_at is None


class UnfinishedForm(models.Model):
    """Grain: account x organisation: what was typed into the form for a new record and not saved.

    `content` is what the browser would have sent. Gone once the record is saved or the form
    discarded, and after some days in any case; seen by nobody but its owner.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="unfinished_forms"
    )
    org = models.ForeignKey(Org, models.CASCADE, related_name="+")
    content = models.TextField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "org"], name="one_unfinished_form")]

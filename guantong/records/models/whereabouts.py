"""Members who are elsewhere or cannot be reached, and letters for those who move away."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from guantong.records.models.person import Person
from guantong.records.models.span import Span, SpanQuerySet

MOST_DAYS = 90  # a letter is valid no longer


class WhereaboutsQuerySet(SpanQuerySet["Whereabouts"]):
    pass


class Whereabouts(Span):
    """Grain: person x kind x span on a register: away, abroad, out of contact. Codes: kinds.yaml.

    `place`: where, or the organisation there that looks after the member too. `situation`: how
    contact was lost, empty for the others; `last_seen_on` null: the span's first day counts.
    A register changes nothing else: no status, no post.
    """

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="whereabouts", verbose_name="党员"
    )
    kind = models.CharField("登记册", max_length=30)
    place = models.CharField("所在地或流入地党组织", max_length=200, blank=True)
    situation = models.CharField("失联情形", max_length=30, blank=True)
    last_seen_on = models.DateField("最后参加组织生活或交纳党费", null=True, blank=True)
    end_reason = models.CharField("结束原因", max_length=200, blank=True)

    objects = WhereaboutsQuerySet.as_manager()

    class Meta(Span.Meta):
        constraints = [
            *Span.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(valid_to=None), name="once_on_a_register"
            ),
        ]
        indexes = [models.Index(fields=["kind", "valid_from"], name="whereabouts_kind")]


class ContactMade(models.Model):
    """Grain: person x day on which the branch was in touch with a member who is elsewhere."""

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="contacts", verbose_name="党员"
    )
    on_day = models.DateField("联系日期")
    how = models.CharField("联系方式和情况", max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="登记人",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "on_day"], name="one_contact_a_day")
        ]


class TransferLetter(models.Model):
    """Grain: one letter that takes a membership to another school or unit.

    The sender stays responsible until the receipt: the membership ends with `received_on`.
    `dues_until`: the first day of the last month paid. `returned_on`: it came back, with the
    reason. At most one of the two is set; neither while the letter is under way. `stays`: after it
    came back the member goes nowhere, and no other letter is to follow.
    """

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="transfer_letters", verbose_name="党员"
    )
    number = models.CharField("介绍信编号", max_length=40, unique=True)
    heading = models.CharField("抬头党组织", max_length=120)
    to_unit = models.CharField("去往单位", max_length=120)
    issued_on = models.DateField("开具日期")
    valid_days = models.PositiveIntegerField("有效期（天）")
    dues_until = models.DateField("党费交至")
    received_on = models.DateField("回执日期", null=True, blank=True)
    returned_on = models.DateField("退回日期", null=True, blank=True)
    returned_reason = models.CharField("退回原因", max_length=200, blank=True)
    stays = models.BooleanField("不再转出", default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_days__gt=0, valid_days__lte=MOST_DAYS), name="letter_validity"
            ),
            models.CheckConstraint(
                condition=Q(received_on=None) | Q(returned_on=None), name="letter_ends_one_way"
            ),
            models.CheckConstraint(
                condition=Q(received_on=None) | Q(received_on__gte=F("issued_on")),
                name="letter_received_after_issue",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(received_on=None, returned_on=None),
                name="one_letter_under_way",
            ),
        ]

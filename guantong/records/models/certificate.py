"""Certificates of hours: those given out here, and those that came with somebody."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from guantong.records.models.person import Person


class TrustedIssuer(models.Model):
    """Grain: one other school and the key with which it signs. `ended_at` null: trusted still.

    `revoked`: what it took back before it was filed here, serial to day: not to be filed any more.
    """

    name = models.CharField("学校", max_length=100)
    key = models.CharField("签发密钥", max_length=44)
    checked = models.CharField("怎样核对的", max_length=200)
    added_at = models.DateTimeField("认可时间", editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    ended_at = models.DateTimeField("停止认可时间", null=True, editable=False)
    ended_reason = models.CharField("停止原因", max_length=200, blank=True, editable=False)
    revoked = models.JSONField("未登记先撤销的证明", default=dict, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(ended_at=None), name="issuer_trusted_once"
            )
        ]


class HoursCertificate(models.Model):
    """Grain: one certificate of a person's hours in a year, as it was signed; never changed.

    `issuer` null: given out here. Otherwise it came from there; `withdrawn_at` alone is set when
    it was filed by mistake. `revoked_on`: the day on which the school that gave it took it back,
    by a signed notice. It counts for nothing in the ledger: the months that it tells of were
    asked by the other school.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="certificates")
    issuer = models.ForeignKey(TrustedIssuer, models.PROTECT, null=True, related_name="given")
    serial = models.CharField("编号", max_length=40)
    year = models.PositiveIntegerField("年度")
    issued_on = models.DateField("签发日期")
    valid_until = models.DateField("有效期至")
    content = models.JSONField("内容", default=dict)
    at = models.DateTimeField("登记时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    withdrawn_at = models.DateTimeField("撤销时间", null=True, editable=False)
    withdrawn_reason = models.CharField("撤销原因", max_length=200, blank=True, editable=False)
    revoked_on = models.DateField("签发学校撤销日期", null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["serial"], condition=Q(withdrawn_at=None), name="certificate_filed_once"
            )
        ]

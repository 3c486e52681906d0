"""Spreadsheets on their way in."""

from typing import Final

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from guantong.records.models.org import Org

PERMISSIONS: Final = {
    "roll": "import.roll",
    "activities": "import.activities",
    "orgs": "org.edit",
    "posts": "post.edit",
    "hours": "import.activities",
}
"""What importing a kind of sheet takes."""
RECONCILE: Final = "member.reconcile"


def permission(kind: str) -> str:
    """What reading a kind of sheet takes; any other is another system's list to compare with."""
    return PERMISSIONS.get(kind, RECONCILE)


class ImportSource(models.Model):
    """Grain: a kind of sheet x where such sheets come from, as its users call it.

    `columns` maps a header, made plain, to the field that it holds ("" for none): the same
    headers are understood by themselves the next time. `org` null: of the whole school.
    """

    kind = models.CharField("种类", max_length=20)
    name = models.CharField("来源", max_length=60)
    columns = models.JSONField("列对应", default=dict, blank=True)
    org = models.ForeignKey(Org, models.PROTECT, null=True, related_name="+", verbose_name="范围")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField("最近修改")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "name", "org"], name="one_source_of_a_name"),
            models.UniqueConstraint(
                fields=["kind", "name"], condition=Q(org=None), name="one_source_of_the_school"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ImportBatch(models.Model):
    """Grain: one file read for preview. Nothing of it is on record before it is confirmed.

    `kind` names the layout (roll, activities, ..., or another system whose list waits for its
    columns); `state` reading (being worked out), preview, writing, confirmed, undoing,
    undone or discarded.
    `reading` is what holds for the whole file: its columns, notes, counts, differences that are
    left out, and why it was refused if it was. `upload` is the file itself, sealed, until it is
    confirmed or discarded. `made` is what undo needs: [model, id, before or null, digest of what
    the import left]. `org` null: for the whole school.
    """

    kind = models.CharField("种类", max_length=20)
    file_name = models.CharField("文件", max_length=255)
    sha256 = models.CharField(max_length=64)
    state = models.CharField("状态", max_length=20, default="reading")
    source = models.ForeignKey(
        ImportSource, models.SET_NULL, null=True, related_name="+", verbose_name="来源"
    )
    upload = models.BinaryField(null=True)
    reading = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    made = models.JSONField(default=list, blank=True, encoder=DjangoJSONEncoder)
    org = models.ForeignKey(Org, models.PROTECT, null=True, related_name="+", verbose_name="范围")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("上传时间")
    confirmed_at = models.DateTimeField("确认时间", null=True, editable=False)
    undone_at = models.DateTimeField("撤回时间", null=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["state", "-made_at"], name="batch_state_newest")]


class ImportRow(models.Model):
    """Grain: one row of a file, or (`line` null) somebody on record whom the file does not have.

    `line` is the number that Excel shows. `outcome` is what confirming would do; an `excluded` row
    is left alone. `differs` lists the kinds of difference ("|phone|org|"), `named` whom or what
    the row is about. `double_of`: the line of an earlier row that may mean the same. `told` is the
    rest: cells, what is shown, problems, differences (see `records.imports.stored`).
    """

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField("行", null=True)
    outcome = models.CharField("结果", max_length=20)
    excluded = models.BooleanField("排除", default=False)
    differs = models.CharField("差异", max_length=300, blank=True)
    named = models.CharField("对象", max_length=200, blank=True)
    double_of = models.PositiveIntegerField(null=True)
    told = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="one_row_a_line"),
            models.CheckConstraint(
                condition=Q(line__isnull=False) | Q(outcome="missing"), name="a_row_has_its_line"
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "excluded", "outcome", "line"], name="row_of_batch")
        ]

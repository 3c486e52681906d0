"""Word documents of cases: templates of the school's own, and what was filed, byte for byte."""

from django.conf import settings
from django.db import models

from guantong.records.models.case import Case
from guantong.records.models.org import Org


class StoredFile(models.Model):
    """Grain: one content, whoever keeps it. `sha256` is of `content`; rows never change."""

    sha256 = models.CharField(max_length=64, unique=True)
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="file_by_its_digest"
            )
        ]


class PaperTemplate(models.Model):
    """Grain: one template that an organisation uploaded for a process, for itself and all below.

    `retired_at` null while it is offered.
    """

    org = models.ForeignKey(Org, models.PROTECT, related_name="paper_templates")
    process = models.CharField("流程", max_length=40)
    title = models.CharField("名称", max_length=120)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="templates")
    added_at = models.DateTimeField("上传时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    retired_at = models.DateTimeField("停用时间", null=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["process", "retired_at"], name="template_of_process")]


class Paper(models.Model):
    """Grain: one document filed with a case. It is handed out as it was, never made anew.

    `template`: the digest of the template that it was made from.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="papers")
    title = models.CharField("名称", max_length=120)
    template = models.CharField("模板摘要", max_length=64)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="papers")
    filed_at = models.DateTimeField("归档时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["case", "id"], name="paper_of_case")]

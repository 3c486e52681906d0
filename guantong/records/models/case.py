"""Cases: what runs through a process, step by step, and what is said and named around it.

What a process asks stands in `catalogue/processes/`; these tables keep what was done. Nothing in
them is drawn from a rule but `due_on` and `opens_on`: when the case is next to be looked at.
"""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from guantong.records.models.org import Org
from guantong.records.models.person import Person


class Call(models.Model):
    """Grain: one notice that organisations answer with cases: a contest, a commendation.

    Whoever belongs to `org` or hangs below it may answer until `closes_on` (null: no closing day).
    """

    process = models.CharField("流程", max_length=40)
    org = models.ForeignKey(Org, models.PROTECT, related_name="calls", verbose_name="发出单位")
    title = models.CharField("名称", max_length=120)
    about = models.TextField("要求", max_length=2000, blank=True)
    opens_on = models.DateField("开始日")
    closes_on = models.DateField("截止日", null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_on=None) | Q(closes_on__gte=models.F("opens_on")),
                name="call_closes_after_it_opens",
            )
        ]
        indexes = [models.Index(fields=["process", "-opens_on"], name="call_newest")]

    def __str__(self) -> str:
        return self.title


class Quota(models.Model):
    """Grain: organisation x process x year (x call): how many it may have, with all below it."""

    org = models.ForeignKey(Org, models.PROTECT, related_name="quotas", verbose_name="党组织")
    process = models.CharField("流程", max_length=40)
    year = models.PositiveSmallIntegerField("年度")
    call = models.ForeignKey(
        Call, models.PROTECT, null=True, blank=True, related_name="quotas", verbose_name="通知"
    )
    number = models.PositiveSmallIntegerField("名额")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["org", "process", "year"], condition=Q(call=None), name="one_quota_a_year"
            ),
            models.UniqueConstraint(
                fields=["org", "call"], condition=Q(call__isnull=False), name="one_quota_a_call"
            ),
        ]


class VariantChoice(models.Model):
    """Grain: one decision which variants of a process the school has on; the latest holds.

    A case keeps those it was opened under.
    """

    process = models.CharField("流程", max_length=40)
    variants = models.JSONField("采用的做法", default=list, blank=True)
    reason = models.CharField("依据", max_length=200)
    at = models.DateTimeField("决定时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["process", "-id"], name="variant_newest")]


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> Self:
        return self.filter(closed_on=None)


class Case(models.Model):
    """Grain: one case. `process`, `process_version`, `variants`: what it was opened under.

    `org`: whose case it is; while it is open it follows the branch of `person` where the process
    is one that does (`catalogue/cases.yaml`). `other_org`: the organisation on the other side.
    `person` null: about the organisation, or about somebody not yet on the roll (`title` names
    what or whom). `stated`: facts by name that the records do not know and somebody wrote down.
    `due_on`, `due_step`: the next day that a rule sets, null where none does; `opens_on`,
    `opens_step`: the first day of a step that a rule closes until then. `again_of`: an
    earlier case of the same problem. `version` is one higher after each change.
    """

    process = models.CharField("流程", max_length=40)
    process_version = models.PositiveSmallIntegerField("流程版本")
    variants = models.JSONField("采用的做法", default=list, blank=True)
    org = models.ForeignKey(Org, models.PROTECT, related_name="cases", verbose_name="党组织")
    other_org = models.ForeignKey(
        Org, models.PROTECT, null=True, blank=True, related_name="cases_in",
        verbose_name="对方党组织",
    )  # fmt: skip
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name="本人"
    )
    call = models.ForeignKey(
        Call, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name="通知"
    )
    title = models.CharField("事项", max_length=120, blank=True)
    state = models.CharField("状态", max_length=40)
    state_since = models.DateField("进入本状态的日期")
    opened_on = models.DateField("开办日期")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+",
        verbose_name="开办人",
    )  # fmt: skip
    closed_on = models.DateField("办结日期", null=True, blank=True)
    stated = models.JSONField("另行写明的情况", default=dict, blank=True)
    due_on = models.DateField("应办日期", null=True, blank=True)
    due_step = models.CharField("应办步骤", max_length=40, blank=True)
    opens_on = models.DateField("可办日期", null=True, blank=True)
    opens_step = models.CharField("可办步骤", max_length=40, blank=True)
    again_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="again",
        verbose_name="上一次",
    )  # fmt: skip
    version = models.PositiveIntegerField("第几次改动", default=1)

    objects = CaseQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["process", "state"], name="case_board"),
            models.Index(fields=["org", "process"], name="case_of_org"),
            models.Index(fields=["due_on"], name="case_due"),
            models.Index(fields=["opens_on"], name="case_opens"),
        ]

    def __str__(self) -> str:
        return self.person.name if self.person else self.title or self.org.short_name


class CaseStepQuerySet(models.QuerySet["CaseStep"]):
    def standing(self) -> Self:
        return self.filter(undone_at=None)


class CaseStep(models.Model):
    """Grain: one step taken. `on_day` it was done, `at` it was entered.

    `fields`: what it wrote down, by the names of the process file (persons and organisations as
    ids, days as ISO, numbers as texts); of a restricted process they stand sealed in `sealed`
    instead. `asked`: what the records needed besides. `seen`: the facts its rules looked at.
    `passed_over`: pairs of rule and the reason written; `reminders`: rules not kept that only
    remind. `made`: subjects of the rows that it made or changed. A step that was taken back stays,
    with `undone_at`.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="steps", verbose_name="事项")
    number = models.PositiveSmallIntegerField("第几步")
    step = models.CharField("步骤", max_length=40)
    source = models.CharField("之前的状态", max_length=40)
    target = models.CharField("之后的状态", max_length=40)
    on_day = models.DateField("办理日期")
    at = models.DateTimeField("录入时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+",
        verbose_name="经办人",
    )  # fmt: skip
    fields = models.JSONField("填写的内容", default=dict, blank=True)
    sealed = models.BinaryField("填写的内容（加密）", null=True)
    asked = models.JSONField("名册等另需的内容", default=dict, blank=True)
    seen = models.JSONField("当时的情况", default=dict, blank=True)
    passed_over = models.JSONField("写明原因后办理的要求", default=list, blank=True)
    reminders = models.JSONField("提醒过的要求", default=list, blank=True)
    documents = models.JSONField("应有的材料", default=list, blank=True)
    made = models.JSONField("连带的登记", default=list, blank=True)
    undone_at = models.DateTimeField("撤回时间", null=True, editable=False)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+",
        verbose_name="撤回人",
    )  # fmt: skip
    undone_reason = models.CharField("撤回原因", max_length=200, blank=True)

    objects = CaseStepQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="one_step_of_a_number"),
        ]
        indexes = [models.Index(fields=["step", "on_day"], name="step_of_day")]


class CaseNote(models.Model):
    """Grain: one thing said about a case, for all who see it. `says` is empty where `sealed` is
    set: in a restricted process."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="notes", verbose_name="事项")
    at = models.DateTimeField("时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+",
        verbose_name="留言人",
    )  # fmt: skip
    says = models.TextField("留言", max_length=1000, blank=True)
    sealed = models.BinaryField("留言（加密）", null=True)

    class Meta:
        indexes = [models.Index(fields=["case", "id"], name="note_of_case")]


class CaseHand(models.Model):
    """Grain: one account named to act in a case as somebody whom no post makes: a reviewer, who
    represents the people served. `actor`: a code of actors.yaml. `ended_at` null: still named."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="hands", verbose_name="事项")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="case_hands", verbose_name="账号"
    )
    actor = models.CharField("身份", max_length=40)
    named_at = models.DateTimeField("指定时间", editable=False)
    ended_at = models.DateTimeField("结束时间", null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "user", "actor"], condition=Q(ended_at=None), name="named_once"
            )
        ]


class CriterionCheck(models.Model):
    """Grain: case x item of an index set: what the organisation says about itself."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="checks", verbose_name="事项")
    item = models.CharField("条目", max_length=60)
    says = models.TextField("自查情况", max_length=2000)
    at = models.DateTimeField("填写时间", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+",
        verbose_name="填写人",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "item"], name="one_check_of_an_item")
        ]

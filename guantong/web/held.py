"""Everything held about one person, table by table, in words: for the person alone.

What there is follows from the models: whatever leads to a person is shown. Sealed values come
masked, or in clear where the caller hands them in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Model, QuerySet
from django.utils import timezone

from guantong.records import catalogue, dues, reconciling, sealing
from guantong.records.actions.reconciling import STATES
from guantong.records.models import (
    Activity,
    Case,
    CaseNote,
    CaseStep,
    Detail,
    Entry,
    Merge,
    Org,
    Person,
    Relation,
    TrustedIssuer,
)
from guantong.sheets.parse import exchanges
from guantong.web import case_words
from guantong.web.trail import CODES
from guantong.web.verdicts import VERDICTS
from guantong.web.wording import late_words

TITLES: Final = {
    "person": "基本信息",
    "membership": "组织关系",
    "post": "任职",
    "attendance": "出席",
    "absence": "缺席",
    "relation": "联系和结对",
    "detail": "活动栏目",
    "followup": "落实事项",
    "restricted": "限知信息",
    "duesrate": "党费核定",
    "duesrelief": "党费减免",
    "duespayment": "党费交纳",
    "correctionrequest": "更正申请",
    "whereabouts": "去向登记",
    "contactmade": "联系记录",
    "transferletter": "介绍信",
    "discrepancy": "与其他系统的差异",
    "case": "办理事项",
    "casestep": "办理步骤",
    "casenote": "办理中的留言",
    "hourscertificate": "学时证明",
    "enrolment": "报名",
    "signin": "签到",
    "user": "登录账号",
    "entry": "台账条目",
    "merge": "合并记录",
}
GENDERS: Final = {"0": "未知", "1": "男", "2": "女", "9": "未说明"}
WORKED_OUT: Final = {
    "obligation": "责任", "org": "党组织", "period_start": "周期开始", "period_end": "周期结束",
    "due_on": "到期日", "required": "应完成", "actual": "已完成", "numerator": "分子",
    "denominator": "分母", "verdict": "结论",
}  # fmt: skip
PAIRED: Final = ("relation", "detail")  # the person may stand at either end
UNUSED: Final = ("is_staff", "is_superuser", "last_name")
OPENED: Final = {("casenote", "sealed")}
COMPARED: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("discrepancy", "field"): reconciling.TITLES,
    ("discrepancy", "state"): STATES,
}
UNSAID: Final = {
    ("user", "password"): "（只存摘要，不能还原）",
    ("merge", "made"): "（撤回合并所需的内容）",
    ("merge", "newest"): "（同上）",
    ("hourscertificate", "content"): "（证明原文，可在学时账户里下载）",
    ("person", "id_index"): "（由身份证号得出的检索值）",
    ("discrepancy", "key"): "（比对时认人的检索值）",
    ("discrepancy", "digest"): "（看两边有没有再变的检验值）",
}


@dataclass(frozen=True)
class Held:
    """The rows of one table; a table without any is shown too, for that is an answer."""

    table: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def about(person: Person, sealed: Mapping[str, str] | None = None) -> list[Held]:
    """`sealed`: values in clear by their field; without it, masks."""
    found = [_held(rows, sealed) for rows in _tables(person)]
    order = list(TITLES)
    return sorted(found, key=lambda one: order.index(one.table))


def _tables(person: Person) -> Iterator[QuerySet[Any]]:
    yield Person.everyone.filter(pk=person.pk)
    for relation in Person._meta.related_objects:
        model = relation.related_model
        assert not isinstance(model, str)
        if model is Person or (model is Merge and relation.field.name == "absorbed"):
            continue
        if (model, relation.field.name) in ((Relation, "other_person"), (Detail, "other")):
            continue
        rows = model._default_manager.filter(**{relation.field.name: person})
        if model is Relation:
            rows = rows | Relation.objects.filter(other_person=person)
        if model is Detail:
            rows = rows | Detail.objects.filter(other=person)
        if model is Entry:
            rows = rows.filter(assessment__live=True)
        yield rows.order_by("pk")
    for beyond in BEYOND:
        yield beyond._default_manager.filter(case__person=person).order_by("pk")


BEYOND: Final = (CaseStep, CaseNote)
"""What is about a person by way of a case."""


def _held(rows: QuerySet[Any], sealed: Mapping[str, str] | None) -> Held:
    table = str(rows.model._meta.model_name)
    fields = [f for f in rows.model._meta.concrete_fields if not _left_out(table, f)]
    if linked := [f.name for f in fields if f.is_relation]:
        rows = rows.select_related(*linked)
    return Held(
        table=table,
        title=TITLES[table],
        header=tuple(_title(table, f) for f in fields),
        rows=tuple(
            tuple(_words(row, table, f, sealed) for f in fields) for row in rows.distinct()
        ),
    )


def _left_out(table: str, field: Any) -> bool:
    """Numbers that only the database uses, and the person, who is the same everywhere."""
    if field.primary_key or (field.name == "person" and table not in PAIRED):
        return True
    if table == "user" and field.name in UNUSED:
        return True
    return table == "entry" and field.name not in WORKED_OUT


def _title(table: str, field: Any) -> str:
    if table == "entry":
        return WORKED_OUT[field.name]
    name = f"{table}.{field.name}"
    purpose = catalogue.purposes().get(name)
    return purpose.titles[name] if purpose else str(field.verbose_name)


def _words(row: Model, table: str, field: Any, sealed: Mapping[str, str] | None) -> str:
    if (table, field.name) in OPENED:  # sealed against others, never against oneself
        return sealing.unseal(row, field.name)
    if isinstance(row, Case | CaseStep) and (told := case_words.held(row, field.name)) is not None:
        return told
    if field.name in sealing.SEALED.get(table, ()):
        if sealed is not None:
            return sealed.get(field.name, "")
        return sealing.mask(field.name, sealing.unseal(row, field.name))
    value = getattr(row, field.name)
    if value in (None, ""):
        return ""
    if said := UNSAID.get((table, field.name)):
        return said
    if table == "entry" and field.name == "obligation":
        return catalogue.current().obligations[value].title
    if table == "entry" and field.name == "verdict":
        return VERDICTS[value].word
    if (table, field.name) == ("person", "letters"):
        return "、".join(filter(None, value.split("|")))
    if (table, field.name) == ("person", "gender"):
        return GENDERS[value]
    if (table, field.name) == ("duesrate", "payer"):
        return dues.rates().payers[value].title
    if (table, field.name) == ("discrepancy", "system") and (system := exchanges().get(value)):
        return system.title
    if words := COMPARED.get((table, field.name)):
        return words[value]
    if group := _group(table, field.name):
        return catalogue.current().label(group, value)
    return _plain(value)


def _group(table: str, field: str) -> str:
    return "roles" if (table, field) == ("attendance", "role") else CODES.get((table, field), "")


def _plain(value: Any) -> str:
    match value:
        case bool():
            return "是" if value else "否"
        case datetime():
            return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case Activity():
            return " ".join(filter(None, (f"{value.held_on}", value.title, late_words(value))))
        case Org() | TrustedIssuer():
            return value.name
        case [] | {} if not value:  # an empty mapping matches every other
            return ""
        case _:
            return str(value)

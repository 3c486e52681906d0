"""Events as sentences: who did what to which, and what changed. The words for every verb."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils import timezone

from guantong.obligations.run import plain
from guantong.records import catalogue
from guantong.records.drafts import LABELS
from guantong.records.models import Event
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet

VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "activity.recorded": "记录活动",
        "activity.corrected": "更正活动",
        "activity.verified": "核实活动",
        "activity.withdrawn": "撤销活动",
        "activity.restored": "恢复活动",
        "follow_up.closed": "落实事项办结",
        "follow_up.reopened": "落实事项恢复未办结",
        "call.issued": "发出通知",
        "case.opened": "开办事项",
        "case.step_taken": "办理步骤",
        "case.step_undone": "撤回步骤",
        "case.noted": "留言",
        "case.fact_stated": "写明情况",
        "case.hand_named": "指定办理人",
        "case.hand_ended": "取消指定",
        "case.checked": "填写自查",
        "quota.set": "下达名额",
        "variants.decided": "决定采用的做法",
        "attachment.added": "添加附件",
        "attachment.removed": "移除附件",
        "places.offered": "开放报名",
        "enrolment.made": "报名",
        "enrolment.cancelled": "取消报名",
        "sign_in.opened": "开始签到",
        "sign_in.closed": "结束签到",
        "sign_in.made": "签到",
        "document.recorded": "登记制度",
        "document.reviewed": "复核制度",
        "document.ended": "停止执行制度",
        "digest.subscribed": "订阅每周摘要",
        "digest.stopped": "停收每周摘要",
        "digest.sent": "发出每周摘要",
        "feed.renewed": "更换日历地址",
        "feed.given_up": "停用日历地址",
        "figure.recorded": "登记人数",
        "figure.corrected": "更正人数",
        "grant.given": "授予角色",
        "grant.ended": "收回角色",
        "month.closed": "按月结账",
        "month.unlocked": "解锁已结账的月份",
        "import.confirmed": "确认导入",
        "import.undone": "撤回导入",
        "membership.begun": "登记组织关系",
        "membership.transferred": "转接组织关系",
        "membership.ended": "结束组织关系",
        "membership.transfer_undone": "撤回转接",
        "membership.end_undone": "撤回离开登记",
        "membership.made_full": "预备党员转正",
        "membership.advanced": "登记发展进程",
        "membership.suspended": "停止党籍",
        "membership.resumed": "恢复党籍",
        "membership.advanced_undone": "撤回发展进程登记",
        "membership.made_full_undone": "撤回转正登记",
        "membership.suspended_undone": "撤回停止党籍登记",
        "membership.resumed_undone": "撤回恢复党籍登记",
        "membership.probation_extended": "延长预备期",
        "membership.probation_extended_undone": "撤回延长预备期登记",
        "membership.corrected": "更正组织关系",
        "membership.exempted": "登记豁免",
        "membership.exemption_ended": "结束豁免",
        "org.founded": "新建组织",
        "org.renamed": "组织更名",
        "org.moved": "调整隶属关系",
        "org.dissolved": "撤销组织",
        "org.merged": "合并党组织",
        "org.split": "分设党组织",
        "org.described": "更正组织情况",
        "org.change_undone": "撤回组织变动",
        "person.registered": "登记党员",
        "person.corrected": "更正党员信息",
        "person.revealed": "查看加密信息",
        "whereabouts.entered": "列入登记册",
        "whereabouts.ended": "结束登记",
        "whereabouts.struck": "去掉有误的登记",
        "contact.made": "登记联系",
        "certificate.issued": "签发学时证明",
        "certificate.received": "登记外校学时证明",
        "certificate.withdrawn": "撤销外校学时证明",
        "certificate.revoked": "撤销学时证明",
        "certificate.forewarned": "收到撤销通知",
        "issuer.trusted": "认可外校的签发密钥",
        "issuer.distrusted": "停止认可外校的签发密钥",
        "letter.issued": "开具介绍信",
        "letter.returned": "介绍信退回",
        "letter.dropped": "介绍信作废，不再转出",
        "correction.asked": "申请更正",
        "correction.answered": "答复更正申请",
        "person.handed_out": "下载本人的全部内容",
        "restricted.recorded": "登记限知信息",
        "person.merged": "合并重复登记",
        "person.unmerged": "撤回合并",
        "plan.loaded": "载入计划原文",
        "post.appointed": "任职",
        "post.described": "更正任职情况",
        "post.ended": "免职",
        "post.struck": "去掉有误的任职",
        "recut.prepared": "拟订支部调整",
        "recut.planned": "修改支部调整",
        "recut.discarded": "放弃支部调整",
        "recut.carried_out": "执行支部调整",
        "recut.undone": "撤回支部调整",
        "relation.recorded": "登记联系结对",
        "relation.ended": "结束联系结对",
        "relation.struck": "去掉有误的联系结对",
        "school.set_up": "设置学校",
        "school.plan_changed": "换用计划",
        "term.recorded": "登记换届",
        "term.extended": "登记延期换届",
        "user.created": "开通账号",
        "user.linked": "账号对应党员",
        "user.disabled": "停用账号",
        "user.enabled": "启用账号",
        "user.password_set": "设置密码",
    }
)
CODES: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("activity", "kind"): "activities",
        ("membership", "status"): "statuses",
        ("membership", "departure"): "departures",
        ("person", "schooling"): "schooling",
        ("person", "status"): "statuses",
        ("post", "post"): "posts",
        ("figure", "name"): "figures",
        ("document", "doc_class"): "documents",
        ("relation", "kind"): "relations",
        ("org", "kind"): "orgs",
        ("whereabouts", "kind"): "whereabouts",
        ("whereabouts", "situation"): "situations",
    }
)
# Whose fields the events about a row tell too.
BESIDE: Final = {
    "person": ("membership",), "membership": ("person",), "activity": ("places",),
    "org": ("orgparent",),
}  # fmt: skip
UNSAID: Final = frozenset(
    {"pinyin", "letters", "sort_key", "path", "id_index"}
    | {"withdrawn_at", "withdrawn_by", "verified_at", "verified_by", "version"}
)


@dataclass(frozen=True)
class Changed:
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    at: datetime
    by: str
    says: str
    about: str
    reason: str
    changes: tuple[Changed, ...]
    unverified: str = ""  # the day of the confirmation that fell away


def lines(
    events: Iterable[Event], *, people: PersonQuerySet, orgs: OrgQuerySet
) -> tuple[Line, ...]:
    """Tell events; persons and organisations out of reach stay without a name."""
    told = list(events)
    people_named = {p.pk: p.name for p in people.filter(pk__in=_ids(told, "person"))}
    orgs_named = {o.pk: o.short_name for o in orgs.filter(pk__in=_ids(told, "org"))}
    names = {"person": people_named, "org": orgs_named}
    return tuple(_line(event, names) for event in told)


type Names = Mapping[str, Mapping[int, str]]
LINKS: Final[Mapping[str, str]] = MappingProxyType(
    {"person": "person", "other_person": "person", "absorbed": "person",
     "org": "org", "other_org": "org", "parent": "org"}
)  # fmt: skip
NOTHING: Final = "无"
FEW: Final = 8  # people or organisations that a line names one by one
MANY: Final[Mapping[str, str]] = MappingProxyType(
    {"attended": "person", "absent": "person", "hosts": "org", "sides": "org"}
)


def _ids(events: Iterable[Event], kind: str) -> set[int]:
    found: set[Any] = set()
    for event in events:
        subject, _, pk = event.subject.partition(":")
        found |= {int(pk)} if subject == kind else set()
        for part in (event.detail, *_sides(event)):
            found |= {part.get(name) for name, of in LINKS.items() if of == kind}
            found |= {pk for name, of in MANY.items() if of == kind for pk in _pks(part, name)}
            found |= {pk for value in part.values() for pk in _inside(value, kind)}
    return {pk for pk in found if isinstance(pk, int)}


def _pks(part: Mapping[str, Any], name: str) -> set[int]:
    """The ids that a field holds: a list, or the keys of an object, which JSON makes texts."""
    return {int(pk) for pk in part.get(name) or ()}


def _inside(value: Any, kind: str) -> Iterator[int]:
    """The ids in a field of an activity's kind, or among the owners of what is to follow."""
    match value, kind:
        case {"people": list() as groups}, "person":
            yield from (pk for ends in groups for pk in ends)
        case {"tasks": list() as tasks}, "person":
            yield from (owner for _, owner, _ in tasks if owner)
        case {"org": int() as pk}, "org":
            yield pk


def _sides(event: Event) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return event.detail.get("before") or {}, event.detail.get("after") or {}


def _line(event: Event, names: Names) -> Line:
    subject, _, pk = event.subject.partition(":")
    person = event.detail.get("person") or (int(pk) if subject == "person" else None)
    before, after = _sides(event)
    fields = [f for f in dict.fromkeys([*before, *after]) if f not in UNSAID]
    return Line(
        at=event.at,
        by=event.by.called if event.by else "系统",
        says=VERBS.get(event.verb, event.verb),
        about=names["person"].get(person, "") if person else event.detail.get("file", ""),
        reason=str(event.detail.get("reason", "")),
        unverified=_day(event.detail.get("unverified")),
        changes=tuple(
            change
            for field in fields
            for was, now in _parted(field, before.get(field), after.get(field))
            if (change := _changed(subject, field, was, now, names))
        ),
    )


def _day(moment: str | None) -> str:
    """The day of a moment, which events keep in UTC, where the school is."""
    return str(timezone.localdate(datetime.fromisoformat(moment))) if moment else ""


def _parted(field: str, before: Any, after: Any) -> list[tuple[Any, Any]]:
    """A long list of people apart by what became of them: nobody who left is lost in a number."""
    both = isinstance(before, dict) and isinstance(after, dict)
    if field not in MANY or not both or max(len(before), len(after)) <= FEW:
        return [(before, after)]
    parts: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for pk in before | after:
        was, now = parts.setdefault(repr((before.get(pk), after.get(pk))), ({}, {}))
        for side, kept in ((before, was), (after, now)):
            if pk in side:
                kept[pk] = side[pk]
    return list(parts.values())


def _changed(subject: str, field: str, was: Any, now: Any, names: Names) -> Changed | None:
    """None: empty before and after, which tells a reader nothing."""
    before, after = (_value(subject, field, value, names) for value in (was, now))
    return None if before == after == NOTHING else Changed(_label(subject, field), before, after)


def _label(subject: str, field: str) -> str:
    if field == "since":
        return "开始日"
    if subject == "activity" and field in LABELS:
        return LABELS[field]
    try:
        for model in (subject, *BESIDE.get(subject, ())):
            if any(f.name == field for f in apps.get_model("records", model)._meta.get_fields()):
                found = apps.get_model("records", model)._meta.get_field(field)
                return str(getattr(found, "verbose_name", field))
    except (LookupError, FieldDoesNotExist):
        return field
    return field


def _value(subject: str, field: str, value: Any, names: Names) -> str:
    match value:
        case list() | dict() if value and field in MANY:
            parts = value if isinstance(value, dict) else dict.fromkeys(value)
            known = names[MANY[field]]
            told = [known.get(int(pk), "（范围之外）") + _part(part) for pk, part in parts.items()]
            return "、".join(told) if len(told) <= FEW else f"{told[0]}等 {len(told)} 个"
        case {"people": list() as groups}:
            return "、".join(
                "—".join(_name(pk, names["person"]) for pk in ends) for ends in groups
            )
        case {"org": int() as pk}:
            return _name(pk, names["org"])
        case {"tasks": list() as tasks}:
            return "；".join(_task(task, names["person"]) for task in tasks)
        case [str(), *_] if field == "also":
            return "、".join(catalogue.current().label("activities", code) for code in value)
        case [str(), *_]:
            return "；".join(map(str, value))
        case None | "" | [] | dict():  # what else is an object tells nothing to a reader
            return NOTHING
        case bool():
            return "是" if value else "否"
        case str() if field == "hours":
            return plain(Decimal(value))
        case int() if field in LINKS:
            return names[LINKS[field]].get(value, "（范围之外）")
        case str() if group := CODES.get((subject, field)):
            return catalogue.current().label(group, value)
        case _:
            return str(value)


def _name(pk: int, known: Mapping[int, str]) -> str:
    return known.get(pk, "（范围之外）")


def _task(task: list[Any], known: Mapping[int, str]) -> str:
    what, owner, due_on = task
    more = [_name(owner, known) if owner else "", f"{due_on} 前" if due_on else ""]
    told = "，".join(filter(None, more))
    return f"{what}（{told}）" if told else str(what)


def _part(part: Any) -> str:
    """What somebody did in an activity: （主讲，2 学时）, or why he was absent."""
    match part:
        case [str() as role, hours]:
            title = catalogue.current().label("roles", role)
            return f"（{title}{f'，{plain(Decimal(str(hours)))} 学时' if hours else ''}）"
        case str() if part:
            return f"（{part}）"
        case _:
            return ""

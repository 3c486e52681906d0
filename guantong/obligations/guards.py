"""What the catalogue may not say, whoever writes it: the restraint of the product, as checks.

No ranking of people or branches, no online time, no compulsory photo or check-in, no score of
anybody. The grammar has no measure for any of these; here is what could still be smuggled in by
a word or a code: in any text that people are shown, and in narrative clauses too.

The rule is one of words: a refused word may stand only directly behind a prohibition (不排名,
不得以排名…, 不要求拍照, 无须登录系统). A double negative (不得不…) prohibits nothing.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from guantong.conditions import model as c
from guantong.conditions.parse import Problem
from guantong.obligations import model as m
from guantong.obligations.words import GROUPS

REFUSED: Final = {
    "不给人和支部排名次": (
        r"排名|名次|排行|排位|末位|倒数|[积得]分榜|红黑榜|龙虎榜|\brank|leader_?board"
    ),
    "不登记在线时长、登录次数": (
        r"(?:在线|上线)(?:时长|时间|次数|率)|活跃度|点击[量率]|打开次数|online|log_?in"
        r"|登[录陆](?:系统|平台|率|时长|[^，。；、]{0,8}[次天])"
    ),
    "不强制拍照、打卡、定位": (
        r"(?:照片|图片)(?!展)|相片|拍照|拍摄|截图|截屏|录像|录屏|录制视频|视频(?:留痕|存档|资料)"
        r"|打卡|签到|人脸|刷脸|实时定位|定位(?:打卡|上传)|photo|picture|screenshot|check_?in\b|gps"
    ),
    "不给人的思想和表现打分": (r"打分|扣分|加分|得分|评分|分值|(?<!微)积分|画像|score|profil"),
}
PROHIBITED: Final = re.compile(
    r"(?<!不得)(?<!不能)(?<!不可)(?:不|禁止|严禁|无须|无需)"
    r"(?:得|要求|强制|必|须|以|用|作|做|看){0,2}$"
)
REMEDY: Final = "删去；要说明系统不这样做的，把“不”“不得”“不要求”直接写在这个词前面"


def guard(catalogue: m.Catalogue) -> Iterator[Problem]:
    """Yield what the catalogue asks that it must not, and codes that kinds.yaml does not know."""
    for o in catalogue.obligations.values():
        for key, text in _said(o):
            yield from _refused(text, f"obligations/{o.name}.yaml: {key}")
    for o in _as_may_be_read(catalogue):
        at = f"obligations/{o.name}.yaml"
        yield from _refused(" ".join((o.name, *_codes(o))), at)
        yield from _unknown_codes(o, catalogue, at)
    for plan in catalogue.plans.values():
        for clause in plan.clauses:
            at = f"plans/{plan.name}.yaml: clauses {clause.path}"
            yield from _refused(f"{clause.title}；{clause.summary}；{clause.serves}", at)
    for group, entries in catalogue.kinds.items():
        yield from _refused(f"{group} {entries!r}", f"kinds.yaml: {group}")


def _said(o: m.Obligation) -> Iterator[tuple[str, str]]:
    """Every text of an obligation that people are shown, with its key."""
    for key in ("title", "demand", "remedy", "unit", "exempt_reason"):
        yield key, getattr(o, key)
    if o.reading:
        for key in ("question", "chosen", "why"):
            yield f"reading.{key}", getattr(o.reading, key)
        yield from (("reading.others", other.says) for other in o.reading.others)


def _as_may_be_read(catalogue: m.Catalogue) -> Iterator[m.Obligation]:
    for o in catalogue.obligations.values():
        yield o
        yield from o.reading.options.values() if o.reading else ()


def _refused(text: str, at: str) -> Iterator[Problem]:
    for reason, pattern in REFUSED.items():
        for found in re.finditer(pattern, text, re.IGNORECASE):
            if not PROHIBITED.search(text, 0, found.start()):
                yield Problem(at, f"“{found[0]}”不能作为要求：本系统{reason}", REMEDY)
                break


def _codes(o: m.Obligation) -> Iterator[str]:
    for _, value in _values(o):
        if isinstance(value, str):
            yield value


def _unknown_codes(o: m.Obligation, catalogue: m.Catalogue, at: str) -> Iterator[Problem]:
    for group, code in _values(o):
        known = catalogue.kinds.get(group)
        if known is not None and code not in known:
            yield Problem(at, f"kinds.yaml 的 {group} 里没有“{code}”", f"可用：{'、'.join(known)}")


def _values(o: m.Obligation) -> Iterator[tuple[str, Any]]:
    """Every code that the obligation mentions, with the group of kinds.yaml it belongs to."""
    match o.bearer:
        case m.OrgBearer(when):
            yield from _in(when, "orgs")
        case m.MemberBearer(when, without):
            yield from _in(when, "")
            yield from _in(without or c.ALWAYS, "")
        case m.PostBearer(when, _, linked):
            yield from _in(when, "")
            yield from [("relations", linked)] if linked else []
    for having in o.having:
        yield from _in(having.state.where, having.state.table)
    yield from _in(o.exempt or c.ALWAYS, "orgs" if isinstance(o.bearer, m.OrgBearer) else "")
    yield from _measured(o.measure)


def _measured(measure: m.Measure) -> Iterator[tuple[str, Any]]:
    match measure:
        case m.CountActivities(where) | m.Attended(where) | m.Reached(where):
            yield from _in(where, "activities")
        case m.State(table, where):
            yield from _in(where, table)
        case m.Ratio(of, to):
            yield from (("figures", name) for name in (*of, *to))
        case m.Coverage(of, by):
            yield from _in(of, "orgs")
            yield from _measured(by)
        case m.CaseTime(where):
            yield from _in(where, "")
        case m.NextTerm():
            pass


def _in(condition: c.Condition, kinds: str) -> Iterator[tuple[str, Any]]:
    """`kinds` is the group that the codes of a column called `kind` come from."""
    match condition:
        case c.Compare(field, _, value):
            yield GROUPS.get(field, kinds if field == "kind" else ""), value
        case c.OneOf(field, values):
            yield from ((GROUPS.get(field, kinds if field == "kind" else ""), v) for v in values)
        case c.All(parts) | c.Any(parts):
            for part in parts:
                yield from _in(part, kinds)
        case c.Not(part):
            yield from _in(part, kinds)
        case c.Missing():
            pass

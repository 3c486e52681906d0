"""What a Word template may name, for a process, and the texts for one case or a list of them.

A closed list: nothing here is looked up by what a template says. A field of a step is called by
its title, or by the step's and its own ("政治审查：审查合格"); the day of a step is "…日期". Every
name may also stand behind "名单/" in a row of a table. Sealed values have no name.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from django.db.models import prefetch_related_objects

from guantong.processes import model as m
from guantong.records import case_facts, cases, clock
from guantong.records.models import Case, CaseStep, Membership, Org, School
from guantong.records.models.membership import MEMBER_STATUSES
from guantong.sheets.papers import Values
from guantong.web import case_words
from guantong.web.held import GENDERS

ROLL: Final = "名单"
COMMON: Final = {
    "学校": "学校名称", "今天": "生成文书的那一天", "党组织": "事项所在的党组织，全称",
    "党支部": "事项所在的党组织，简称", "上级党组织": "再上一级，全称",
    "对方党组织": "转接等事项的另一方", "事项": "事项的名称", "流程": "流程的名称",
    "状态": "现在的状态",
    "开办日期": "事项开办的那一天", "人数": "这份文书写到几人",
}  # fmt: skip
PERSON: Final = {
    "姓名": "本人姓名", "性别": "", "出生年月": "", "党员类别": "", "入党时间": "", "转正时间": "",
}  # fmt: skip


TOLD: Final = {
    "election": {
        "当选人": "计票结果里当选的人",
        "书记选举结果": "委员会会议选出的书记、副书记；没有开会的空着",
    },
    "recruitment": {"转正的决定": "支部大会的决定，延长预备期的写明延长到哪天"},
}  # fmt: skip


def names(process: m.Process) -> dict[str, str]:
    """Every name that a template for the process may use, and what it stands for."""
    single = {**COMMON, **PERSON, **TOLD.get(process.name, {})}
    for name, step in _of_steps(process):
        day = name == f"{step}日期"
        single.setdefault(name, f"“{step}”办理的那一天" if day else f"“{step}”填写的")
    rolls = {f"{ROLL}/{name}": f"每人一行：{said or name}" for name, said in single.items()}
    return {**single, **rolls, f"{ROLL}/序号": "每人一行：第几个"}


def _of_steps(process: m.Process) -> Iterator[tuple[str, str]]:
    """The names that tell of a step, with its title."""
    titles = Counter(f.title for step in process.steps.values() for f in step.fields)
    for step in process.steps.values():
        yield f"{step.title}日期", step.title
        for one in step.fields:
            yield f"{step.title}：{one.title}", step.title
            if titles[one.title] == 1:
                yield one.title, step.title


def not_done(
    process: m.Process, used: Iterable[str], rows: Sequence[Case]
) -> dict[str, list[Case]]:
    """By title the steps that a template tells of, with the cases in which they were not taken."""
    of = dict(_of_steps(process))
    bare = [name.removeprefix(f"{ROLL}/") for name in used]
    asked = dict.fromkeys(of[n] for n in bare if n in of and n not in {**COMMON, **PERSON})
    texts = list(zip(rows, _texts(rows), strict=True))
    found = {t: [row for row, told in texts if f"{t}日期" not in told] for t in asked}
    return {title: lacking for title, lacking in found.items() if lacking}


def one_by_one(rows: Sequence[Case]) -> list[Values]:
    """A document for each case."""
    return [
        Values({**texts, "人数": "1"}, {ROLL: [_numbered(1, texts)]}) for texts in _texts(rows)
    ]


def together(rows: Sequence[Case]) -> Values:
    """One document for all: the first case's own texts, and the list."""
    texts = _texts(rows)
    listed = [_numbered(place, one) for place, one in enumerate(texts, start=1)]
    return Values({**texts[0], "人数": str(len(texts))}, {ROLL: listed})


def _numbered(place: int, texts: Mapping[str, str]) -> dict[str, str]:
    return {**texts, "序号": str(place), "人数": "1"}


def _texts(rows: Sequence[Case]) -> list[dict[str, str]]:
    """By case; a constant number of queries."""
    prefetch_related_objects(rows, "org", "other_org", "person", "steps__by")
    above = Org.objects.in_bulk({pk for row in rows for pk in row.org.lineage()[-2:-1]})
    people = [row.person_id for row in rows if row.person_id]
    now = Membership.objects.on(clock.today()).filter(person__in=people)
    statuses = dict(now.filter(status__in=MEMBER_STATUSES).values_list("person", "status"))
    school = School.objects.values_list("name", flat=True).first() or ""
    return [
        {
            **_common(row, above, school), **_person(row, statuses), **(done := _steps(row)),
            **_told(row, done),
        }
        for row in rows
    ]  # fmt: skip


def _told(row: Case, done: Mapping[str, str]) -> dict[str, str]:
    """What several fields say together."""
    match row.process:
        case "election":
            at = "委员会会议选书记、副书记"
            secretary, deputy = done.get(f"{at}：书记", ""), done.get(f"{at}：副书记", "")
            met = (
                f"委员会会议于{done[f'{at}日期']}召开，选举{secretary}为书记" if secretary else ""
            )
            chosen = f"{met}，{deputy}为副书记。" if deputy else f"{met}。" if met else ""
            return {"当选人": "、".join(case_facts.names_elected(row)), "书记选举结果": chosen}
        case "recruitment":
            until = done.get("预备期延长至", "")
            return {"转正的决定": done.get("大会决定", "") + (f"至{until}" if until else "")}
        case _:
            return {}


def _common(row: Case, above: Mapping[int, Org], school: str) -> dict[str, str]:
    process = cases.process_of(row)
    higher = above.get(next(iter(row.org.lineage()[-2:-1]), 0))
    return {
        "学校": school, "今天": in_words(clock.today()), "党组织": row.org.name,
        "党支部": row.org.short_name, "上级党组织": higher.name if higher else "",
        "对方党组织": row.other_org.name if row.other_org else "", "事项": row.title or str(row),
        "流程": process.title, "状态": process.states[row.state].title,
        "开办日期": in_words(row.opened_on),
    }  # fmt: skip


def _person(row: Case, statuses: Mapping[int, str]) -> dict[str, str]:
    person = row.person
    if person is None:
        return {**dict.fromkeys(PERSON, ""), "姓名": row.title}
    status = statuses.get(person.pk, "")
    born = person.birth_date
    return {
        "姓名": person.name, "性别": GENDERS.get(person.gender or "", ""),
        "出生年月": f"{born.year}年{born.month}月" if born else "",
        "党员类别": {"full": "正式党员", "probationary": "预备党员"}.get(status, ""),
        "入党时间": in_words(person.joined_on), "转正时间": in_words(person.full_member_on),
    }  # fmt: skip


def _steps(row: Case) -> dict[str, str]:
    """What was written down; of a step taken several times, the last."""
    process = cases.process_of(row)
    standing = [s for s in sorted(row.steps.all(), key=_number) if s.undone_at is None]
    last: dict[str, case_words.Step] = {}
    for told in case_words.timeline(process, standing):
        last.pop(told.title, None)  # nothing of the earlier time stays, not even what is optional
        last[told.title] = told
    found: dict[str, str] = {}
    for told in last.values():
        found[f"{told.title}日期"] = in_words(told.row.on_day)
        for title, text in told.fields:
            found[title] = found[f"{told.title}：{title}"] = _dated(text)
    return {name: text for name, text in found.items() if name not in (*COMMON, *PERSON)}


def _number(step: CaseStep) -> int:
    return step.number


def _dated(text: str) -> str:
    """A day that somebody wrote down is told as documents tell days."""
    try:
        return in_words(date.fromisoformat(text)) if len(text) == 10 else text
    except ValueError:
        return text


def in_words(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def uses_roll(found: Iterable[str]) -> bool:
    """Whether a template is for one document about all."""
    return any(name.startswith(f"{ROLL}/") for name in found)

"""Reads minutes as people write them: date, place, who chaired, who came, what was decided.

Rules over lines of text, nothing learnt and nothing guessed: a value is taken only where a label
or the heading says what it is, and always stands in the document word for word. Whatever could be
read in two ways is left empty and named as a doubt. Persons are only words here: `web` looks them
up in the roster.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from itertools import pairwise
from typing import Final

LABELS: Final[Mapping[str, str]] = {
    "day": "会议时间 活动时间 召开时间 开会时间 时间 会议日期 活动日期 日期",
    "place": "会议地点 活动地点 召开地点 地点",
    "kind": "会议类型 活动类型 会议类别 活动类别 会议名称 活动名称 类别 类型",
    "title": "会议主题 活动主题 学习主题 党课题目 主题 题目",
    "chair": "会议主持人 会议主持 主持人 主持",
    "recorder": "会议记录人 记录人员 记录人 记录员",
    "noted": "记录",
    "lecturer": "主讲人 授课人 讲课人 主讲",
    "present": "出席人员 出席党员 参会人员 参会党员 参加人员 参加党员 到会人员 到会党员 与会人员 "
    "实到人员 出席人 参加人 出席",
    "absent": "缺席人员及原因 缺席人员 请假人员及原因 请假人员 未到人员 缺席党员 "
    "请假党员 缺席及原因 缺席 请假",
    "guests": "列席人员 列席人 列席",
    "agenda": "会议议题 主要议题 会议议程 主要议程 议题 议程",
    "decided": "会议决议 形成决议 会议决定 议定事项 决议事项 决议",
    "other": "应到人数 实到人数 应到 实到 会议内容 活动内容 主要内容 内容摘要 会议记录 发言摘要 "
    "党支部 支部名称 备注 审核人 签字 填表人 会议结束",
}
FIELD_OF: Final = {word: name for name, words in LABELS.items() for word in words.split()}
SPACED: Final = {word: r"\s*".join(map(re.escape, word)) for word in FIELD_OF}
ANY: Final = "|".join(SPACED[word] for word in sorted(FIELD_OF, key=len, reverse=True))
NUMBER: Final = r"[（(]?[一二三四五六七八九十\d]{1,2}[、.．)）]\s*"
MARK: Final = re.compile(
    rf"(?:^|(?<=[\s\t；;。，,）)】]))(?:{NUMBER})?"
    rf"(?:[【\[〔]({ANY})[】\]〕]\s*[:：\t]?|({ANY})\s*(?:[（(][^（()）]{{0,12}}[)）]\s*)?[:：\t])"
)
HEADED: Final = re.compile(rf"^\s*(?:{NUMBER})?({ANY})\s*$")
NUMBERED: Final = re.compile(
    r"^\s*(?:[（(]?[一二三四五六七八九十\d]{1,2}(?:[、)）]|[.．](?!\d))|[①-⑩])\s*(?=\S)"
)
TURN: Final = re.compile(
    r"(?:^|(?<=[\s；;。]))[（(]?([一二三四五六七八九十]{1,2}|\d{1,2})(?:[、)）]|[.．](?!\d))(?=\s*\S)"
)
DAY: Final = re.compile(
    r"([12]\d{3}|[〇零一二三四五六七八九]{4})\s*[年./-]\s*(\d{1,2}|[一二三四五六七八九十]{1,2})\s*[月./-]\s*"
    r"(\d{1,2}|[一二三四五六七八九十]{1,3})(?!\d)"
)
TO: Final = re.compile(
    r"(?:至|到|—|--|~|～)\s*(?:\d{4}\s*年)?\s*(?:\d{1,2}\s*月)?\s*\d{1,2}\s*[日号]"
)
CLOCK: Final = re.compile(
    r"(上午|早上|中午|下午|晚上|晚)?\s*(?<!\d)(\d{1,2})\s*(?:[:：]\s*(\d{2})|[时点]\s*(?:(\d{1,2})\s*分?|(半)|整)?)"
)
JOINED: Final = re.compile(r"\s*(?:至|到|—+|–|－|-+|~|～)\s*")
AFTER_NOON: Final = frozenset({"下午", "晚上", "晚"})
SPLIT: Final = re.compile(r"[、，,；;／/\t]+")
ASIDE: Final = re.compile(r"[（(]([^（()）]*)[)）]")
REST: Final = re.compile(r"(?:等?\s*(?:共|计)?\s*\d+\s*[名人位].*|同志|等)$")
WHY: Final = (  # somebody is absent: words that no person is called by, the longest first
    "因公出差|因病住院|因病请假|因事请假|因公请假|外出实习|外出学习|外出培训|课程冲突|探亲假|陪产假|"
    "病假|事假|公假|产假|婚假|丧假|年假|休假|请假|因病|因事|因公|出差|公出|外出|住院|生病|实习|"
    "上课|有课|值班|培训|调研"
)
SAID_WHY: Final = re.compile(
    rf"(?<![\u3400-\u9fff])([\u3400-\u9fff]{{2,4}}?)[:： \t\u3000]*({WHY})(?![\u3400-\u9fff（(])"
)
AWAY: Final = re.compile(rf"(?:{WHY})(?![部处科室员中基])")
EVERYBODY: Final = re.compile(
    r"(?:其余|其他)(?:全体|所有)?(?:党员|委员|支委|人员)?|(?:全体|所有)(?:党员|委员|支委|人员)?"
)
PERSON: Final = re.compile(
    r"[\u3400-\u9fff\U00020000-\U0003ffff]{2,4}|[\u3400-\u9fff]{1,8}(?:[·•][\u3400-\u9fff]{1,8})+"
)
NUMERALS: Final = {n: str(i) for i, n in enumerate("零一二三四五六七八九")} | {"〇": "0"}
KINDS: Final = {"支委会": "branch_committee", "支部委员会": "branch_committee",
                "党员大会": "branch_assembly", "支部大会": "branch_assembly",
                "主题党日": "theme_day", "党员活动日": "theme_day", "党小组会": "group_meeting",
                "党课": "party_lecture", "组织生活会": "org_life_meeting", "民主评议": "appraisal",
                "中心组学习": "central_group_study", "第一议题": "first_topic"}  # fmt: skip
LONGEST: Final = {"place": 60, "title": 120}
HEADING: Final = 3  # lines from which a kind or a day may be taken without a label


@dataclass(frozen=True)
class Named:
    """A person as the document names one; `aside` what stands in brackets, such as a reason."""

    name: str
    aside: str = ""


@dataclass
class Minutes:
    """What was read. None and empty: not found or in doubt; `doubts` say which and why."""

    held_on: date | None = None
    starts_at: time | None = None
    ends_at: time | None = None
    place: str = ""
    kind: str = ""
    title: str = ""
    chair: str = ""
    recorder: str = ""
    lecturer: str = ""
    present: tuple[Named, ...] = ()
    everybody: bool = False
    """Whether it says that all came, without naming them."""
    absent: tuple[Named, ...] = ()
    guests: tuple[Named, ...] = ()
    agenda: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    doubts: dict[str, str] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    """Field to the line, from 0, in which it stands."""


@dataclass(frozen=True)
class _Said:
    """What stands after a label; `more`: the lines below it, up to the next label."""

    line: int
    text: str
    more: tuple[str, ...]

    @property
    def whole(self) -> str:
        return self.text or (self.more[0] if self.more else "")


def read_minutes(lines: Sequence[str], kinds: Mapping[str, str] = KINDS) -> Minutes:
    """`kinds`: words for kinds of activity to their codes."""
    said = _labelled(lines)
    said.setdefault("recorder", said.get("noted", []))  # where it names who, and not what was said
    found = Minutes()
    _day(found, said, lines)
    _clock(found, said)
    _kind(found, said, lines, kinds)
    for name in ("place", "title"):
        _text(found, name, said)
    for name in ("chair", "recorder", "lecturer"):
        _one_person(found, name, said)
    for name in ("present", "absent", "guests"):
        _people(found, name, said)
    for name in ("agenda", "decided"):
        _items(found, name, said)
    return found


def _labelled(lines: Sequence[str]) -> dict[str, list[_Said]]:
    """Every label with what it says, in the order of the document."""
    marks: list[tuple[int, str, str]] = []  # line, field, text beside
    for n, line in enumerate(lines):
        marks += [(n, name, text) for name, text in _on_line(line)]
    found: dict[str, list[_Said]] = {}
    for place, (n, name, text) in enumerate(marks):
        until = marks[place + 1][0] if place + 1 < len(marks) else len(lines)
        found.setdefault(name, []).append(_Said(n, text, tuple(lines[n + 1 : max(until, n + 1)])))
    return found


def _on_line(line: str) -> Iterator[tuple[str, str]]:
    headed = HEADED.match(line)
    if headed:
        yield FIELD_OF["".join(headed[1].split())], ""
        return
    marks = list(MARK.finditer(line))
    for place, mark in enumerate(marks):
        until = marks[place + 1].start() if place + 1 < len(marks) else len(line)
        yield (
            FIELD_OF["".join((mark[1] or mark[2]).split())],
            line[mark.end() : until].strip(" \t\u3000；;"),
        )


def _doubt(found: Minutes, name: str, why: str) -> None:
    found.doubts[name] = why


def _single(found: Minutes, name: str, said: Mapping[str, list[_Said]]) -> _Said | None:
    """The one place where a field stands; several that say the same are one."""
    places = [one for one in said.get(name, []) if one.whole]
    if len({"".join(one.whole.split()) for one in places}) > 1:
        _doubt(found, name, "文件里有几处写法不同")
        return None
    return places[0] if places else None


# Day and time


def _day(found: Minutes, said: Mapping[str, list[_Said]], lines: Sequence[str]) -> None:
    labelled = [(one.line, one.whole) for one in said.get("day", []) if one.whole]
    places = labelled or list(enumerate(lines[:HEADING]))
    days = {day: n for n, text in reversed(places) for day in _days(text)}
    if len(days) > 1 or any(TO.search(text) for _, text in places):
        _doubt(found, "held_on", "写了不止一天")
    elif days:
        (found.held_on,) = days
        found.places["held_on"] = days[found.held_on]
    elif any(DAY.search(text) for _, text in labelled):
        _doubt(found, "held_on", "没有这一天，请核对原文")
    elif labelled:
        _doubt(found, "held_on", "日期写得不全，缺年、月或日")
    else:
        _doubt(found, "held_on", "没有写明是哪一天")


def _days(text: str) -> Iterator[date]:
    for year, month, day in DAY.findall(text):
        try:
            yield date(_number(year), _number(month), _number(day))
        except ValueError:
            continue


def _number(word: str) -> int:
    """2023, 二〇二三, 十四, 二十, 三十一."""
    if word.isdecimal() and word.isascii():
        return int(word)
    tens, ten, ones = word.rpartition("十")
    if ten:
        return 10 * int(NUMERALS.get(tens, "1")) + int(NUMERALS.get(ones, "0"))
    return int("".join(NUMERALS[letter] for letter in word))


def _clock(found: Minutes, said: Mapping[str, list[_Said]]) -> None:
    for place in said.get("day", []):
        text = DAY.sub(" ", place.whole)
        clocks = list(CLOCK.finditer(text))
        if not clocks:
            continue
        part = clocks[0][1] or ""
        if not part and int(clocks[0][2]) < 7:
            _doubt(found, "starts_at", "没有写上午还是下午")
            return
        if starts_at := _time(clocks[0], part):
            found.starts_at = starts_at
            found.places["starts_at"] = place.line
            _end(found, clocks, text[clocks[0].end() : clocks[-1].start()], place.line)
            return


def _end(found: Minutes, clocks: Sequence[re.Match[str]], between: str, line: int) -> None:
    """The second time, in the half of the day of the first where it names none."""
    if len(clocks) == 1:
        return
    ends_at = _time(clocks[1], clocks[1][1] or clocks[0][1] or "")
    if len(clocks) > 2 or not JOINED.fullmatch(between):
        _doubt(found, "ends_at", "写了不止一段时间")
    elif ends_at is None or found.starts_at is None or ends_at <= found.starts_at:
        _doubt(found, "ends_at", "看不准是几点结束")
    else:
        found.ends_at = ends_at
        found.places["ends_at"] = line


def _time(clock: re.Match[str], part: str) -> time | None:
    hour, minutes = int(clock[2]), int(clock[3] or clock[4] or (30 if clock[5] else 0))
    if part in AFTER_NOON and hour < 12:
        hour += 12
    return time(hour, minutes) if hour < 24 and minutes < 60 else None


# Words


def _kind(
    found: Minutes, said: Mapping[str, list[_Said]], lines: Sequence[str], kinds: Mapping[str, str]
) -> None:
    labelled = [(one.line, one.whole) for one in said.get("kind", []) if one.whole]
    for places in (labelled, list(enumerate(lines[:HEADING]))):
        codes = {code: n for n, text in reversed(places) for code in _codes(text, kinds)}
        if len(codes) == 1:
            (found.kind,) = codes
            found.places["kind"] = codes[found.kind]
            return
        if codes:
            _doubt(found, "kind", "像是不止一类活动")
            return
    _doubt(found, "kind", "没有写明是哪一类活动")


def _codes(text: str, kinds: Mapping[str, str]) -> set[str]:
    """The longest words first, so that a shorter one within is not taken for another kind."""
    squeezed, found = "".join(text.split()), set()
    for word in sorted(kinds, key=len, reverse=True):
        if word in squeezed:
            found.add(kinds[word])
            squeezed = squeezed.replace(word, "\0")
    return found


def _text(found: Minutes, name: str, said: Mapping[str, list[_Said]]) -> None:
    one = _single(found, name, said)
    if one is None:
        return
    text = one.whole.split("\t")[0].strip().rstrip("。；;")
    if len(text) > LONGEST[name]:
        _doubt(found, name, "写得太长，不像是这一项")
        return
    setattr(found, name, text.strip("“”《》") if name == "title" else text)
    found.places[name] = one.line


# People


def _one_person(found: Minutes, name: str, said: Mapping[str, list[_Said]]) -> None:
    one = _single(found, name, said)
    if one is None:
        return
    people = _names(one.whole)
    if len(people) == 1 and PERSON.fullmatch(people[0].name):
        setattr(found, name, people[0].name)
        found.places[name] = one.line
    else:
        _doubt(found, name, "看不出是哪一个人")


def _people(found: Minutes, name: str, said: Mapping[str, list[_Said]]) -> None:
    places = [one for one in said.get(name, []) if one.whole]
    if not places:
        return
    lines = [
        text for one in places for text in ([one.text] if one.text else []) + _go_on(one.more)
    ]
    people = [person for line in lines for person in _names(line)]
    away = next((person for person in people if AWAY.search(person.aside)), None)
    if away and name == "present":
        _doubt(found, name, f"“{away.name}”写着{away.aside}，看不出来没来")
        return
    but = any(person.name.startswith("除") for person in people)
    if but or any(EVERYBODY.fullmatch(person.name) for person in people):
        found.everybody |= name == "present" and not but
        _doubt(found, name, "没有写出姓名")
        return
    if any(person.name in ("无", "没有") for person in people):
        return
    if not people and re.search(
        "[1-9一二三四五六七八九十两]", "".join(lines)
    ):  # how many, and not who
        _doubt(found, name, "没有写出姓名")
        return
    if strange := [person.name for person in people if not PERSON.fullmatch(person.name)]:
        _doubt(found, name, f"“{strange[0][:20]}”不像姓名")
        return
    setattr(found, name, tuple(dict.fromkeys(people)))
    found.places[name] = places[0].line


def _go_on(more: Sequence[str]) -> list[str]:
    """The lines below that are still a list of names."""
    found = []
    for line in more:
        if not all(PERSON.fullmatch(person.name) for person in _names(line)):
            break
        found.append(line)
    return found


def _names(text: str) -> list[Named]:
    text = SAID_WHY.sub(r"\1（\2）", text)
    text = re.sub(r"^[^：:（]{0,8}[：:]", "", text)
    pieces = [piece for piece in SPLIT.split(_protected(text)) if piece.strip()]
    if len(pieces) == 1:
        pieces = _by_blanks(pieces[0])
    found = list[Named]()
    for piece in pieces:
        piece = piece.replace("\0", "、")
        aside = ASIDE.search(piece)
        name = REST.sub("", "".join(ASIDE.sub("", piece).split()).rstrip("。.")).strip()
        if found and not found[-1].aside and re.fullmatch(WHY, name):
            found[-1] = Named(found[-1].name, name)
        elif name:
            found.append(Named(name, aside[1].strip() if aside else ""))
    return found


def _protected(text: str) -> str:
    """Separators within brackets do not separate."""
    return ASIDE.sub(lambda part: SPLIT.sub("\0", part[0]), text)


def _by_blanks(text: str) -> list[str]:
    """Names apart by blanks; a name of two letters may have one inside: 张 三 李小四."""
    words, found = text.split(), list[str]()
    while words:
        word = words.pop(0)
        if len(word) == 1 and words and len(ASIDE.sub("", words[0])) == 1:
            word += words.pop(0)
        found.append(word)
    return found


# Agenda


def _items(found: Minutes, name: str, said: Mapping[str, list[_Said]]) -> None:
    places = [one for one in said.get(name, []) if one.whole]
    if not places:
        return
    one = places[0]
    items = one.text.splitlines()  # a cell may hold several
    below = [line for line in one.more if line.strip()]
    if not items and below and not NUMBERED.match(below[0]):
        items = [below[0]]
    elif not items or NUMBERED.match(items[0]):
        for line in below:
            if not NUMBERED.match(line):
                break
            items.append(line)
    apart = [part for item in items for part in _in_turn(item)]
    told = [NUMBERED.sub("", item).strip().rstrip("；;。") for item in apart]
    setattr(found, name, tuple(item for item in told if item))
    found.places[name] = one.line


def _in_turn(text: str) -> Iterator[str]:
    """Several on one line, where their numbers go on from the first: 1.甲 2.乙."""
    marks = list(TURN.finditer(text))
    if [_number(mark[1]) for mark in marks] != list(range(1, len(marks) + 1)):
        yield text
        return
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    yield text[: ends[0]]
    yield from (text[start:end] for start, end in pairwise(ends))

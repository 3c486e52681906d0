"""What the branches and groups of the sample school hold, month by month."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from guantong.periods import add_months
from guantong.records.actions.sample import days, gaps
from guantong.records.actions.sample.days import chance
from guantong.records.actions.sample.diary import Diary
from guantong.records.actions.sample.offices import Offices
from guantong.records.models import Org, Person

type Lecturers = dict[tuple[int, date], Person]
"""Who comes to lecture to which branch in which month instead of its secretary."""

EVERY_MONTH = tuple(range(1, 13))
AUTUMN_TASK, SUMMER_TASK = 9, 7
SLIPS = 0.008  # how often a branch forgets


@dataclass(frozen=True)
class Custom:
    """Something that branches do in certain months; `share` of them where not all do."""

    kind: str
    months: tuple[int, ...]
    titles: tuple[str, ...]
    hours: int | None = None
    committee: bool = False  # its committee alone, where it has one
    share: float = 1.0
    categories: tuple[str, ...] = ()

    @property
    def yearly(self) -> bool:
        return len(self.months) == 1


CUSTOMS = (
    Custom(
        "theme_day",
        EVERY_MONTH,
        ("重温入党誓词", "读书分享会", "我为师生办实事", "学习党章", "先进事迹学习", "警示教育",
         "校园志愿行动", "师德师风讨论", "谈体会、找差距"),
        hours=2,
    ),
    Custom("party_lecture", (3, 5, 9, 11), ("专题党课",), hours=2),
    Custom("branch_assembly", (2, 6, 9, 12), ("支部党员大会",)),
    Custom("branch_committee", EVERY_MONTH, ("支委会：安排本月工作",), committee=True),
    Custom("org_life_meeting", (3,), ("年度组织生活会",)),
    Custom("appraisal", (3,), ("民主评议党员",)),
    Custom("talk", (4,), ("委员与党员谈心谈话",), committee=True),
    Custom("collective_study", (4, 11), ("集体学习：会议精神", "集体学习：重要文件"), hours=2),
    Custom("onsite_teaching", (7,), ("参观革命旧址", "参观校史馆"), hours=3, share=0.3),
    Custom("volunteer", (3, 10), ("志愿服务：清洁校园", "志愿服务：迎新"), share=0.5,
           categories=("student",)),
)  # fmt: skip


@dataclass(frozen=True)
class Branches:
    diary: Diary
    offices: Offices
    lecturers: Lecturers
    cadres: frozenset[int]  # persons who take part in the life of their branch like any member

    def hold(self, org: Org, custom: Custom, day: date) -> None:
        people = self.offices.roll.members(org, day)
        if custom.committee:
            people = self.offices.holders(org, day)
            if custom.kind != "talk" and len(people) < 2:
                return
        self.diary.hold(
            custom.kind,
            day,
            (org,),
            self.diary.stream(org).choice(custom.titles),
            people,
            hours=custom.hours,
            roles=self._roles(org, custom.kind, day),
            sure=self.cadres if custom.kind == "org_life_meeting" else (),
        )

    def _roles(self, org: Org, kind: str, day: date) -> dict[Person, str]:
        secretary = self.offices.holder(org, day, "secretary")
        if kind == "party_lecture":
            lecturer = self.lecturers.get((org.pk, day.replace(day=1)), secretary)
            return {lecturer: "lecturer"} if lecturer else {}
        roles = {secretary: "chair"} if secretary else {}
        if kind == "branch_assembly":
            others = [p for p in self.offices.holders(org, day) if p is not secretary]
            roles |= dict.fromkeys(others[:1], "recorder")
        return roles

    def forgets(self, org: Org, custom: Custom, day: date) -> bool:
        """Now and then, but nothing yearly, and no leader who was to come is sent away."""
        expected = (
            custom.kind == "party_lecture" and (org.pk, day.replace(day=1)) in self.lecturers
        )
        kept = org.name in gaps.NAMED or custom.yearly or expected
        return not kept and self.diary.stream(org).random() < SLIPS

    def hold_group(self, org: Org) -> None:
        """Two groups share the members of their branch."""
        branch = self.offices.tree.parent[org]
        half = int(org.name.endswith("二党小组"))
        for month in months():
            day = _working_day(month.replace(day=11 + org.pk % 7))
            if day <= days.TODAY:
                people = self.offices.roll.members(branch, day)[half::2]
                self.diary.hold("group_meeting", day, (org,), "党小组会", people)


def hold_all(diary: Diary, offices: Offices, lecturers: Lecturers) -> None:
    cadres = frozenset(post.person_id for post in offices.posts if post.post == "leading_cadre")
    branches = Branches(diary, offices, lecturers, cadres)
    for org in offices.tree.of("branch"):
        for custom in CUSTOMS:
            if not custom.categories or org.category in custom.categories:
                for day in _days(org, custom):
                    if not branches.forgets(org, custom, day):
                        branches.hold(org, custom, day)
    for org in offices.tree.of("group"):
        branches.hold_group(org)


def _days(org: Org, custom: Custom) -> Iterator[date]:
    """The days on which a branch does something; a branch has its usual day of the month."""
    rng = chance("days", org.pk, custom.kind)
    usual = gaps.MEETS_ON.get(org.name) or chance("usual", org.pk).randint(5, 23)
    for month in months():
        day = _working_day(month.replace(day=usual) + timedelta(days=rng.randint(-2, 2)))
        left_out = custom.share < 1 and rng.random() > custom.share
        too_far = day > days.TODAY and (custom.committee or custom.share < 1)
        if not (left_out or too_far) and org.exists_on(day) and _is_time(org, custom, month):
            yield day


def _is_time(org: Org, custom: Custom, month: date) -> bool:
    """Whether it is the month for it; the re-cut moves what could not be held otherwise."""
    if month == date(2022, SUMMER_TASK, 1) and org.valid_to == days.RECUT:
        return month.month in custom.months or AUTUMN_TASK in custom.months
    if month == date(2022, 12, 1) and org.valid_from == days.RECUT:
        return month.month in custom.months or (custom.yearly and custom.share == 1)
    return month.month in custom.months


def months() -> Iterator[date]:
    month = days.SINCE
    while month < days.HORIZON:
        yield month
        month = add_months(month, 1)


def _working_day(day: date) -> date:
    """Monday to Friday; stays in the month, as the days chosen lie well inside."""
    return day - timedelta(days=max(0, day.weekday() - 4))

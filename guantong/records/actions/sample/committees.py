"""What the committees of the sample school hold, and where its leaders lecture."""

from dataclasses import dataclass
from datetime import date, timedelta

from guantong.records.actions.sample import days, gaps
from guantong.records.actions.sample.branches import Lecturers, months
from guantong.records.actions.sample.days import chance
from guantong.records.actions.sample.diary import Diary
from guantong.records.actions.sample.offices import Offices
from guantong.records.actions.sample.papers import Papers
from guantong.records.models import Org, Person

TOP, COLLEGE, OFFICE, GENERAL = (
    "school_committee",
    "college_committee",
    "office_committee",
    "general_branch",
)
ALL = (TOP, COLLEGE, OFFICE, GENERAL)


@dataclass(frozen=True)
class Routine:
    kind: str
    orgs: tuple[str, ...]
    months: tuple[int, ...]
    title: str
    hours: int | None = None


ROUTINES = (
    Routine("central_group_study", (TOP, COLLEGE), (2, 5, 8, 11), "中心组集体学习", 3),
    Routine("first_topic", (TOP, COLLEGE), (3, 9), "第一议题学习"),
    Routine("committee_meeting", ALL, (1, 4, 7, 10), "委员会会议"),
    Routine("joint_conference", (COLLEGE,), (4, 10), "党政联席会议"),
    Routine("special_meeting", (TOP, COLLEGE), (3, 9), "专题研究党的建设"),
    Routine("plenary_meeting", (TOP,), (3, 9), "党委全委会"),
    Routine("activist_analysis", (COLLEGE, OFFICE, GENERAL), (11,), "分析积极分子队伍"),
    Routine("review_meeting", ALL, (12,), "书记抓党建述职评议"),
    Routine("democratic_life_meeting", (TOP, COLLEGE), (1,), "领导班子民主生活会"),
    Routine("education_report", (TOP, COLLEGE, OFFICE), (12,), "党员教育管理工作报告"),
    Routine("dues_inspection", (TOP,), (10,), "党费收缴使用检查"),
    Routine("self_check", (TOP, COLLEGE), (6, 12), "对照责任清单自查"),
    Routine("drill", (TOP, COLLEGE), (10,), "应急演练"),
    Routine("contact_visit", (COLLEGE,), (4, 10), "走访宿舍和教研室"),
)
MEMBERS_TRAINING, LEADERS_TRAINING, SECRETARIES_TRAINING = (5, 10), (3, 9), (4,)


def hold_all(diary: Diary, offices: Offices, papers: Papers) -> Lecturers:
    """Fill in the committees' part; returns who lectures in the branches."""
    tree = offices.tree
    for org in tree.of(*ALL):
        for routine in ROUTINES:
            if org.kind in routine.orgs:
                _routine(diary, offices, org, routine)
    for org in [*tree.of(COLLEGE, OFFICE, GENERAL), *_direct(offices)]:
        _trainings(diary, offices, org)
    _secretaries_training(diary, offices)
    _department_meetings(diary, offices)
    _joint_activities(diary, offices, papers)
    return _lectures(diary, offices, papers)


def _day(org: Org, month: date, kind: str) -> date:
    return _weekday(month + timedelta(days=chance("day", org.pk, kind, month).randint(4, 24)))


def _weekday(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))


def _routine(diary: Diary, offices: Offices, org: Org, routine: Routine) -> None:
    for month in months():
        if month.month in routine.months:
            day = _day(org, month, routine.kind)
            people = offices.holders(org, day)
            diary.hold(routine.kind, day, (org,), routine.title, people, hours=routine.hours)


# Training


def _direct(offices: Offices) -> list[Org]:
    school = offices.tree.named[gaps.SCHOOL]
    return [org for org in offices.tree.of("branch") if offices.tree.parent[org] is school]


def _trainings(diary: Diary, offices: Offices, org: Org) -> None:
    """Twice a year for all members below, twice for those in posts."""
    for month in months():
        if month.month in MEMBERS_TRAINING:
            day = _day(org, month, "training")
            branches = offices.tree.branches(org, day)
            people = [p for b in branches for p in offices.roll.members(b, day)]
            hours = chance("training", org.pk, month).choice((6, 6, 8, 12))
            diary.hold("central_training", day, (org,), "党员集中培训", people, hours=hours)
        if month.month in LEADERS_TRAINING:
            day = _day(org, month, "leaders")
            people = _in_posts(offices, org, day)
            diary.hold("central_training", day, (org,), "书记委员培训班", people, hours=8)


def _in_posts(offices: Offices, org: Org, day: date) -> list[Person]:
    units = dict.fromkeys((org, *offices.tree.branches(org, day)))
    return list(dict.fromkeys(p for unit in units for p in offices.holders(unit, day)))


def _secretaries_training(diary: Diary, offices: Offices) -> None:
    school = offices.tree.named[gaps.SCHOOL]
    for month in months():
        if month.month in SECRETARIES_TRAINING:
            day = _day(school, month, "secretaries")
            units = [org for org in offices.tree.orgs if org.exists_on(day)]
            people = [p for org in units for p in offices.holders(org, day, "secretary")]
            people += offices.holders(school, day)
            people += [
                p
                for org in offices.tree.of(COLLEGE)
                for p in offices.holders(org, day, "dean", "deputy_secretary", "organiser")
            ]
            people = list(dict.fromkeys(people))
            diary.hold(
                "central_training", day, (school,), "党组织书记示范培训班", people, hours=24
            )


# Meetings of few


def _department_meetings(diary: Diary, offices: Offices) -> None:
    """Each member of the school committee convenes his departments, in his own month."""
    school = offices.tree.named[gaps.SCHOOL]
    members = offices.holders(school, days.SINCE, "committee_member")
    for place, member in enumerate(members):
        absent = any(
            gap.number == member.number
            for gap in gaps.planted("department_meeting", date(2022, 6, 1))
        )
        people = [p for p in offices.holders(school, days.SINCE) if p is not member][:3]
        for month in (date(2022, 4 + place, 1), date(2023, 3 + place, 1)):
            day = _day(school, month, f"department {place}")
            if day < days.HORIZON and not (absent and month.year == 2022):
                diary.hold(
                    "department_meeting", day, (school,), "分管部门党建工作会议", people,
                    roles={member: "chair"},
                )  # fmt: skip


def _joint_activities(diary: Diary, offices: Offices, papers: Papers) -> None:
    for pair in papers.relations:
        if pair.kind != "pairing" or pair.org is None or pair.other_org is None:
            continue
        for month in (date(2022, 4, 1), date(2022, 10, 1), date(2023, 4, 1)):
            day = _day(pair.org, month, "joint")
            if pair.valid_from <= day:
                people = [
                    p for b in (pair.org, pair.other_org) for p in offices.roll.members(b, day)
                ]
                hosts = (pair.org, pair.other_org)
                diary.hold("joint_activity", day, hosts, "师生支部共建活动", people)


# Lectures


@dataclass(frozen=True)
class Leader:
    """Somebody who owes lectures: in which post, where, and whether one each semester."""

    person: Person
    org: Org
    post: str

    @property
    def top(self) -> bool:
        return self.post in {"secretary", "president", "dean"}

    def misses(self, kind: str, day: date) -> bool:
        return any(
            gap.post == self.post and gap.org == self.org.name for gap in gaps.planted(kind, day)
        )


def _lectures(diary: Diary, offices: Offices, papers: Papers) -> Lecturers:
    """In spring at the leader's own branch, in autumn at the contact point or the college."""
    lecturers: Lecturers = {}
    for office in offices.tree.of(OFFICE):
        for secretary in offices.holders(office, days.SINCE, "secretary"):
            leader = Leader(secretary, office, "secretary")
            _lecture(diary, offices, leader, office, date(2022, 11, 1))
    for leader in _leaders(offices):
        own, contact = offices.home(leader.person), papers.contact.get(leader.person)
        rng = chance("lectures", leader.person.pk)
        spring = [date(2022, 5, 1)] + [date(2023, 5, 1)] * (rng.random() < 0.7)
        for month in spring:
            if not leader.misses("party_lecture", month):
                lecturers[own.pk, month] = leader.person
        autumn = date(2022, 11, 1)
        if not leader.misses("party_lecture", autumn):
            if contact and contact.kind == "branch":
                lecturers[contact.pk, autumn] = leader.person
            else:
                _lecture(diary, offices, leader, contact or leader.org, autumn)
        if contact and rng.random() < 0.5 and contact.kind != "branch":
            _lecture(diary, offices, leader, contact, date(2023, 4, 1))
        if leader.top:
            _courses(diary, leader)
    return lecturers


def _leaders(offices: Offices) -> list[Leader]:
    """Each leading cadre once, in the post that says most."""
    found: dict[Person, Leader] = {}
    for org in offices.tree.of(TOP, COLLEGE):
        for post in ("secretary", "president", "dean", "deputy_secretary", "leading_cadre"):
            for person in offices.holders(org, days.SINCE, post):
                if person in offices.holders(org, days.SINCE, "leading_cadre"):
                    found.setdefault(person, Leader(person, org, post))
    return list(found.values())


def _lecture(diary: Diary, offices: Offices, leader: Leader, host: Org, month: date) -> None:
    day = _day(host, month, f"lecture {leader.person.pk}")
    if leader.misses("party_lecture", day):
        return
    roles = {leader.person: "lecturer"}
    people = offices.holders(host, day)
    diary.hold("party_lecture", day, (host,), "专题党课", people, hours=2, roles=roles)


def _courses(diary: Diary, leader: Leader) -> None:
    """A course for students each semester; only the lecturer is on record."""
    late = chance("courses", leader.person.pk).random() < 0.25
    for month in (date(2022, 4, 1), date(2022, 10, 1), date(2023, 4, 1)):
        day = _day(leader.org, month, f"course {leader.person.pk}")
        if not leader.misses("ideology_course", day) and not (late and month.year == 2023):
            roles = {leader.person: "lecturer"}
            diary.hold("ideology_course", day, (leader.org,), "开学第一课", [], roles=roles)

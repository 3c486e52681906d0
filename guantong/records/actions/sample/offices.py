"""Who holds which post in the sample school, and the terms of its committees."""

from collections import defaultdict
from datetime import date, timedelta
from random import Random

from guantong.periods import add_months
from guantong.records.actions.sample import days, gaps
from guantong.records.actions.sample.days import between, chance
from guantong.records.actions.sample.members import COUNSELLORS, NEVER, Roll
from guantong.records.actions.sample.people import People
from guantong.records.actions.sample.tree import Tree
from guantong.records.models import Org, Person, Post, Term

BRANCH_TERM, COMMITTEE_TERM = 36, 60  # months
MIN_FOR_COMMITTEE = 7
SCHOOL_LEADERS = 10
# Terms that are planted: the first election and, if any, the extension and the next election.
TERMS: dict[str, tuple[date, date | None, date | None]] = {
    "化学学院教师第一党支部": (date(2019, 4, 12), None, date(2022, 6, 20)),
    "物理学院教师第一党支部": (date(2020, 3, 10), None, None),
    "生命科学学院教师第二党支部": (date(2019, 9, 20), date(2022, 12, 20), date(2022, 12, 15)),
    "文学院教师第二党支部": (date(2020, 7, 5), None, None),
    "计算机学院学生第五党支部": (date(2023, 2, 20), None, None),
    "教育学院党委": (date(2017, 5, 18), None, date(2022, 7, 7)),
}
# Branches whose secretary left: when, when the next one came, and whether a double leader.
NEW_SECRETARY: dict[str, tuple[date, date, bool | None]] = {
    "物理学院教师第二党支部": (date(2023, 3, 15), date(2023, 3, 15), None),
    "音乐学院教师第二党支部": (date(2022, 10, 20), date(2023, 3, 1), True),
}
NO_DOUBLE_LEADER = "法学院教师第二党支部"
DEPUTY_SINCE = {"体育学院党委": date(2023, 2, 20)}
DEPUTY_UNKNOWN, ORGANISER_PART_TIME = "生命科学学院党委", "医学院党委"


class Offices:
    def __init__(self, tree: Tree, people: People, roll: Roll) -> None:
        self.tree, self.people, self.roll = tree, people, roll
        self.posts: list[Post] = []
        self.terms: list[Term] = []
        self.by_org: dict[int, list[Post]] = defaultdict(list)
        self.taken: set[int] = set()
        self.excused = {row.person_id for row in roll.rows if row.exempt}
        self.rng = chance("offices")

    def appoint(
        self,
        person: Person,
        org: Org,
        post: str,
        since: date,
        until: date | None = None,
        *,
        double_leader: bool | None = None,
        full_time: bool | None = None,
    ) -> None:
        row = Post(
            person=person,
            org=org,
            post=post,
            valid_from=since,
            valid_to=until,
            double_leader=double_leader,
            full_time=full_time,
        )
        self.posts.append(row)
        self.by_org[org.pk].append(row)
        self.taken.add(person.pk)

    def holders(self, org: Org, day: date, *posts: str) -> list[Person]:
        """Those in a post (in one of the given ones) on the day, each once."""
        return list(
            dict.fromkeys(
                row.person
                for row in self.by_org[org.pk]
                if row.valid_from <= day
                and (row.valid_to is None or day < row.valid_to)
                and (not posts or row.post in posts)
            )
        )

    def holder(self, org: Org, day: date, post: str) -> Person | None:
        return next(iter(self.holders(org, day, post)), None)

    def home(self, person: Person) -> Org:
        """The branch that somebody who stays all the time belongs to."""
        return self.roll.open[person].org

    def appointed(self, org: Org, post: str) -> Person | None:
        """Whom the plot puts into a post."""
        return self.people.numbered.get(gaps.APPOINTED.get((org.name, post), ""))

    def steady(self, org: Org) -> list[Person]:
        """Members of the branch all the time, not in a post yet, in no particular order."""
        day = max(days.SINCE, org.valid_from)
        found = [
            person
            for person in self.roll.full(org, day)
            if person.pk not in self.taken
            and person.number not in gaps.CAST
            and self.roll.until(person, org) == NEVER
            and person.pk not in self.excused
        ]
        self.rng.shuffle(found)
        return found


def fill(tree: Tree, people: People, roll: Roll) -> Offices:
    offices = Offices(tree, people, roll)
    offices.taken.update(people.numbered[number].pk for number in gaps.APPOINTED.values())
    _school(offices)
    for org in tree.of("college_committee", "office_committee", "general_branch"):
        _committee(offices, org)
    for org in tree.of("branch"):
        _branch(offices, org)
    for org in tree.of("school_committee", "college_committee", "office_committee"):
        _elect(offices, org, COMMITTEE_TERM)
    for org in tree.of("general_branch"):
        _elect(offices, org, COMMITTEE_TERM)
    return offices


# The school and the second level


def _school(offices: Offices) -> None:
    """The leaders, each at home in a branch of its own among the departments."""
    school, since = offices.tree.named[gaps.SCHOOL], date(2020, 11, 20)
    branches = offices.tree.branches(offices.tree.named["机关党委"])
    member = offices.appointed(school, "committee_member")
    assert member
    homes = [org for org in branches if org is not offices.roll.open[member].org]
    leaders = [offices.steady(org)[0] for org in homes[: SCHOOL_LEADERS - 1]]
    leaders.append(member)
    secretary, president, deputy, *others = leaders
    offices.appoint(secretary, school, "secretary", since)
    offices.appoint(president, school, "president", since)
    offices.appoint(deputy, school, "deputy_secretary", since, full_time=True)
    for person in (president, *others):
        offices.appoint(person, school, "committee_member", since)
    for person in leaders:
        offices.appoint(person, school, "leading_cadre", since)


def _committee(offices: Offices, org: Org) -> None:
    """A second-level committee: leaders from its first branches, members from the others."""
    branches = [b for b in offices.tree.branches(org) if b.category != "student"]
    branches = [b for b in branches if len(offices.steady(b)) > MIN_FOR_COMMITTEE]
    since = between(offices.rng, date(2019, 3, 1), date(2021, 9, 1))
    college = org.kind == "college_committee"
    first = branches[-1] if college else branches[0]
    secretary = offices.appointed(org, "secretary") or offices.steady(first)[0]
    offices.appoint(secretary, org, "secretary", since)
    if college:
        dean = offices.steady(branches[1])[0]
        offices.appoint(dean, org, "dean", since)
        for person in (secretary, dean):
            offices.appoint(person, org, "leading_cadre", since)
        _college_staff(offices, org, branches[0], since)
    for place in range(4 if college else 2):
        home = branches[place % len(branches)]
        offices.appoint(offices.steady(home)[0], org, "committee_member", since)


def _college_staff(offices: Offices, org: Org, home: Org, since: date) -> None:
    deputy = offices.appointed(org, "deputy_secretary") or offices.steady(home)[0]
    offices.appoint(
        deputy,
        org,
        "deputy_secretary",
        DEPUTY_SINCE.get(org.name, since),
        full_time=None if org.name == DEPUTY_UNKNOWN else True,
    )
    offices.appoint(
        offices.steady(home)[0],
        org,
        "organiser",
        since,
        full_time=org.name != ORGANISER_PART_TIME,
    )


# Branches


def _branch(offices: Offices, org: Org) -> None:
    elected = _elect(offices, org, BRANCH_TERM)
    day = max(days.SINCE, org.valid_from)
    since = min(elected, day)
    _secretaries(offices, org, since)
    full = len(
        offices.roll.full(org, max(day, date(2022, 9, 10)) if org.valid_to is None else day)
    )
    if full < MIN_FOR_COMMITTEE:
        return
    for _ in range(4 if full > 20 and offices.rng.random() < 0.6 else 2):
        _seat(offices, org, "committee_member", since)
    if full > 40:
        _seat(offices, org, "deputy_secretary", since)


def _secretaries(offices: Offices, org: Org, since: date) -> None:
    flag = None if org.category != "faculty" else org.name != NO_DOUBLE_LEADER
    person = offices.appointed(org, "secretary")
    if org.category == "student":
        person = _counsellor(offices.roll.members(org, max(days.SINCE, org.valid_from)))
    person = person or offices.steady(org)[0]
    until, again, later = NEW_SECRETARY.get(org.name, (org.valid_to, None, None))
    start = max(since, offices.roll.since(person, org))
    offices.appoint(person, org, "secretary", start, until, double_leader=flag)
    if again:
        successor = offices.steady(org)[0]
        offices.appoint(successor, org, "secretary", again, double_leader=later)


def _counsellor(members: list[Person]) -> Person:
    return next(p for p in members if p.birth_date and p.birth_date.year in COUNSELLORS)


def _seat(offices: Offices, org: Org, post: str, since: date) -> None:
    """One seat and those who fill it in turn: who leaves the branch is followed by another."""
    day: date | None = max(days.SINCE, org.valid_from)
    while day and day < min(org.valid_to or days.TODAY, days.TODAY):
        person = _candidate(offices, org, day)
        until = offices.roll.until(person, org)
        start = max(since, offices.roll.since(person, org)) if day <= days.SINCE else day
        offices.appoint(person, org, post, start, None if until == NEVER else until)
        day = None if until == NEVER else _next_election(until)


def _candidate(offices: Offices, org: Org, day: date) -> Person:
    barred = offices.taken | offices.excused
    free = [
        p for p in offices.roll.full(org, day) if p.pk not in barred and p.number not in gaps.CAST
    ]
    stays = [p for p in free if offices.roll.until(p, org) == NEVER]
    return _pick(offices.rng, free if org.category == "student" else stays or free)


def _pick(rng: Random, among: list[Person]) -> Person:
    return among[rng.randrange(len(among))]


def _next_election(left: date) -> date:
    """Within two weeks; after the summer where somebody left at its beginning."""
    return date(left.year, 9, 8) if left.month in {7, 8} else left + timedelta(days=14)


# Terms


def _elect(offices: Offices, org: Org, months: int) -> date:
    """Write the terms down; returns the first election."""
    if org.name in TERMS:
        first, extended, again = TERMS[org.name]
    elif org.valid_from > days.SINCE:
        first, extended, again = org.valid_from + timedelta(days=6), None, None
    else:
        low = max(org.valid_from, date(2019, 2, 1))
        first = between(offices.rng, low, max(low, date(2021, 11, 30)))
        extended, again = None, None
        expires = add_months(first, months)
        if expires <= days.TODAY:
            again = expires - timedelta(days=offices.rng.randint(2, 40))
    offices.terms.append(
        Term(
            org=org,
            elected_on=first,
            expires_on=add_months(first, months),
            extended_to=extended,
        )
    )
    if again and (org.valid_to is None or again < org.valid_to):
        offices.terms.append(Term(org=org, elected_on=again, expires_on=add_months(again, months)))
    return first

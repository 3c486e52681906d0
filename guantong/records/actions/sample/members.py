"""Who belongs to which branch and since when: the sample school's members come, change and go."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from guantong.periods import add_months
from guantong.records.actions.sample import days, gaps
from guantong.records.actions.sample.days import between, chance
from guantong.records.actions.sample.people import People
from guantong.records.actions.sample.tree import RECUT_COLLEGES, Tree
from guantong.records.models import Membership, Org, OrgSuccession, Person

BORN = {
    "faculty": range(1962, 1993),
    "staff": range(1964, 1995),
    "mixed": range(1964, 1995),
    "retired": range(1933, 1962),
    "student": range(1998, 2002),
}
COUNSELLORS = range(1984, 1994)
SIZES = {
    "faculty": (13, 22),
    "staff": (10, 19),
    "mixed": (14, 20),
    "retired": (36, 43),
    "student": (18, 27),
}
# Those that are planted; all others by chance.
SIZE = {"离退休第一党支部": 54, "美术学院教师第三党支部": 3, "体育学院教师第二党支部": 6}
NEVER = date(9999, 1, 1)


class Roll:
    """Memberships as they come about; a person has at most one open at a time."""

    def __init__(self) -> None:
        self.rows: list[Membership] = []
        self.open: dict[Person, Membership] = {}
        self.by_org: dict[int, list[Membership]] = defaultdict(list)

    def admit(
        self, person: Person, org: Org, day: date, status: str = "full", excuse: str = ""
    ) -> None:
        assert person not in self.open
        row = Membership(
            person=person,
            org=org,
            status=status,
            exempt=bool(excuse),
            exempt_reason=excuse,
            valid_from=day,
        )
        self._add(row)

    def change(self, person: Person, day: date, reason: str, **new: Any) -> None:
        """End the person's span on a day and begin another that differs."""
        old = self.open[person]
        self.leave(person, day, reason)
        same = {
            name: getattr(old, name)
            for name in ("person", "org", "status", "exempt", "exempt_reason")
        }
        self._add(Membership(**{**same, **new}, valid_from=day))

    def leave(self, person: Person, day: date, reason: str) -> None:
        row = self.open.pop(person)
        assert row.valid_from < day, (person, day)
        row.valid_to, row.end_reason = day, reason

    def _add(self, row: Membership) -> None:
        self.rows.append(row)
        self.open[row.person] = row
        self.by_org[row.org_id].append(row)

    def spans(self, org: Org, day: date) -> Iterator[Membership]:
        return (
            row
            for row in self.by_org[org.pk]
            if row.valid_from <= day and (row.valid_to is None or day < row.valid_to)
        )

    def members(self, org: Org, day: date) -> list[Person]:
        return [row.person for row in self.spans(org, day)]

    def full(self, org: Org, day: date) -> list[Person]:
        return [row.person for row in self.spans(org, day) if row.status == "full"]

    def since(self, person: Person, org: Org) -> date:
        return min(row.valid_from for row in self.by_org[org.pk] if row.person_id == person.pk)

    def until(self, person: Person, org: Org) -> date:
        """The day on which the person is no longer in the branch."""
        rows = [row for row in self.by_org[org.pk] if row.person_id == person.pk]
        return max(row.valid_to or NEVER for row in rows)


def enrol(tree: Tree, people: People) -> Roll:
    """Tell the whole story, in the order of its days."""
    story = Story(tree, people)
    for org in tree.of("branch"):
        if org.valid_from <= days.SINCE:
            story.begin(org)
    story.recruit(date(2022, 6, 8), (2, 4))
    story.confirm(days.SINCE, days.GRADUATION)
    story.graduate()
    story.confirm(days.GRADUATION, days.RECUT)
    story.recut()
    story.arrive(date(2022, 9, 5))
    story.retire(date(2022, 9, 20))
    story.excuse(date(2022, 10, 10))
    story.confirm(days.RECUT, date(2022, 12, 8))
    story.recruit(date(2022, 12, 8), (2, 4))
    story.confirm(date(2022, 12, 8), days.TODAY)
    story.recruit(date(2023, 5, 18), (1, 3))
    return story.roll


class Story:
    def __init__(self, tree: Tree, people: People) -> None:
        self.tree, self.people, self.roll = tree, people, Roll()
        self.rng = chance("members")
        self.students: set[Person] = set()
        self.cast = defaultdict[str, list[str]](list)
        for number, branch in gaps.CAST.items():
            self.cast[branch].append(number)

    # Those who are there when the records begin

    def begin(self, org: Org) -> None:
        category = str(org.category)
        count = SIZE.get(org.name) or self.rng.randint(*SIZES[category])
        numbers = self.cast[org.name] + [""] * count
        if category == "student":
            self._counsellor(org, max(org.valid_from, date(2019, 9, 9)))
        for place in range(count):
            if category == "student":
                person = self._student(numbers[place], days.SINCE)
            else:
                person = self.people.new(
                    BORN[category], (date(1955, 7, 1), date(2020, 6, 30)), numbers[place]
                )
            self._settle(person, org)
        if org.name in SIZE and count == 3:
            self._make_probationary(org)

    def _settle(self, person: Person, org: Org) -> None:
        assert person.joined_on
        assert person.birth_date
        status = "full" if add_months(person.joined_on, 12) <= days.SINCE else "probationary"
        since = between(
            self.rng,
            max(org.valid_from, person.joined_on),
            max(org.valid_from, person.joined_on, date(2021, 10, 1)),
        )
        frail = org.category == "retired" and (
            person.birth_date.year < 1941 or person.number == "SL90006"
        )
        self.roll.admit(person, org, since, status, "年老体弱" if frail else "")

    def _make_probationary(self, org: Org) -> None:
        """One of three is confirmed only in the second year (美术学院教师第三党支部)."""
        row = next(iter(self.roll.by_org[org.pk]))
        row.status, row.valid_from = "probationary", date(2022, 3, 16)
        row.person.joined_on, row.person.full_member_on = row.valid_from, None

    def _counsellor(self, org: Org, since: date) -> None:
        person = self.people.new(COUNSELLORS, (date(2004, 1, 1), date(2016, 6, 30)))
        self.roll.admit(person, org, since)

    def _student(self, number: str, day: date) -> Person:
        last = day - timedelta(days=20)
        first = add_months(last, -30)
        if number:  # of the cast: long a full member
            first, last = add_months(last, -30), add_months(last, -20)
        person = self.people.new(BORN["student"], (first, last), number)
        self.students.add(person)
        return person

    # What changes

    def recruit(self, day: date, per_branch: tuple[int, int]) -> None:
        """The branches accept new members on probation."""
        for org in self.tree.of("branch"):
            if not org.exists_on(day) or org.name in SIZE:
                continue
            if org.category == "student":
                count = self.rng.randint(*per_branch)
            elif org.category == "faculty":
                count = int(self.rng.random() < 0.15)
            else:
                continue
            for _ in range(count):
                person = self.people.new(BORN[org.category], (day, day))
                if org.category == "student":
                    self.students.add(person)
                self.roll.admit(person, org, day, "probationary")

    def confirm(self, first: date, end: date) -> None:
        """Those whose year of probation ends in the time become full members."""
        for person, row in list(self.roll.open.items()):
            assert person.joined_on
            day = add_months(person.joined_on, 12)
            if row.status == "probationary" and first <= day < end:
                day = max(day, row.valid_from + timedelta(days=1))
                self.roll.change(person, day, "预备期满转正", status="full")
                person.full_member_on = day

    def graduate(self) -> None:
        for org in self.tree.of("branch"):
            if org.category != "student":
                continue
            share = 0.85 if "2018级" in org.name else 0.04 if "级" in org.name else 0.33
            for person in self.roll.members(org, days.SINCE):
                may = person in self.students and not self._in_cast(person)
                if may and self.rng.random() < share:
                    self.roll.leave(person, days.GRADUATION, "毕业，组织关系转出")

    def recut(self) -> None:
        """Student branches by grade end; new ones across the grades begin the same day."""
        for name in RECUT_COLLEGES:
            branches = self.tree.branches(self.tree.college(name), category="student")
            old = [org for org in branches if org.valid_to == days.RECUT]
            new = [org for org in branches if org.valid_from == days.RECUT]
            counsellors, followed = [], set[tuple[Org, Org]]()
            for org in old:
                for place, person in enumerate(self.roll.members(org, _before(days.RECUT))):
                    if person not in self.students:
                        counsellors.append((org, person))
                        continue
                    to = new[(place + old.index(org)) % len(new)]
                    self._move(person, to, days.RECUT, "学生支部调整")
                    followed.add((org, to))
            for (org, person), to in zip(counsellors, new, strict=False):
                self._move(person, to, days.RECUT, "学生支部调整")
                followed.add((org, to))
            self._counsellor(new[-1], days.RECUT)
            pairs = sorted(followed, key=lambda pair: (pair[0].pk, pair[1].pk))
            heirs = dict(reversed(pairs))
            self.tree.successions += [
                OrgSuccession(predecessor=a, successor=b, on_day=days.RECUT, answers=heirs[a] == b)
                for a, b in pairs
            ]

    def arrive(self, day: date) -> None:
        """New students who are members already."""
        for org in self.tree.of("branch"):
            if org.category == "student" and org.exists_on(day):
                for _ in range(self.rng.randint(3, 5)):
                    person = self._student("", day)
                    assert person.joined_on
                    new = add_months(person.joined_on, 12) > day
                    self.roll.admit(person, org, day, "probationary" if new else "full")
                    person.full_member_on = None if new else add_months(person.joined_on, 12)

    def retire(self, day: date) -> None:
        """Some move to a branch of the retired, some to another branch, some leave the school."""
        homes = self.tree.branches(self.tree.named["离退休党总支"])[1:]
        for org in self.tree.of("branch"):
            if org.category != "faculty" or org.name in {*gaps.NAMED, *SIZE}:
                continue
            oldest = min(
                (p for p in self.roll.members(org, _before(day)) if self._may_go(p, day)),
                key=lambda p: (p.birth_date, p.pk),
            )
            match self.rng.randrange(4):
                case 0:
                    self._move(oldest, self.rng.choice(homes), day, "退休")
                case 1:
                    self.roll.leave(oldest, day, "调离学校，组织关系转出")
                case 2:
                    others = self.tree.branches(self.tree.parent[org], category="faculty")
                    home = self.rng.choice([other for other in others if other is not org])
                    if home.name not in SIZE:
                        self._move(oldest, home, day, "校内调动")

    def excuse(self, day: date) -> None:
        """Illness: a few of the retired are released in the middle of the year."""
        for org in self.tree.of("branch"):
            if org.category != "retired":
                continue
            for row in [row for row in self.roll.spans(org, day) if not row.exempt][:2]:
                self.roll.change(
                    row.person, day, "登记豁免", exempt=True, exempt_reason="长期患病"
                )

    def _move(self, person: Person, org: Org, day: date, reason: str) -> None:
        self.roll.change(person, day, reason, org=org)

    def _may_go(self, person: Person, day: date) -> bool:
        row = self.roll.open.get(person)
        return row is not None and row.valid_from < day and not self._in_cast(person)

    def _in_cast(self, person: Person) -> bool:
        return person.number in gaps.CAST


def _before(day: date) -> date:
    return day - timedelta(days=1)

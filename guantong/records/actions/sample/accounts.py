"""The accounts with which the sample school is looked at, each as somebody in it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from guantong.records.actions.sample.diary import Diary
from guantong.records.actions.sample.gaps import SCHOOL
from guantong.records.actions.sample.people import People
from guantong.records.actions.sample.tree import Tree
from guantong.records.models import ClosedMonth, Grant, User

PASSWORD = "guantong-demo"


@dataclass(frozen=True)
class SignIn:
    """`number`: the member whose account it is; what follows from posts needs no grant."""

    username: str
    called: str
    sees: str
    number: str = ""
    grant: str = ""
    until: date | None = None


SIGN_INS = (
    SignIn("zuzhibu", "组织部", "全校台账、组织和党员，可录入和核实",
           number="SL90004", grant="school_office"),
    SignIn("xueyuan", "学院副书记", "文学院党委和所属支部", number="SL90003"),
    SignIn("zhishu", "支部书记", "文学院教师第二党支部，有几件事快到期", number="SL90001"),
    SignIn("jiancha", "检查组", "全校，只读，2023 年 12 月 31 日到期",
           grant="inspector", until=date(2024, 1, 1)),
    SignIn("dangyuan", "普通党员", "本人的学时和记录", number="SL90002"),
    SignIn("guanli", "系统管理员", "账号，看不到业务数据", grant="system_admin"),
)  # fmt: skip
SINCE = date(2022, 1, 1)
SECRETARYS, COLLEGE = "文学院教师第二党支部", "文学院党委"
VERIFIED_UNTIL = date(2023, 4, 1)
TAKEN_BACK = 3
CLOSED = [date(2023, month, 1) for month in (1, 2, 3, 4)]
UNLOCKED = date(2023, 2, 1)  # once, for something that had been forgotten


def number_of(username: str) -> str:
    """The number of the member to whom an account belongs."""
    return next(one.number for one in SIGN_INS if one.username == username)


def open_all(tree: Tree, people: People) -> dict[str, User]:
    """Save the accounts and their grants; the password is hashed once for all of them."""
    password, users = make_password(PASSWORD), dict[str, User]()
    for sign_in in SIGN_INS:
        person = people.numbered.get(sign_in.number)
        user = User(
            username=sign_in.username,
            first_name=person.name if person else sign_in.called,
            password=password,
            person=person,
            date_joined=datetime.combine(SINCE, time(8), timezone.get_default_timezone()),
        )
        user.save(force_insert=True)
        users[sign_in.username] = user
    Grant.objects.bulk_create(
        Grant(
            user=users[sign_in.username],
            role=sign_in.grant,
            org=tree.named[SCHOOL],
            valid_from=SINCE,
            valid_to=sign_in.until,
            reason="示例账号",
        )
        for sign_in in SIGN_INS
        if sign_in.grant
    )
    return users


def sign(diary: Diary, tree: Tree, users: dict[str, User]) -> None:
    """Say who recorded, confirmed and withdrew what, where one of the accounts did it."""
    college = tree.named[COLLEGE]
    theirs = [held for held in diary.held if held.hosts[0].path.startswith(college.path)]
    for held in [h for h in theirs if h.activity.kind == "theme_day"][:TAKEN_BACK]:
        diary.take_back(held)
        diary.held[-1].activity.withdrawn_by = users["xueyuan"]
    for held in theirs:
        activity = held.activity
        if held.hosts[0].name == SECRETARYS:
            activity.recorded_by = users["zhishu"]
        if held.hosts[0] is college:
            activity.recorded_by = users["xueyuan"]
        elif activity.held_on < VERIFIED_UNTIL:
            activity.verified_by = users["xueyuan"]
            activity.verified_at = activity.recorded_at + timedelta(days=3)
            activity.version = 2


def close_months(tree: Tree, users: dict[str, User]) -> list[ClosedMonth]:
    """One branch closes its months on the fifth of the next; one of them was opened again."""
    org, by = tree.named[SECRETARYS], users["zhishu"]
    rows = [
        ClosedMonth(org=org, month=month, closed_by=by, closed_at=_at(_fifth_after(month)))
        for month in CLOSED
    ]
    opened = next(row for row in rows if row.month == UNLOCKED)
    opened.unlocked_at = opened.closed_at + timedelta(days=9)
    opened.unlocked_by, opened.unlocked_reason = users["xueyuan"], "漏记一次主题党日，需要补录"
    again = ClosedMonth(
        org=org, month=UNLOCKED, closed_by=by, closed_at=opened.unlocked_at + timedelta(days=1)
    )
    return [*rows, again]


def _fifth_after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=5)


def _at(day: date) -> datetime:
    return datetime.combine(day, time(16), timezone.get_default_timezone())

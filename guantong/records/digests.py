"""The digest of a week as a text: what is overdue, what is due, what is planned.

Organisations first hear of their own; those above hear of it only after a time of grace, and then
as a number. No names of people and no titles, for mails and groups are read by others: kinds,
days and counts. Nothing to say is an empty text, and nothing is sent.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Final

from django.db.models import Count, QuerySet

from guantong.records import access, catalogue, feeds, ledger
from guantong.records.case_actors import Standing
from guantong.records.models import Assessment, Case, Entry, FollowUp, Org, User
from guantong.records.models.activity import Activity, ActivityQuerySet
from guantong.records.models.case import CaseQuerySet
from guantong.records.models.org import OrgQuerySet

SOON: Final = timedelta(days=14)
RECENT: Final = timedelta(days=92)
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True)
class About:
    """What one digest may tell of: its organisations, and the rows in its reader's reach."""

    orgs: Sequence[Org]
    entries: QuerySet[Entry]
    activities: ActivityQuerySet
    cases: CaseQuerySet
    who: Standing  # whose steps those are; the system's: everybody's


def about_user(user: User, live: Assessment) -> About:
    """Whatever the account answers for today; nothing for who holds no post any more."""
    return About(
        orgs=list(feeds.answers_for(user).in_order()),
        entries=access.entries(user, live),
        activities=access.activities(user, "activity.view").live(),
        cases=access.cases(user),
        who=Standing.today(user),
    )


def about_org(org: Org, live: Assessment) -> About:
    """What the group of an organisation may read: the organisation's own affairs."""
    told = Case.objects.exclude(process__in=catalogue.handling().names("restricted"))
    everybody = Standing.today(None)
    return About([org], live.entries.all(), Activity.objects.live(), told, everybody)


def digest(about: About, *, today: date, grace_days: int, site: str) -> str:
    """The text; empty where there is nothing to say."""
    parts = [
        (
            "已经过期",
            chain(
                _owed(_own(about).filter(verdict="short", due_on__gte=today - RECENT)),
                _left(about, today - RECENT, today),
                _cases(about, today - RECENT, today, site),
            ),
        ),
        (
            "两周内到期",
            chain(
                _owed(_own(about).filter(verdict="due", due_on__lte=today + SOON)),
                _left(about, today, today + SOON + timedelta(days=1)),
            ),
        ),
        ("七天内的计划", _planned(about, today)),
        (
            f"下级组织过期超过 {grace_days} 天、还没有完成",
            _below(about, today - timedelta(days=grace_days), today - RECENT),
        ),
    ]
    told = [(title, lines) for title, found in parts if (lines := list(found))]
    if not told:
        return ""
    names = "、".join(org.short_name for org in about.orgs)
    body = "\n\n".join(
        "\n".join([title, *(f"· {line}" for line in lines)]) for title, lines in told
    )
    return f"{names} {today.month}月{today.day}日一周事项\n\n{body}\n\n办理和查看：{site}/\n"


def _own(about: About) -> QuerySet[Entry]:
    return about.entries.filter(org__in=[org.pk for org in about.orgs])


def _owed(entries: QuerySet[Entry]) -> Iterator[str]:
    """Each demand once: of an organisation by its day, of people by their number."""
    rows = entries.values_list("obligation", "due_on", "person").order_by("due_on", "obligation")
    people = Counter((name, day) for name, day, person in rows if person is not None)
    for name, day in dict.fromkeys((name, day) for name, day, _ in rows):
        whose = f"：{people[name, day]} 人" if people[name, day] else ""
        yield f"{ledger.obligation(name).title}（{day.month}月{day.day}日到期）{whose}"


def _hosted(about: About) -> ActivityQuerySet:
    there: OrgQuerySet = Org.objects.filter(pk__in=[org.pk for org in about.orgs])
    return about.activities.hosted_by(there)


def _left(about: About, first: date, end: date) -> Iterator[str]:
    """How much of what its meetings left to do is due in these days."""
    open_ = FollowUp.objects.open().filter(activity__in=_hosted(about))
    if count := open_.filter(due_on__gte=first, due_on__lt=end).count():
        yield f"会议定下的落实事项：{count} 项"


def _cases(about: About, first: date, end: date, site: str) -> Iterator[str]:
    """How many cases wait past their day for a step of the reader's; the week names them."""
    near = about.cases.open().filter(org__in=[org.pk for org in about.orgs])
    overdue = near.filter(due_on__gte=first, due_on__lt=end).select_related("org")
    if count := sum(about.who.takes(case) for case in overdue):
        yield f"流程事项：{count} 件，见 {site}/#cases"


def _planned(about: About, today: date) -> Iterator[str]:
    ahead = _hosted(about).filter(planned=True)
    for activity in ahead.between(today, today + WEEK).order_by("held_on", "starts_at", "pk"):
        at = f" {activity.starts_at:%H:%M}" if activity.starts_at else ""
        kind = catalogue.current().label("activities", activity.kind)
        yield f"{activity.held_on.month}月{activity.held_on.day}日{at} {kind}"


def _below(about: About, until: date, since: date) -> Iterable[str]:
    """In the order of the organisations: for helping, not for ranking."""
    own = [org.pk for org in about.orgs]
    overdue = about.entries.filter(
        org__in=Org.objects.below(*about.orgs).exclude(pk__in=own), person=None,
        verdict="short", due_on__lt=until, due_on__gte=since,
    )  # fmt: skip
    counted = overdue.order_by("org__sort_key", "org").values_list("org__short_name")
    return [f"{name}：{count} 项" for name, count in counted.annotate(Count("pk"))]

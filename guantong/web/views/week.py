"""我的一周: what is due for me and the organisations I answer for, most urgent first.

Below come the organisations further down, counted; beside it my own hours and what is coming.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.obligations import model as m
from guantong.obligations.run import plain
from guantong.records import access, catalogue, clock, ledger, library
from guantong.records.actions import ledger as actions
from guantong.records.models import Activity, Document, Entry, JointSide
from guantong.records.models.activity import ActivityQuerySet
from guantong.records.models.org import below
from guantong.web import ledger_periods, scope, standing
from guantong.web.acting import acting
from guantong.web.activity_minutes import Todo, todos
from guantong.web.addresses import address
from guantong.web.cases_due import cases_due
from guantong.web.closing import Closing
from guantong.web.due_items import RECENT, SOON, DueList, Planned, Section, horizon
from guantong.web.ledger_cells import Tally
from guantong.web.ledger_rows import Rows
from guantong.web.open_below import Line, open_below
from guantong.web.people_due import people_due
from guantong.web.verdicts import VERDICTS
from guantong.web.wording import day_words, period_of_entry, period_words

OPEN: Final = ("short", "due", "unknown")
FEW: Final = 6  # activities in a list beside
LATELY: Final = timedelta(days=30)


@dataclass(frozen=True)
class Hours:
    """My own hours of a year against those required."""

    url: str
    title: str
    period: str
    done: Decimal
    of: Decimal


@dataclass(frozen=True)
class Year:
    """The verdicts of a year: all together, and each with its list."""

    title: str
    tally: Tally
    url: str
    figures: tuple[tuple[str, int, str], ...]


@require_GET
def week(request: HttpRequest) -> TemplateResponse:
    page = Week(request)
    sections, unconfirmed = page.sections(), page.unconfirmed()
    cases = cases_due(page.user, page.answering, page.today)
    return TemplateResponse(
        request,
        "web/week.html",
        {
            "title": "我的一周",
            "org_in_view": page.org,
            "days": page.days(),
            "may_record": page.answers_for_it,
            "sections": sections,
            "nothing_due": not (unconfirmed or cases or page.todos() or page.sides())
            and all(s.name == "later" for s in sections),
            "older": page.older(),
            "unconfirmed": unconfirmed,
            "todos": page.todos(),
            "sides": page.sides(),
            "requests": page.requests(),
            "cases": cases,
            "people": people_due(page.user, page.answering, page.today),
            "institutions": page.institutions(),
            "below": page.below(),
            "soon": horizon(page.today),
            "hours": page.hours(),
            "year": page.year(),
            "coming": page.coming(),
            "late": page.late(),
            "few": FEW,
        },
    )


class Week:
    """The week of one user, about the organisation in view."""

    def __init__(self, request: HttpRequest) -> None:
        self.request, self.user = request, acting(request)
        self.org = scope.org_in_view(request)
        self.today = clock.today()
        self.closing = Closing(self.user)

    @cached_property
    def entries(self) -> QuerySet[Entry]:
        return access.entries(self.user, actions.bring_up_to_date())

    @cached_property
    def activities(self) -> ActivityQuerySet:
        """Those of the organisation in view and below; without one, all that a member sees."""
        found = access.activities(self.user, "activity.view").live()
        return found.hosted_below(self.org) if self.org else found

    @cached_property
    def answers_for_it(self) -> bool:
        return self.org is not None and self.closing.may("activity.record", self.org)

    @cached_property
    def answering(self) -> frozenset[int]:
        """The organisation in view, and those below it where the user holds a role himself."""
        if self.org is None or not self.answers_for_it:
            return frozenset()
        held = [held.org for held in self.closing.held if held.org]
        return frozenset({self.org.pk} | {o.pk for o in held if o.path.startswith(self.org.path)})

    def days(self) -> str:
        monday = self.today - timedelta(days=self.today.weekday())
        return f"{day_words(monday)} 至 {day_words(monday + timedelta(days=6))}"

    # ------------------------------------------------------------ to do

    def sections(self) -> list[Section]:
        mine = Q(org__in=self.answering)
        if self.user.person_id:
            mine |= Q(person=self.user.person_id)
        fresh = ~Q(verdict="short") | Q(due_on__gte=self.today - RECENT)
        found = self.entries.filter(mine, fresh, verdict__in=OPEN)
        planned = self._planned()
        org = self.org.pk if self.org else None
        due = DueList(self.today, self.closing, planned, me=self.user.person_id, org=org)
        return due.sections(found.select_related("org", "person"))

    def _planned(self) -> Planned:
        found = defaultdict[tuple[int, str], list[date]](list)
        ahead = self.activities.filter(planned=True, held_on__gte=self.today)
        for org, kind, day in (
            ahead.filter(hosts__in=self.answering)
            .order_by("held_on")
            .values_list("hosts", "kind", "held_on")
        ):
            found[org, kind].append(day)
        return found

    def older(self) -> tuple[int, str]:
        """What stayed undone before that, as a number and its list."""
        if self.org is None or not self.answers_for_it:
            return 0, ""
        before = self.today - RECENT - timedelta(days=1)
        count = self.entries.filter(org=self.org, verdict="short", due_on__lte=before).count()
        query = {"own": "1", "verdict": "short", "due_to": before.isoformat()}
        return count, address("ledger-entries", {"org": str(self.org.pk), **query})

    def unconfirmed(self) -> list[Activity]:
        """Planned for a day that has passed: was it held?"""
        passed = self.activities.whole().filter(planned=True, held_on__lt=self.today)
        return list(passed.filter(hosts__in=self.answering).order_by("-held_on")[:FEW])

    def todos(self) -> list[Todo]:
        """What meetings left to do here, and what is left to me; the first few."""
        here = Q(activity__hosts__in=self.answering) | Q(owner=self.user.person_id or 0)
        found = access.follow_ups(self.user).open().filter(here).distinct()
        rows = list(found.select_related("activity", "owner").most_urgent_first()[: FEW + 1])
        return todos(rows, self.today, self.user, records=self.answers_for_it)

    def sides(self) -> list[JointSide]:
        """Joint activities that the other side has recorded, and this one not, or not any more."""
        found = JointSide.objects.unanswered().filter(
            org__in=self.answering, activity__planned=False
        )
        return list(found.select_related("activity", "org").order_by("activity__held_on", "id"))

    def requests(self) -> int:
        """What people have asked to be put right, and nobody has answered yet."""
        if not any("member.edit" in held.role.permissions for held in self.closing.held):
            return 0
        return access.corrections(self.user).filter(accepted=None).count()

    def institutions(self) -> list[Document]:
        """Documents of the organisations answered for, to be looked at again soon."""
        within = access.orgs(self.user, "post.edit").filter(pk__in=self.answering)
        return library.due(within.values_list("pk", flat=True), self.today)

    def below(self) -> list[Line]:
        if self.org is None:
            return []
        rows = Rows(self.org, scope.visible(self.request))
        return open_below(self.entries, rows, self.today - RECENT, horizon(self.today))

    # ------------------------------------------------------------ beside

    def hours(self) -> list[Hours]:
        """My own hours in the periods that are running."""
        if self.user.person_id is None:
            return []
        obligations = catalogue.current().obligations
        running = self.entries.filter(
            person=self.user.person_id, period_start__lte=self.today, due_on__gte=self.today
        )
        return [
            Hours(
                url=reverse("cell", args=[entry.pk]),
                title=obligations[entry.obligation].title,
                period=period_words(period_of_entry(entry)),
                done=Decimal(plain(entry.actual)),
                of=Decimal(plain(entry.required)),
            )
            for entry in running.order_by("obligation")
            if entry.actual is not None
            and entry.required is not None
            and isinstance(measure := obligations[entry.obligation].measure, m.Attended)
            and measure.sum_hours
        ]

    def year(self) -> Year | None:
        """The verdicts of the organisation and all below it in the current year."""
        if self.org is None:
            return None
        year = str(self.today.year)
        wanted = ledger_periods.chosen(year, ledger.question())
        found = self.entries.filter(wanted, below(self.org, "org__"))
        counted = standing.together(standing.by_obligation(found).values()).counts
        query = {"org": str(self.org.pk), "period": year}
        return Year(
            title=f"{year}年",
            tally=Tally(Counter(counted)),
            url=address("ledger", query),
            figures=tuple(
                (
                    verdict,
                    counted[verdict],
                    address("ledger-entries", query | {"verdict": verdict}),
                )
                for verdict in VERDICTS
                if verdict in counted
            ),
        )

    def coming(self) -> list[Activity]:
        """Planned for the next two weeks, here and below."""
        ahead = Q(planned=True, held_on__gte=self.today, held_on__lte=self.today + SOON)
        return self._few(self.activities.filter(ahead).order_by("held_on", "id"))

    def late(self) -> list[Activity]:
        """Recorded lately, long after they were held."""
        if self.org is None:
            return []
        fresh = self.activities.filter(recorded_at__gte=clock.now() - LATELY)
        return self._few(fresh.exclude(late_reason="").order_by("-recorded_at", "-id"))

    def _few(self, found: ActivityQuerySet) -> list[Activity]:
        """One more than are shown, so that the page knows whether there are more."""
        return list(found.prefetch_related("hosts")[: FEW + 1])

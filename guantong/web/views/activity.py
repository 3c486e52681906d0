"""The page of one activity: what was held, who was there, where it counts; and its verbs."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from guantong.obligations.model import Obligation
from guantong.obligations.run import plain
from guantong.records import access, catalogue, clock, crediting, ledger, reviewing
from guantong.records.access import Refused
from guantong.records.actions import activities as actions
from guantong.records.closed_months import locked
from guantong.records.drafts import WEIGHTIEST_FIRST, recorded_late
from guantong.records.models import Activity, Attachment, Entry, Org, Places
from guantong.sheets import attached
from guantong.web import ids, trail
from guantong.web.acting import ActionForm, acting, form_page, require, status_of
from guantong.web.activity_minutes import Minutes
from guantong.web.addresses import address
from guantong.web.month import code_of
from guantong.web.views import attachments
from guantong.web.views.recording import CLOSED, number
from guantong.web.wording import has_got

RECORDED: Final = trail.VERBS["activity.recorded"]


@dataclass(frozen=True)
class Credit:
    """Entries of one obligation and period for which the activity counts; one has its sign."""

    title: str
    entry: Entry
    got: str
    reading: str
    count: int
    done: int
    url: str


@dataclass(frozen=True)
class Person:
    """Somebody on the record; `url` empty: out of reach."""

    name: str
    url: str
    role: str
    note: str


@require_GET
def activity(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: HttpRequest, pk: int, refused: Refused | None = None) -> HttpResponse:
    found = access.activities(request.user, "activity.view")
    found = found.select_related("recorded_by", "verified_by", "withdrawn_by")
    shown = get_object_or_404(found, pk=pk)
    hosts = list(shown.hosts.order_by("host_rows__id"))
    people = _People(request, shown, hosts)
    shut = locked(hosts, shown.held_on, shown.last_on)
    may = _may(request, shown, hosts) - ({"correct", "withdraw", "restore"} if shut else set())
    minutes = Minutes(acting(request), shown, hosts, whole=people.whole, records="correct" in may)
    whole = crediting.counted_for_sitting(shown)
    counted = _visible(request, whole)
    closed = request.session.pop(CLOSED, {})
    just = set(closed.get("entries", ())) if closed.get("activity") == pk else set()
    return TemplateResponse(
        request,
        "web/activity.html",
        {
            "title": shown.title,
            "crumbs": [("活动", reverse("activity-list"))],
            "activity": shown,
            "kind": catalogue.current().label("activities", shown.kind),
            "hosts": hosts,
            "seen_orgs": set(
                access.orgs(request.user, "org.view").filter(pk__in=[host.pk for host in hosts])
            ),
            "facts": [*_facts(shown), *minutes.facts],
            "minutes": minutes,
            "late": recorded_late(shown),
            "people": people,
            "credits": list(_credits(counted)),
            "unseen": bool(whole) and not counted,
            "elsewhere": len(_persons(whole) - _persons(counted)),
            "unasked": people.present - len(_persons(whole)) if _studies(shown) else 0,
            "closed": list(_credits([entry for entry in counted if entry.pk in just])),
            "saved": closed.get("activity") == pk,
            "may": may,
            "shut": shut if people.whole else "",
            "enrolling": shown.planned and Places.objects.filter(activity=shown).exists(),
            "files": _files(request, shown),
            "trail": _trail(request, shown),
            "refused": refused.text if refused else "",
        },
        status=status_of(refused) if refused else 200,
    )


def _files(request: HttpRequest, shown: Activity) -> list[tuple[Attachment, str]] | None:
    """The attached files with what they are; None for who may not see them."""
    if not attachments.seen(request, shown):
        return None
    rows = Attachment.objects.filter(activity=shown).select_related("added_by", "removed_by")
    return [(row, attached.FORMS[row.kind][0]) for row in rows.order_by("pk")]


def _facts(shown: Activity) -> list[tuple[str, object]]:
    """Time and place; hours only where the kind has some."""
    facts: list[tuple[str, object]] = [
        ("时间", "–".join(f"{at:%H:%M}" for at in (shown.starts_at, shown.ends_at) if at)),
        ("地点", shown.place),
    ]
    if shown.last_on:
        facts.insert(0, ("到", f"{shown.last_on:%Y-%m-%d}"))
    if shown.outside:
        facts.append(("校外单位", shown.outside))
    if shown.hours is not None or _studies(shown):
        facts.append(("学时", plain(shown.hours)))
    return facts


def _studies(shown: Activity) -> bool:
    return bool(catalogue.current().kinds["activities"][shown.kind]["study"])


def _may(request: HttpRequest, shown: Activity, hosts: Iterable[Org]) -> set[str]:
    """Which buttons to offer; the actions ask again."""
    user = acting(request)

    def everywhere(permission: str) -> bool:
        return not any(access.check(user, permission, host) for host in hosts)

    may = set[str]()
    if shown.part_of_id is not None:  # it follows the record that it is a part of
        return may
    if everywhere("activity.record"):
        may |= {"restore"} if shown.withdrawn_at else {"correct", "copy", "withdraw"}
    elif any(not access.check(user, "activity.record", host) for host in hosts):
        may.add("ask above")  # held together with others, for whom he does not record
    stands = not (shown.withdrawn_at or shown.verified_at or shown.planned)
    if stands and everywhere("activity.verify") and not reviewing.written_by(user, [shown]):
        may.add("verify")
    return may


def _trail(request: HttpRequest, shown: Activity) -> tuple[trail.Line, ...]:
    """The newest first; the first recording is told without content: the page shows it."""
    lines = trail.lines(
        access.history(request.user, shown).select_related("by"),
        people=access.people(request.user, "member.view"),
        orgs=access.orgs(request.user, "org.view"),
    )
    told = [replace(line, changes=()) if line.says == RECORDED else line for line in lines]
    return tuple(reversed(told))


# Who was there


class _People:
    """Everybody for those who work with the branch's records; a member sees who led, and himself.

    Why somebody was absent is nobody else's affair.
    """

    def __init__(self, request: HttpRequest, shown: Activity, hosts: list[Org]) -> None:
        near = access.orgs(request.user, "activity.view")
        whole = self.whole = near.filter(pk__in=[host.pk for host in hosts]).exists()
        rows = shown.attendances.select_related("person").order_by("person__pinyin", "pk")
        attended = sorted(rows, key=lambda row: WEIGHTIEST_FIRST.index(row.role))
        absent = list(shown.absences.select_related("person").order_by("person__pinyin", "pk"))
        reach = access.people(request.user, "member.view")
        pks = [*(row.person_id for row in attended), *(row.person_id for row in absent)]
        self._known = set(reach.filter(pk__in=pks).values_list("pk", flat=True))
        self.present = len(attended)
        self.missing = len(absent)
        label = catalogue.current().label
        late = set(shown.sign_ins.filter(late=True).values_list("person_id", flat=True))
        self.attended = [
            self._person(
                row.person,
                label("roles", row.role) if row.role != "attendee" else "",
                "，".join(
                    filter(None, (_own_hours(row.hours, shown), "迟到" * (row.person_id in late)))
                ),
            )
            for row in attended
            if whole or row.role != "attendee" or row.person_id in self._known
        ]
        self.absent = [
            self._person(row.person, "", row.reason or "原因未填")
            for row in absent
            if whole or row.person_id in self._known
        ]

    @property
    def unnamed(self) -> int:
        return self.present - len(self.attended)

    def _person(self, person: Any, role: str, note: str) -> Person:
        url = reverse("member", args=[person.pk]) if person.pk in self._known else ""
        return Person(person.name, url, role, note)


def _own_hours(hours: Any, shown: Activity) -> str:
    if not hours or hours == shown.hours:  # 0: they count with another kind of the sitting
        return ""
    return f"{plain(hours)} 学时"


# Where it counts


def _visible(request: HttpRequest, counted: list[Entry]) -> list[Entry]:
    pks = [entry.pk for entry in counted]
    seen = set(access.entries(request.user).filter(pk__in=pks).values_list("pk", flat=True))
    return [entry for entry in counted if entry.pk in seen]


def _persons(counted: list[Entry]) -> set[int]:
    return {entry.person_id for entry in counted if entry.person_id is not None}


def _credits(counted: Iterable[Entry]) -> Iterator[Credit]:
    """One line for each entry of an organisation, one for all the people of an obligation."""
    groups = defaultdict[tuple[Any, ...], list[Entry]](list)
    for entry in counted:
        own = entry.pk if entry.person_id is None else None
        groups[entry.obligation, entry.period_start, entry.org_id, own].append(entry)
    for entries in groups.values():
        first = entries[0]
        obligation = catalogue.current().obligations[first.obligation]
        query = {"org": str(first.org_id), "obligation": first.obligation, "period": "all"}
        one = len(entries) == 1
        yield Credit(
            title=obligation.title,
            entry=first,
            got=has_got(first, obligation),
            reading=_reading(obligation),
            count=len(entries),
            done=sum(entry.verdict in crediting.DONE for entry in entries),
            url=reverse("cell", args=[first.pk]) if one else address("ledger-entries", query),
        )


def _reading(obligation: Obligation) -> str:
    """What was chosen where the text leaves open whether one record counts for two demands."""
    if obligation.reading is None:
        return ""
    chosen = ledger.choices(clock.today()).get(obligation.reading.id)
    option = chosen.option if chosen else None
    options = catalogue.current().options(obligation.reading.id)
    return options.get(option or "", obligation.reading.chosen)


# Its verbs


class WithdrawForm(ActionForm):
    reason = forms.CharField(
        label="撤销原因", max_length=200, help_text="例如：重复录入、日期记错。"
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(access.activities(request.user, "activity.view"), pk=pk)
    require(request, "activity.record", *found.hosts.all())
    form = WithdrawForm(request.POST or None, initial={"version": found.version})
    done = form.outcome(partial(actions.withdraw, by=acting(request), activity=found))
    if done:
        messages.success(request, "已撤销，不再计入台账。需要时可以恢复。")
        return redirect("activity", pk)
    page = reverse("activity", args=[pk])
    return form_page(
        request,
        form,
        title="撤销记录",
        crumbs=[("活动", reverse("activity-list")), (found.title, page)],
        submit="撤销",
        about="撤销后不再计入台账，记录本身保留，可以恢复。",
        danger=True,
    )


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    return _carry_out(request, pk, actions.restore, "已恢复，重新计入台账。")


@require_POST
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    act = partial(actions.verify, version=number(request.POST.get("version", "")))
    return _carry_out(request, pk, act, "已核实。")


def _carry_out(
    request: HttpRequest, pk: int, act: Callable[..., Activity], said: str
) -> HttpResponse:
    found = get_object_or_404(access.activities(request.user, "activity.view"), pk=pk)
    try:
        act(by=acting(request), activity=found)
    except Refused as refused:
        return _page(request, pk, refused)
    messages.success(request, said)
    if org := ids.read(request.POST.get("review", "")):
        query = {"org": str(org), "month": code_of(found.held_on)}
        return redirect(address("activity-review", query))
    return redirect("activity", pk)

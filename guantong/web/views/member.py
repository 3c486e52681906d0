"""The page of one member, which is also everybody's own page: 我的信息."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from guantong.records import (
    access,
    catalogue,
    clock,
    days,
    hours,
    lifecycle,
    registers,
    sealing,
    visits,
)
from guantong.records.actions import steps
from guantong.records.models import (
    Activity,
    Entry,
    Event,
    Membership,
    Org,
    Person,
    Post,
    Restricted,
    TransferLetter,
)
from guantong.web import trail
from guantong.web.acting import acting
from guantong.web.case_lines import Line, lines
from guantong.web.held import GENDERS
from guantong.web.views.case_opening import processes_for
from guantong.web.views.orgs import Crumbs, crumbs_to
from guantong.web.wording import has_got

SEALED = (("id_number", "身份证号"), ("phone", "手机号"), ("address", "通信地址"))
RESTRICTED = (
    ("wage", "党费计算基数"),
    ("hardship", "困难情况"),
    ("political_review", "政治审查结论"),
)
RECENT = 20
type Labels = tuple[tuple[str, str], ...]
BEFORE_MEMBER = ("applicant", "activist", "candidate")
STEPS = {
    steps.TRANSFERRED: "撤回上一次转接",
    steps.ENDED: "撤回离开登记",
    steps.EXTENDED: "撤回延长预备期登记",
    **dict.fromkeys(steps.STATUS, "撤回上一步登记"),
}


@require_GET
def me(request: HttpRequest) -> TemplateResponse:
    """One's own page; an account that belongs to nobody on the roll is told so."""
    person = acting(request).person
    if person is None:
        return TemplateResponse(request, "web/me_nobody.html", {"title": "我的信息"})
    return _page(request, person)


@require_GET
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """One member; who was merged into another is found under the other."""
    merged = Person.everyone.filter(pk=pk).exclude(merged_into=None).first()
    if merged is not None and merged.merged_into_id is not None:
        return redirect("member", person_or_404(request, merged.merged_into_id, "member.view").pk)
    return _page(request, person_or_404(request, pk, "member.view"))


def person_or_404(request: HttpRequest, pk: int, permission: str) -> Person:
    return get_object_or_404(access.people(request.user, permission), pk=pk)


def _page(request: HttpRequest, person: Person) -> TemplateResponse:
    user, today = acting(request), clock.today()
    own = user.person_id == person.pk
    now = person.memberships.on(today).select_related("org").first()
    may_edit = not access.check_person(user, "member.edit", person)
    study = hours.seen_by(user, person, year(request, today))
    return TemplateResponse(
        request,
        "web/member.html",
        {
            "title": "我的信息" if own else person.name,
            "crumbs": _crumbs(request, now),
            "person": person,
            "own": own,
            "now": now,
            "status": catalogue.current().label("statuses", now.status) if now else "",
            "party_age": lifecycle.party_age(person, today) if lifecycle.is_member(now) else None,
            "milestones": lifecycle.milestones(person, _spans(person)),
            "may_edit": may_edit,
            "is_member": lifecycle.is_member(now),
            "next_steps": now is not None and now.status in BEFORE_MEMBER,
            "step": (step := _step(request, person) if may_edit else None),
            "undo": STEPS[step.verb] if step else "",
            "may_relieve": not own and not access.check_person(user, "dues.relieve", person),
            "may_merge": not own and not access.check_person(user, "member.merge", person),
            "elsewhere": _elsewhere(person, today) if may_edit or own else [],
            "letter": _letter(person, today) if may_edit or own else None,
            "merges": person.merges.filter(undone_at=None).select_related("absorbed", "by"),
            "may_see_sealed": not access.check_person(user, "member.sealed", person),
            "facts": _facts(person, details=may_edit or own),
            "sealed": _masked(person, SEALED),
            "may_see_restricted": not access.check_person(user, "member.restricted", person),
            "restricted": _masked(Restricted.objects.filter(person=person).first(), RESTRICTED),
            "cases": _cases(request, person),
            "may_begin": processes_for(request, person),
            "study": study,
            "demands": _demands(request, person),
            "memberships": _memberships(request, person),
            "posts": _posts(request, person),
            "relations": _relations(request, person, today),
            "trail": _trail(request, person),
        },
    )


def _cases(request: HttpRequest, person: Person) -> list[Line]:
    """Those about the person that the user may see, open ones first."""
    found = access.cases(request.user).filter(person=person)
    found = found.select_related("org", "person", "other_org")
    return lines(found.order_by(F("closed_on").desc(nulls_first=True), "-opened_on")[:RECENT])


def _step(request: HttpRequest, person: Person) -> steps.Step | None:
    """The transfer or departure that the user may take back."""
    step = steps.last(person)
    if step is None:
        return None
    within = access.orgs(request.user, "member.edit")
    orgs = {org.pk for org in step.orgs}
    return step if within.filter(pk__in=orgs).count() == len(orgs) else None


def _crumbs(request: HttpRequest, now: Membership | None) -> Crumbs:
    if now and access.orgs(request.user, "org.view").filter(pk=now.org_id).exists():
        return crumbs_to(request, now.org)
    return []


def _facts(person: Person, *, details: bool) -> list[tuple[str, object]]:
    """Days of joining for whoever sees the page; the rest for those who keep the roll."""
    joined: list[tuple[str, object]] = [
        ("入党时间", _iso(person.joined_on)),
        ("转正时间", _iso(person.full_member_on)),
    ]
    if not details:
        return joined
    gender, label = GENDERS.get(person.gender or "", ""), catalogue.current().label
    return [
        ("性别", gender),
        ("出生日期", _iso(person.birth_date)),
        ("学历", label("schooling", person.schooling) if person.schooling else ""),
        ("学工号", person.number),
        *joined,
    ]


def _masked(row: Model | None, fields: Labels) -> list[tuple[str, str, str]]:
    """Each sealed field with what may be shown of it, empty where nothing is kept."""
    return [
        (name, label, sealing.mask(name, sealing.unseal(row, name)) if row else "")
        for name, label in fields
    ]


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


# Study: hours against the year, with every source line


def year(request: HttpRequest, today: date) -> int:
    asked = request.GET.get("year", "")
    known = asked.isdecimal() and len(asked) == 4 and int(asked) in days.YEARS
    return int(asked) if known else today.year


# What else is held about the person


@dataclass(frozen=True)
class Demand:
    """An entry that the person answers for, hours left out: they stand above."""

    title: str
    entry: Entry
    got: str


def _demands(request: HttpRequest, person: Person) -> list[Demand]:
    found = access.entries(request.user).filter(person=person)
    found = found.exclude(obligation__in=hours.hours_obligations())
    found = found.order_by("-due_on", "obligation")
    rules = catalogue.current().obligations
    return [
        Demand(rules[entry.obligation].title, entry, has_got(entry, rules[entry.obligation]))
        for entry in found[:RECENT]
    ]


@dataclass(frozen=True)
class Span:
    """A membership or a post as one line; `within` reach: the organisation is a link."""

    org: Org
    within: bool
    says: str
    since: date
    until: date | None
    ending: str = ""
    correct: int = 0  # the membership that the user may correct


def _spans(person: Person) -> list[Membership]:
    return list(person.memberships.select_related("org").order_by("valid_from"))


def _memberships(request: HttpRequest, person: Person) -> list[Span]:
    rows = list(reversed(_spans(person)))
    label, within = catalogue.current().label, _within(request, rows)
    own = acting(request).person_id == person.pk
    may = set() if own else _within(request, rows, "member.edit")
    return [
        Span(
            row.org,
            row.org_id in within,
            label("statuses", row.status) + (f"，豁免：{row.exempt_reason}" if row.exempt else ""),
            row.valid_from,
            row.valid_to,
            row.end_reason,
            row.pk if row.org_id in may else 0,
        )
        for row in rows
    ]


def _posts(request: HttpRequest, person: Person) -> list[Span]:
    rows = list(person.posts.select_related("org").order_by("-valid_from", "post"))
    label, within = catalogue.current().label, _within(request, rows)
    return [
        Span(
            row.org,
            row.org_id in within,
            label("posts", row.post)
            + ("，双带头人" if row.double_leader else "")
            + ("，专职" if row.full_time else ""),
            row.valid_from,
            row.valid_to,
        )
        for row in rows
    ]


def _within(
    request: HttpRequest, rows: Iterable[Membership | Post], permission: str = "org.view"
) -> set[int]:
    found = access.orgs(request.user, permission).filter(pk__in={row.org_id for row in rows})
    return set(found.values_list("pk", flat=True))


def _letter(person: Person, today: date) -> tuple[TransferLetter, str] | None:
    """The last letter, unless it has arrived: and what keeps it."""
    last = person.transfer_letters.order_by("pk").last()
    return (
        (last, registers.stuck(last, today))
        if last and not last.received_on and not last.stays
        else None
    )


def _elsewhere(person: Person, today: date) -> list[tuple[str, registers.Due]]:
    """The registers the person is on, with the day to get in touch."""
    label = catalogue.current().label
    rows = person.whereabouts.filter(valid_to=None).order_by("valid_from")
    return [(label("whereabouts", one.row.kind), one) for one in registers.dues(rows, today)]


def _relations(
    request: HttpRequest, person: Person, today: date
) -> list[tuple[str, str, date, Sequence[Activity]]]:
    """Kind, whom or what it leads to, since when, and at a contact point the year's visits."""
    ends = ("person", "org", "other_org", "other_person")
    sides = (person.relations, person.relations_in)
    found = {row for side in sides for row in side.on(today).select_related(*ends)}
    label = catalogue.current().label
    made = visits.of(found, access.activities(request.user, "activity.view"), today.year)
    return [
        (
            label("relations", row.kind),
            "、".join(str(e) for e in (getattr(row, end) for end in ends) if e and e != person),
            row.valid_from,
            made.get(row.pk, ()),
        )
        for row in sorted(found, key=lambda row: (row.valid_from, row.pk))
    ]


def _trail(request: HttpRequest, person: Person) -> tuple[trail.Line, ...]:
    """What was done to the person's own row, memberships and posts."""
    subjects = [f"person:{person.pk}"]
    subjects += [f"membership:{pk}" for pk in person.memberships.values_list("pk", flat=True)]
    taken_back = Event.objects.filter(subject__in=subjects, verb__in=steps.UNDONE.values())
    subjects += taken_back.values_list("detail__undone", flat=True)
    subjects += [f"post:{pk}" for pk in person.posts.values_list("pk", flat=True)]
    for made in person.merges.filter(undone_at=None).values_list("made", flat=True):
        subjects += [f"{name.lower()}:{pk}" for name, pk, *_ in made]
    events = access.events(request.user).filter(subject__in=subjects)
    return trail.lines(
        events.select_related("by").order_by("-id")[:RECENT],
        people=access.people(request.user, "member.view"),
        orgs=access.orgs(request.user, "org.view"),
    )

"""Keeping the ledger's entries in step with the records.

Every action that changes a record calls `refresh` before it ends, in its own transaction: the
entries that the change can reach are worked out anew by the same compiled query that works out
the whole ledger, narrowed to those bearers and months. `rebuild` works out everything.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from hashlib import sha256
from itertools import batched
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Max, OuterRef, Q, Subquery

from guantong.obligations import model as m
from guantong.obligations.reads import concerned, looks_below
from guantong.obligations.tables import TABLES
from guantong.periods import CALENDAR
from guantong.records import catalogue, clock, ledger
from guantong.records.access import Refused, require
from guantong.records.actions import events, jobs, rows
from guantong.records.models import (
    Assessment,
    Case,
    Entry,
    Event,
    Membership,
    OrgParent,
    User,
)

EVERY_TABLE = frozenset(TABLES)
FIELDS = ("due_on", "period_end", "required", "actual", "numerator", "denominator", "verdict")
BATCH = 2000
LEVELS = 8


@dataclass(frozen=True)
class Touch:
    """What a change can reach: bearers (before and after it), the days, the tables it concerns.

    `last_day` None means "and all days after". `kinds`: of the activities, if nothing else has
    changed.
    """

    org_ids: frozenset[int] = frozenset()
    person_ids: frozenset[int] = frozenset()
    first_day: date = date(1900, 1, 1)
    last_day: date | None = None
    tables: frozenset[str] = EVERY_TABLE
    kinds: frozenset[str] | None = None


def both(first: Touch, *more: Touch) -> Touch:
    """What several changes of the same tables can reach."""
    all_of = [first, *more]
    ends = [touch.last_day for touch in all_of]
    return replace(
        first,
        org_ids=first.org_ids.union(*(touch.org_ids for touch in more)),
        person_ids=first.person_ids.union(*(touch.person_ids for touch in more)),
        first_day=min(touch.first_day for touch in all_of),
        last_day=max(end for end in ends if end) if all(ends) else None,
    )


def refresh(touch: Touch) -> None:
    """Recompute the entries that `touch` can reach, in the caller's transaction.

    Open cases that go with a person's branch go with it here, whatever moved the person.
    """
    if "memberships" in touch.tables:
        touch = _let_cases_follow(touch)
    live = Assessment.objects.select_for_update().filter(live=True).first()
    if live is None:  # no ledger yet; the first one will see this change too
        return
    if live.on_day != clock.today():
        rebuild()
        return
    asked = ledger.question(on=live.on_day)
    affected = [o for o in asked.obligations if concerned(o, touch.tables, touch.kinds)]
    orgs = touch.org_ids
    if any(looks_below(o) for o in affected):
        orgs |= _above(orgs)
    asked = ledger.narrowed(
        asked,
        obligations=affected,
        scope=m.Scope(orgs, touch.person_ids),
        first_day=touch.first_day,
        last_day=touch.last_day,
    )
    _replace(_reached(live, asked), live, ledger.answer(asked))


def _let_cases_follow(touch: Touch) -> Touch:
    """Open cases of people belong to the branch that these are in, where they are in one.

    What that changes is touched, too: where the cases were and where they come to.
    """
    now = Membership.objects.filter(person=OuterRef("person"), valid_to=None).values("org")[:1]
    following = Case.objects.open().filter(process__in=catalogue.handling().names("follows"))
    for some in batched(touch.person_ids, BATCH, strict=False):
        moved = following.filter(person__in=some).annotate(now=Subquery(now))
        moved = moved.exclude(now=None).exclude(now=F("org"))
        if found := list(moved.values_list("pk", "org", "now", "opened_on")):
            following.filter(pk__in=[pk for pk, *_ in found]).update(org=Subquery(now))
            touch = replace(
                touch,
                org_ids=touch.org_ids.union(*((was, to) for _, was, to, _ in found)),
                first_day=min(touch.first_day, *(day for *_, day in found)),
                last_day=None,
                tables=touch.tables | {"cases"},
            )
    return touch


@transaction.atomic
def rebuild() -> Assessment:
    """Work the whole live ledger out anew for today. Entries that stay keep their ids."""
    live = Assessment.objects.select_for_update().filter(live=True).first()
    asked = ledger.question()
    if live is None:
        return _assess(asked, live=True)
    _describe(live, asked)
    _replace(live.entries.all(), live, ledger.answer(asked))
    return live


def bring_up_to_date(*, wait: bool = False) -> Assessment:
    """Return the live ledger, rebuilt if the day has turned. After a change of the catalogue only
    what it touches is worked out anew, as work that can be watched; a page does not `wait`.
    """
    live = Assessment.objects.filter(live=True).first()
    if live is None or live.on_day != clock.today():
        return rebuild()
    if live.catalogue_hash != catalogue.fingerprint():
        ledger.plan()  # a folder that is not the school's is told here, not beside
        do = jobs.carry_out if wait else jobs.start
        do(RECOMPUTE, lambda: recompute(live))
        live.refresh_from_db()
    return live


RECOMPUTE = "recompute"


def stale(live: Assessment) -> list[str]:
    """The obligations whose text, calendar or stretch of time is not the one that the live
    ledger was worked out with.
    """
    now, then = _rules(ledger.question(on=live.on_day)), live.rules
    return [n for n in {**then, **now} if _basis(then.get(n)) != _basis(now.get(n))]


def _basis(rule: Mapping[str, str] | None) -> tuple[str, str] | None:
    return (rule["hash"], rule["time"]) if rule else None


def recompute(live: Assessment) -> list[Callable[[], None]]:
    """The steps that bring the stale obligations up to date, each whole in itself."""
    return [partial(recompute_one, name) for name in stale(live)] + [_agree_on_catalogue]


def follow_rules() -> None:
    """After a decision on rules: work out what it touches, in the caller's transaction."""
    forget_other_days()
    live = Assessment.objects.filter(live=True).first()
    if live is None or live.on_day != clock.today():
        rebuild()
        return
    for step in recompute(live):
        step()


@transaction.atomic
def recompute_one(name: str) -> None:
    """Work the entries of one obligation out anew, by its text as it is now."""
    live = Assessment.objects.select_for_update().get(live=True)
    asked = ledger.question(on=live.on_day)
    asked = replace(asked, obligations=tuple(o for o in asked.obligations if o.name == name))
    _replace(live.entries.filter(obligation=name), live, ledger.answer(asked))
    others = {other: rule for other, rule in live.rules.items() if other != name}
    rows.change(live, rules=others | _rules(asked))


@transaction.atomic
def _agree_on_catalogue() -> None:
    live = rows.locked(Assessment.objects.get(live=True))
    rows.change(live, catalogue_hash=catalogue.fingerprint())


@transaction.atomic
def as_of(day: date) -> Assessment:
    """Return the ledger as seen on another day; worked out once until a record changes."""
    looked_at = Assessment.objects.filter(live=False, kept=False, on_day=day)
    fresh = looked_at.filter(
        last_event=_last_event(), catalogue_hash=catalogue.fingerprint()
    ).first()
    if fresh:
        return fresh
    looked_at.delete()
    return _assess(ledger.question(on=day), live=False)


def forget_other_days() -> None:
    """Drop the ledgers worked out for other days; asked for, they come back."""
    Assessment.objects.filter(live=False, kept=False).delete()


def forget_orgs(ids: Collection[int]) -> None:
    """Drop what the ledger says of organisations that are about to be deleted."""
    forget_other_days()
    Entry.objects.filter(assessment__live=True, org__in=ids).delete()


def require_keepable(*, by: User | None, name: str, day: date) -> None:
    """Ask before the work whether a ledger of that day may be kept under that name."""
    require(by, "ledger.keep", None)
    if not name.strip():
        raise Refused("请给存档起个名称，例如“2022 年终”。", {"name": "请写名称。"})
    longest = Assessment._meta.get_field("name").max_length or 0
    if len(name.strip()) > longest or not name.strip().isprintable():
        raise Refused(
            f"名称写成一行，不超过 {longest} 个字。", {"name": f"一行，不超过 {longest} 个字。"}
        )
    if day > clock.today():
        raise Refused("还没有到的日子没有台账可存。", {"on": "请选今天或过去的一天。"})


@transaction.atomic
def keep(
    *,
    by: User | None,
    name: str,
    plan: str,
    asked: m.Question,
    found: Iterable[m.Entry],
    engine: str,
) -> Assessment:
    """Store a plan's entries under a name, with the texts they rest on, for good."""
    require_keepable(by=by, name=name, day=asked.on)
    about = {"live": False, "kept": True, "name": name.strip(), "by": by, "engine": engine}
    about["plan"] = plan
    assessment = _stored_as(asked, found, about)
    events.leave("ledger.kept", assessment, by=by, name=name.strip(), on_day=asked.on)
    return assessment


def keep_day(*, by: User | None, name: str, day: date) -> Assessment:
    """Store the ledger as seen on a day, today's or one before."""
    require_keepable(by=by, name=name, day=day)
    asked = ledger.question(on=day)
    return keep(
        by=by,
        name=name,
        plan=ledger.plan().name,
        asked=asked,
        found=ledger.answer(asked),
        engine=connection.vendor,
    )


def _assess(asked: m.Question, *, live: bool) -> Assessment:
    about = {"live": live, "engine": connection.vendor}
    return _stored_as(asked, ledger.answer(asked), about)


def _stored_as(asked: m.Question, found: Iterable[m.Entry], about: dict[str, Any]) -> Assessment:
    assessment = Assessment.objects.create(**{**_described(asked), **about})
    rows.pour(_row(assessment, entry) for entry in found)
    return assessment


def _described(asked: m.Question) -> dict[str, Any]:
    return {
        "plan": ledger.plan().name,
        "on_day": asked.on,
        "since": asked.span.start,
        "catalogue_hash": catalogue.fingerprint(),
        "rules": _rules(asked),
        "made_at": clock.now(),
        "last_event": _last_event(),
    }


def _describe(live: Assessment, asked: m.Question) -> None:
    rows.change(live, **_described(asked), engine=connection.vendor)


def _rules(asked: m.Question) -> dict[str, dict[str, str]]:
    """What the entries of each obligation rest on: its text, and the periods it is asked for."""
    time = sha256(repr((asked.span, asked.calendar)).encode()).hexdigest()
    return {
        o.name: {
            "title": o.title,
            "demand": o.demand,
            "reading": o.reading.chosen if o.reading else "",
            "hash": o.fingerprint,
            "time": time,
        }
        for o in asked.obligations
    }


def _last_event() -> int:
    newest: int | None = Event.objects.aggregate(newest=Max("id"))["newest"]
    return newest or 0


def _above(org_ids: frozenset[int]) -> frozenset[int]:
    """Every organisation that these ever hung below."""
    found, level = set[int](), set(org_ids)
    for _ in range(LEVELS):
        level = (
            set(OrgParent.objects.filter(org__in=level).values_list("parent_id", flat=True))
            - found
        )
        if not level:
            break
        found |= level
    return frozenset(found)


def _reached(live: Assessment, asked: m.Question) -> Iterable[Entry]:
    """The stored entries that the narrowed question answers anew.

    Asked in two, each by an index of its own: an OR may read the whole ledger.
    """
    scope, within = asked.scope, asked.within
    assert scope is not None
    assert within is not None
    unnarrowed = [o.name for o in asked.obligations if o.every not in CALENDAR]
    names = [o.name for o in asked.obligations]
    meets = Q(period_start__lt=within.end, period_end__gt=within.start)
    meets |= Q(obligation__in=unnarrowed)
    met = Entry.objects.filter(meets, assessment=live, obligation__in=names)
    yield from met.filter(person=None, org__in=scope.org_ids)
    yield from met.filter(person__in=scope.person_ids)


def _replace(stored: Iterable[Entry], live: Assessment, found: list[m.Entry]) -> None:
    """Make the stored rows equal to the entries found, touching only those that differ."""
    before = {(e.obligation, e.org_id, e.person_id, e.period_start): e for e in stored}
    changed, new = [], []
    for entry in found:
        key = (entry.obligation, entry.org_id, entry.person_id, entry.period.start)
        row = before.pop(key, None)
        fresh = _row(live, entry)
        if row is None:
            new.append(fresh)
        elif any(getattr(row, f) != getattr(fresh, f) for f in FIELDS):
            fresh.pk = row.pk
            changed.append(fresh)
    if before:
        Entry.objects.filter(pk__in=[row.pk for row in before.values()]).delete()
    rows.put(changed, FIELDS)
    rows.pour(new)


def _row(assessment: Assessment, entry: m.Entry) -> Entry:
    return Entry(
        assessment=assessment,
        obligation=entry.obligation,
        bearer_kind=entry.bearer_kind,
        org_id=entry.org_id,
        person_id=entry.person_id,
        period_start=entry.period.start,
        period_end=entry.period.end,
        due_on=entry.due_on,
        required=_stored(entry.required),
        actual=_stored(entry.actual),
        numerator=_stored(entry.numerator),
        denominator=_stored(entry.denominator),
        verdict=entry.verdict.value,
    )


def _stored(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.0001"))

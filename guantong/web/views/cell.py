"""One entry of the ledger, explained: what is required and why, what counted, what did not.

It is found by its number in the ledger as it is now; a ledger of another day has numbers of
its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Final

from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from guantong.obligations import describe, explain
from guantong.obligations import model as m
from guantong.records import access, catalogue, ledger
from guantong.records.crediting import kinds_counted
from guantong.records.models import Assessment, Entry, ReadingChoice
from guantong.web import bases, scope, wording
from guantong.web.addresses import address
from guantong.web.candidates import Found, told
from guantong.web.closing import OPEN, Closing
from guantong.web.trees import Tree, names_on

SHOWN: Final = 20  # longer lists are folded


@dataclass(frozen=True)
class Rows:
    """One list of records; `why`: with the reasons why they did not count."""

    title: str
    found: list[Found]
    why: bool = False
    folded: bool = False


@require_GET
def cell(request: HttpRequest, pk: int) -> TemplateResponse:
    entry = _entry(request, pk)
    rules, plan = catalogue.current(), ledger.plan()
    day = entry.assessment.on_day
    entry.org = Tree(names=names_on(day)).called(entry.org)
    obligation = ledger.obligation(entry.obligation, day)
    why = ledger.explanation(entry)
    found = told(request.user, why, kinds_counted(obligation.measure))
    period = wording.period_of_entry(entry)
    return TemplateResponse(
        request,
        "web/cell.html",
        {
            "title": f"{obligation.title} · {wording.period_words(period)}",
            "crumbs": _crumbs(request, entry),
            "entry": entry,
            "obligation": obligation,
            "org_opens": access.orgs(request.user, "org.view").filter(pk=entry.org_id).exists(),
            "closing": why.closing,
            "act": Closing(request.user).act(entry),
            "facts": _facts(entry, obligation),
            "lists": list(_lists(found, unfinished=entry.verdict in OPEN)),
            "cut": len(found) >= explain.MOST,
            "bases": list(bases.bases(obligation, rules, plan)),
            "level": describe.LEVEL[obligation.level],
            "bearer": describe.bearer(obligation, rules),
            "measured": describe.measured(obligation.measure, rules),
            "years": _years(request, entry),
            "reading_tag": describe.reading_tag(obligation),
            "decision": _decision(obligation, day),
        },
    )


def _decision(obligation: m.Obligation, day: date) -> ReadingChoice | None:
    """Who decided to read the text so, if anybody did."""
    return ledger.choices(day).get(obligation.reading.id) if obligation.reading else None


def _entry(request: HttpRequest, pk: int) -> Entry:
    """An entry of the live ledger, or of one as seen on another day."""
    of = Assessment.objects.filter(entries=pk).first()
    found = access.entries(request.user, of).select_related("org", "person", "assessment")
    return get_object_or_404(found, pk=pk)


def _facts(entry: Entry, obligation: m.Obligation) -> list[tuple[str, str]]:
    bound = wording.bound_words(obligation, entry.period_start)
    exempt = entry.verdict == m.Verdict.EXEMPT
    required = "" if exempt else wording.amount(entry.required, obligation)
    actual = wording.amount(entry.actual, obligation)
    if entry.denominator is not None:
        actual = wording.has_got(entry, obligation)
    due = f"{entry.due_on:%Y-%m-%d}"
    if entry.verdict in OPEN:
        due += f"（{wording.distance(entry.due_on, entry.assessment.on_day)}）"
    return [
        ("要求", f"{bound} {required}" if required else "不作要求"),
        ("已有", actual or "未知"),
        ("到期日", due),
    ]


def _lists(found: Sequence[Found], *, unfinished: bool) -> Iterator[Rows]:
    """What counted and what did not; what keeps an entry open comes first."""
    counted = Rows("计入的记录", [row for row in found if row.counted])
    blank = Rows(
        "缺数据、还不能判断的记录", [row for row in found if row.counted is None], why=True
    )
    missed = [row for row in found if row.counted is False]
    near = Rows("没有计入的记录", [row for row in missed if row.near], why=True)
    far = Rows("同期其他类别的活动（没有计入）", [row for row in missed if not row.near], why=True)
    for rows in (blank, near, counted, far) if unfinished else (counted, blank, near, far):
        if rows.found or rows is counted:
            yield replace(rows, folded=rows is far or len(rows.found) > SHOWN)


def _years(request: HttpRequest, entry: Entry) -> list[tuple[str, list[tuple[str, Entry]]]]:
    """The same demand on the same bearer in other periods, by year, the newest year first."""
    same = Q(obligation=entry.obligation, org=entry.org_id, person=entry.person_id)
    found = access.entries(request.user, entry.assessment).filter(same).order_by("period_start")
    years = groupby(found, key=lambda other: other.period_start.year)
    named = [(f"{year}年", [(_short_name(e), e) for e in those]) for year, those in years]
    if all(len(those) == 1 for _, those in named):  # one line will do
        return [("", [those[0] for _, those in named])] if len(named) > 1 else []
    return named[::-1]


def _short_name(entry: Entry) -> str:
    """The period without its year: 5月, 第二季度; a whole year or a term keep theirs."""
    words = wording.period_words(wording.period_of_entry(entry))
    return words.removeprefix(f"{entry.period_start.year}年") or words


def _crumbs(request: HttpRequest, entry: Entry) -> list[tuple[str, str]]:
    above = [*scope.visible(request).above(entry.org).order_by("path"), entry.org]
    there = scope.visible(request).filter(pk=entry.org_id).exists()
    trail = [(o.short_name, address("ledger", {"org": str(o.pk)})) for o in above] if there else []
    query = {"org": str(entry.org_id) if there else "", "obligation": entry.obligation}
    return [*trail, ("各周期", address("ledger-entries", query))]

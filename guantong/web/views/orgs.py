"""Organisations: the tree of a day, the page of one organisation and its drawn chart."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import access, catalogue, clock, headcounts, ledger
from guantong.records.actions import restoring
from guantong.records.models import Activity, Entry, Membership, Org, OrgChange
from guantong.records.models.org import OrgQuerySet, below
from guantong.records.rosters import BRANCH
from guantong.web import charts, choices, download, ledger_periods, org_cards, standing, trail
from guantong.web.acting import acting
from guantong.web.activity_minutes import Todo, todos
from guantong.web.as_of import AsOf, AsOfFilter
from guantong.web.filters import part_of
from guantong.web.org_tree import Forest, Node, Wanted
from guantong.web.standing import Tally

RECENT = 8
EACH_DRAG: Final = "recut.planned"  # as many as drags: they would fill the short list
SEEING = frozenset({"member.view", "activity.view", "event.view"})
type Crumbs = list[tuple[str, str]]


class TreeFilter(AsOfFilter):
    q = forms.CharField(label="名称或代码", required=False, max_length=60)
    kind = forms.ChoiceField(label="类别", required=False)
    category = forms.ChoiceField(label="支部类别", required=False)
    field_order = ("q", "kind", "category", "on", "tree")

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.offer("kind", choices.kinds("orgs", every="全部"))
        self.offer("category", choices.kinds("categories", every="全部"))

    def wanted(self) -> Wanted:
        return Wanted(self.value("q").strip(), self.value("kind"), self.value("category"))


@require_GET
def org_list(request: HttpRequest) -> HttpResponse:
    orgs = access.orgs(request.user, "org.view")
    form, as_of = TreeFilter(request), AsOf.of(request)
    nodes = Forest(orgs, as_of.day, form.wanted(), as_now=as_of.as_now).nodes()
    if not nodes and not orgs.exists():
        raise Http404
    if download.wanted(request):
        return _workbook(request, form, nodes, as_of.says)
    if len(nodes) == 1 and not nodes[0].below and not request.GET:
        return redirect("org", nodes[0].pk)
    return TemplateResponse(
        request,
        part_of(request, "web/org_list.html", "tree"),
        {
            "title": "组织",
            "form": form,
            "nodes": nodes,
            "as_on": as_of.says,
            "past": as_of.past,
            "found": sum(node.hit for top in nodes for node in top.flat()),
            "searched": bool(form.wanted()),
            "may_budget": access.orgs(request.user, "budget.view").exists(),
            "may_found": access.orgs(request.user, "org.edit").exists(),
        },
    )


def _workbook(
    request: HttpRequest, form: TreeFilter, nodes: Iterable[Node], as_on: str
) -> HttpResponse:
    above: dict[int, str] = {}
    rows = []
    for node in (node for top in nodes for node in top.flat()):
        above |= {child.pk: node.short_name for child in node.below}
        secretaries = "、".join(node.secretaries)
        rows.append(
            (node.name, node.kind_title, above.get(node.pk, ""), secretaries, node.branches,
             node.members, node.valid_from, node.external_code or "")
        )  # fmt: skip
    header = ("名称", "类别", "上级", "书记", "党支部", "党员", "成立日期", "组织代码")
    about = " · ".join([as_on, *form.narrowed()])
    return download.workbook(request, title="组织", header=header, rows=rows, about=about)


# One organisation


TODOS: Final = 6  # shown; the list has the others


@require_GET
def org(request: HttpRequest, pk: int) -> TemplateResponse:
    """On a day: its posts, members, papers and what hung below it then, or hangs below it now."""
    found = org_or_404(request, pk, "org.view")
    may = access.permissions_at(request.user, found)
    form, as_of = AsOfFilter(request), AsOf.of(request)
    day, today, tree = as_of.day, as_of.today, as_of.tree
    orgs = access.orgs(request.user, "org.view")
    entries = access.entries(request.user)
    heads = headcounts.heads(tree.below(found, "org__"), day)
    held = org_cards.posts(found, day)
    demands = _demands(request, found, today) if day == today else []
    return TemplateResponse(
        request,
        "web/org.html",
        {
            "title": tree.called(found).name,
            "crumbs": crumbs_above(request, found),
            "org": found,
            "form": form,
            "day": day,
            "past": as_of.past,
            "as_on": as_of.says,
            "node": node_of(found, orgs, as_of),
            "gone": not found.exists_on(today),
            "absent": not found.exists_on(day),
            "year": today.year,
            "may": {p.replace(".", "_") for p in (may if day == today else may & SEEING)},
            "is_branch": found.kind == BRANCH,
            "facts": _facts(found),
            "units": found.unit_names(),
            "posts": [*held, *(org_cards.posts_to_come(found, day) if day == today else ())],
            "elsewhere": org_cards.elsewhere(held, day),
            "term": org_cards.term(found, day) if found.exists_on(day) else None,
            "warnings": org_cards.warnings(found, heads, held, day),
            "staffing": org_cards.staffing(found, entries, today) if day == today else [],
            "heads": heads,
            "statuses": [
                (title, heads.by_status[code])
                for code, title in choices.kinds("statuses")
                if code in heads.by_status
            ],
            "members": _members(found, day) if "member.view" in may else [],
            "demands": demands,
            "open": [demand for demand in demands if demand.tally.done < demand.tally.of],
            "done": [demand for demand in demands if demand.tally.done >= demand.tally.of],
            "undone": org_cards.undone(found, entries),
            "activities": _activities(request, found, day) if "activity.view" in may else [],
            "todos": _todos(request, found, may),
            "documents": org_cards.documents(found, day),
            "figures": org_cards.figures(found, day),
            "relations": org_cards.relations(found, day),
            "history": org_cards.history(found, orgs, day),
            "changes": _undoable(request, found) if day == today and "org.edit" in may else [],
            "trail": _trail(request, found) if "event.view" in may else (),
        },
    )


def _todos(request: HttpRequest, org: Org, may: frozenset[str]) -> list[Todo]:
    """What its meetings left to do and is still open."""
    if "activity.view" not in may:
        return []
    found = access.follow_ups(request.user).open().filter(activity__hosts=org)
    rows = found.select_related("activity", "owner").most_urgent_first()[:TODOS]
    return todos(rows, clock.today(), acting(request), records="activity.record" in may)


def node_of(org: Org, orgs: OrgQuerySet, as_of: AsOf) -> Node | None:
    """The organisation with all below it, of those in reach; None if it was not there."""
    within = orgs.filter(as_of.tree.below(org))
    nodes = Forest(within, as_of.day, Wanted(), as_now=as_of.as_now).nodes()
    return next((node for node in nodes if node.pk == org.pk), None)


@require_GET
def org_chart(request: HttpRequest, pk: int) -> HttpResponse:
    """The drawn chart of an organisation and all below it, with the same figures in a table."""
    found = org_or_404(request, pk, "org.view")
    form, as_of = AsOfFilter(request), AsOf.of(request)
    node = node_of(found, access.orgs(request.user, "org.view"), as_of)
    depth = {"1": 1, "2": 2, "9": 9}.get(request.GET.get("depth", ""), 1)
    return TemplateResponse(
        request,
        "web/org_chart.html",
        {
            "title": "组织架构图",
            "crumbs": crumbs_to(request, found),
            "form": form,
            "as_on": as_of.says,
            "node": node,
            "chart": charts.org_tree(node, depth, as_of.query) if node else {},
            "height": charts.org_tree_height(node, depth) if node else 0,
            "rows": list(node.flat_with_depth()) if node else [],
            "depth": depth,
            "depths": [(1, "只看下一级"), (2, "看两级"), (9, "全部展开")],
        },
    )


def org_or_404(request: HttpRequest, pk: int, permission: str) -> Org:
    return get_object_or_404(access.orgs(request.user, permission), pk=pk)


def crumbs_above(request: HttpRequest, below: Org) -> Crumbs:
    """The organisations in reach above one, from the top down."""
    above = access.orgs(request.user, "org.view").above(below)
    named = {org.pk: org for org in above}
    return [
        (named[pk].short_name, reverse("org", args=[pk])) for pk in below.lineage() if pk in named
    ]


def crumbs_to(request: HttpRequest, org: Org) -> Crumbs:
    """The way to a page about an organisation that is not its own page."""
    return [*crumbs_above(request, org), (org.short_name, reverse("org", args=[org.pk]))]


def _facts(org: Org) -> list[tuple[str, str | None]]:
    rows = [("组织代码", org.external_code), ("成立", f"{org.valid_from}")]
    if org.short_name != org.name:
        rows.insert(0, ("简称", org.short_name))
    return [*rows, ("撤销", f"{org.valid_to}")] if org.valid_to else rows


@dataclass(frozen=True)
class Demand:
    """One obligation this year: counted over the subtree, and the organisation's own entries."""

    name: str
    title: str
    link: str
    tally: Tally
    own: tuple[Entry, ...]


def _demands(request: HttpRequest, org: Org, today: date) -> list[Demand]:
    this_year = ledger_periods.chosen(str(today.year), ledger.question())
    year = access.entries(request.user).filter(this_year)
    tallies = standing.by_obligation(year.filter(below(org, "org__")))
    own = defaultdict[str, list[Entry]](list)
    for entry in year.filter(org=org, person=None).order_by("period_start"):
        own[entry.obligation].append(entry)
    rules = catalogue.current().obligations
    listed = f"{reverse('ledger-entries')}?org={org.pk}&period={today.year}&obligation="
    return [
        Demand(name, rules[name].title, listed + name, tallies[name], tuple(own[name]))
        for name in ledger.plan().obligation_names()
        if name in tallies
    ]


def _members(org: Org, day: date) -> list[Membership]:
    held = org.memberships.on(day).of_members().select_related("person")
    return list(held.order_by("person__pinyin", "person_id"))


def _activities(request: HttpRequest, org: Org, day: date) -> list[Activity]:
    """The latest; on a past day, the latest up to it."""
    hosted = access.activities(request.user, "activity.view").live().filter(host_rows__org=org)
    if day < clock.today():
        hosted = hosted.filter(held_on__lte=day)
    return list(hosted.newest_first()[:RECENT])


def _undoable(request: HttpRequest, org: Org) -> list[tuple[str, OrgChange]]:
    """The latest changes that can be asked to be taken back, each with its word."""
    latest = OrgChange.objects.about(org)[:RECENT]
    found = restoring.undoable(acting(request), latest)
    return [(trail.VERBS[change.kind], change) for change in found]


def _trail(request: HttpRequest, org: Org) -> tuple[trail.Line, ...]:
    events = access.events(request.user).filter(org=org).exclude(verb=EACH_DRAG)
    return trail.lines(
        events.select_related("by").order_by("-id")[:RECENT],
        people=access.people(request.user, "member.view"),
        orgs=access.orgs(request.user, "org.view"),
    )

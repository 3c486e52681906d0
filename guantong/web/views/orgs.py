"""Organisations: the tree of a day, and the page of one organisation."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from guantong.records import access, catalogue, clock, ledger
from guantong.records.models import (
    Activity,
    Document,
    Entry,
    Figure,
    Membership,
    Org,
    Post,
    Relation,
    Term,
)
from guantong.records.models.org import OrgQuerySet
from guantong.records.rosters import BRANCH
from guantong.web import choices, download, ledger_periods, standing, trail
from guantong.web.acting import DayField
from guantong.web.filters import Filter, part_of
from guantong.web.org_tree import Forest, Node, Wanted
from guantong.web.standing import Tally

RECENT = 8
type Crumbs = list[tuple[str, str]]


class TreeFilter(Filter):
    q = forms.CharField(label="名称或代码", required=False, max_length=60)
    kind = forms.ChoiceField(label="类别", required=False)
    category = forms.ChoiceField(label="支部类别", required=False)
    on = DayField(label="哪一天的组织", required=False)
    narrow_nothing = Filter.narrow_nothing | {"on"}

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.offer("kind", choices.kinds("orgs", every="全部"))
        self.offer("category", choices.kinds("categories", every="全部"))

    def wanted(self) -> Wanted:
        return Wanted(self.value("q").strip(), self.value("kind"), self.value("category"))


def org_list(request: HttpRequest) -> HttpResponse:
    orgs = access.orgs(request.user, "org.view")
    form = TreeFilter(request)
    today = clock.today()
    day = form.value("on", today)
    nodes = Forest(orgs, day, form.wanted()).nodes()
    if not nodes and not orgs.exists():
        raise Http404
    if download.wanted(request):
        return _workbook(request, form, nodes, day)
    if len(nodes) == 1 and not nodes[0].below and not request.GET:
        return redirect("org", nodes[0].pk)
    return TemplateResponse(
        request,
        part_of(request, "web/org_list.html", "tree"),
        {
            "title": "组织",
            "form": form,
            "nodes": nodes,
            "day": day,
            "past": day != today,
            "found": sum(node.hit for top in nodes for node in top.flat()),
            "searched": bool(form.wanted()),
            "may_found": access.orgs(request.user, "org.edit").exists(),
        },
    )


def _workbook(
    request: HttpRequest, form: TreeFilter, nodes: Iterable[Node], day: date
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
    about = " · ".join([f"{day} 的组织", *form.narrowed()])
    return download.workbook(request, title="组织", header=header, rows=rows, about=about)


# One organisation


def org(request: HttpRequest, pk: int) -> TemplateResponse:
    found = org_or_404(request, pk, "org.view")
    may = access.permissions_at(request.user, found)
    today = clock.today()
    orgs = access.orgs(request.user, "org.view")
    tree = Forest(orgs.below(found), today, Wanted()).nodes()
    demands = _demands(request, found, today)
    members = _members(found, today) if "member.view" in may else []
    return TemplateResponse(
        request,
        "web/org.html",
        {
            "title": found.name,
            "crumbs": crumbs_above(request, found),
            "org": found,
            "node": tree[0] if tree else None,
            "gone": not found.exists_on(today),
            "year": today.year,
            "may": {permission.replace(".", "_") for permission in may},
            "is_branch": found.kind == BRANCH,
            "facts": _facts(found),
            "posts": _posts(found, today),
            "term": _term(found, today),
            "members": members,
            "counted": _counted(members),
            "demands": demands,
            "open": [demand for demand in demands if demand.tally.done < demand.tally.of],
            "done": [demand for demand in demands if demand.tally.done >= demand.tally.of],
            "activities": _activities(request, found) if "activity.view" in may else [],
            "documents": _documents(found, today),
            "figures": _figures(found, today),
            "relations": _relations(found, today),
            "history": _history(found, orgs),
            "trail": _trail(request, found) if "event.view" in may else (),
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
class Called[Row]:
    """A row with the catalogue's word for its code."""

    title: str
    row: Row


def _called[Row](group: str, code: str, rows: Iterable[Row]) -> list[Called[Row]]:
    """In the catalogue's order of the codes; `code` names the field that holds one."""
    titles = {
        name: str(entry["title"]) for name, entry in catalogue.current().kinds[group].items()
    }
    order = list(titles)
    found = sorted(rows, key=lambda row: order.index(getattr(row, code)))
    return [Called(titles[getattr(row, code)], row) for row in found]


def _posts(org: Org, today: date) -> list[Called[Post]]:
    held = org.posts.on(today).select_related("person").order_by("valid_from", "person__pinyin")
    return _called("posts", "post", held)


@dataclass(frozen=True)
class CurrentTerm:
    row: Term
    ends_on: date
    days_left: int

    @property
    def overdue(self) -> int:
        return -self.days_left


def _term(org: Org, today: date) -> CurrentTerm | None:
    row = org.terms.filter(elected_on__lte=today).order_by("-elected_on").first()
    if row is None:
        return None
    ends_on = row.extended_to or row.expires_on
    return CurrentTerm(row, ends_on, (ends_on - today).days)


def _members(org: Org, today: date) -> list[Membership]:
    held = org.memberships.on(today).of_members().select_related("person")
    return list(held.order_by("person__pinyin", "person_id"))


def _counted(members: Iterable[Membership]) -> str:
    """Return 正式党员 18 · 预备党员 6, the exempt ones among them last."""
    members = list(members)
    counts = Counter(membership.status for membership in members)
    words = [
        f"{title} {counts[code]}" for code, title in choices.kinds("statuses") if counts[code]
    ]
    exempt = sum(membership.exempt for membership in members)
    return " · ".join([*words, *([f"豁免 {exempt}"] if exempt else [])])


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
    tallies = standing.by_obligation(year.filter(org__path__startswith=org.path))
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


def _activities(request: HttpRequest, org: Org) -> list[Activity]:
    hosted = access.activities(request.user, "activity.view").live().filter(host_rows__org=org)
    return list(hosted.newest_first()[:RECENT])


def _documents(org: Org, today: date) -> list[Called[Document]]:
    return _called("documents", "doc_class", org.documents.on(today).order_by("valid_from"))


def _figures(org: Org, today: date) -> list[Called[Figure]]:
    return _called("figures", "name", org.figures.latest_by(today))


@dataclass(frozen=True)
class Link:
    """A relation as seen from one organisation: its kind, and whom or what it leads to."""

    title: str
    row: Relation
    others: str


def _relations(org: Org, today: date) -> list[Link]:
    ends = ("person", "org", "other_org", "other_person")
    sides = (org.relations, org.relations_in)
    found = {row for side in sides for row in side.on(today).select_related(*ends)}
    return [
        Link(one.title, one.row, "、".join(_others(one.row, org)))
        for one in _called("relations", "kind", sorted(found, key=lambda r: (r.valid_from, r.pk)))
    ]


def _others(relation: Relation, org: Org) -> Iterator[str]:
    for end in (relation.person, relation.org, relation.other_org, relation.other_person):
        if end is not None and end != org:
            yield str(end)


@dataclass(frozen=True)
class Past:
    """One line of an organisation's history."""

    on: date
    says: str
    org: Org | None = None
    within: bool = False  # reach: its name is a link


def _history(org: Org, orgs: OrgQuerySet) -> list[Past]:
    spans = org.parents.select_related("parent")
    origins = org.origins.select_related("predecessor")
    successions = org.successions.select_related("successor")
    named = [
        *((span.valid_from, "隶属于", span.parent) for span in spans),
        *((row.on_day, "前身", row.predecessor) for row in origins),
        *((row.on_day, "后继", row.successor) for row in successions),
    ]
    within = set(
        orgs.filter(pk__in=[other.pk for _, _, other in named]).values_list("pk", flat=True)
    )
    lines = [Past(day, says, other, other.pk in within) for day, says, other in named]
    lines += [
        Past(row.valid_to, f"更名，此前称“{row.name}”")
        for row in org.former_names.all()
        if row.valid_to
    ]
    lines += [Past(org.valid_from, "成立")] + (
        [Past(org.valid_to, "撤销")] if org.valid_to else []
    )
    return sorted(lines, key=lambda line: (line.on, line.says != "成立"))


def _trail(request: HttpRequest, org: Org) -> tuple[trail.Line, ...]:
    events = access.events(request.user).filter(org=org).select_related("by").order_by("-id")
    return trail.lines(
        events[:RECENT],
        people=access.people(request.user, "member.view"),
        orgs=access.orgs(request.user, "org.view"),
    )

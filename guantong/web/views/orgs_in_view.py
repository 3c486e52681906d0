"""The switch page: choose the organisation that the other pages are about."""

from collections import defaultdict
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from guantong.records import clock
from guantong.records.models import Org
from guantong.web import ids, scope
from guantong.web.navigation import section


@dataclass(frozen=True)
class Node:
    """An organisation and those directly below it; `open`: shown unfolded."""

    org: Org
    below: tuple["Node", ...]
    open: bool


def switch(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        asked = ids.read(request.POST.get("org"))
        scope.choose(request, get_object_or_404(scope.visible(request), pk=asked))
        return HttpResponseRedirect(_back(request))
    query = request.GET.get("q", "").strip()
    current = scope.org_in_view(request)
    found = scope.visible(request).on(clock.today()).in_order()
    return TemplateResponse(
        request,
        "web/org_switch.html",
        {
            "title": "更换组织",
            "nodes": tree(list(found), current) if not query else (),
            "found": found.search(query) if query else (),
            "query": query,
            "current": current,
            "next": request.GET.get("next", ""),
        },
    )


def tree(orgs: list[Org], current: Org | None) -> tuple[Node, ...]:
    """Hang organisations, given in the order of siblings, below each other."""
    here = {org.path for org in orgs}
    below = defaultdict[str, list[Org]](list)
    for org in orgs:
        above = org.path.removesuffix(f"{org.pk}/")
        below[above if above in here else ""].append(org)

    def node(org: Org) -> Node:
        on_the_way = current is not None and current.path.startswith(org.path)
        return Node(org, tuple(map(node, below[org.path])), on_the_way or org in below[""])

    return tuple(map(node, below[""]))


def _back(request: HttpRequest) -> str:
    """Where the user came from; from a page about one thing, the list of its section."""
    page = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(page, allowed_hosts=None):
        return reverse("week")
    try:
        return (section(page) or reverse("week")) if resolve(page).kwargs else page
    except Resolver404:
        return reverse("week")

"""Search across organisations, members, activities and cases, from the box at the top."""

from django.http import HttpRequest
from django.template.response import TemplateResponse

from guantong.records import access, clock, finding
from guantong.web import case_lines

MOST = 10  # of a kind; the lists show the rest


def search(request: HttpRequest) -> TemplateResponse:
    query = request.GET.get("q", "").strip()
    orgs = access.orgs(request.user, "org.view").search(query).in_order()
    within = access.people(request.user, "member.view")
    people = finding.people(within, query, access.orgs(request.user, "org.view")).in_order()
    activities = access.activities(request.user, "activity.view").live()
    activities = activities.filter(title__contains=query).newest_first()
    activities = activities.prefetch_related("hosts")
    cases = case_lines.matching(access.cases(request.user), query)
    cases = cases.select_related("org", "person", "other_org").order_by("-opened_on", "-pk")
    return TemplateResponse(
        request,
        "web/search.html",
        {
            "title": "搜索",
            "query": query,
            "most": MOST,
            "today": clock.today(),
            "orgs": list(orgs[: MOST + 1]) if query else [],
            "people": list(people[: MOST + 1]) if query else [],
            "activities": list(activities[: MOST + 1]) if query else [],
            "cases": case_lines.lines(cases[: MOST + 1]) if query else [],
        },
    )

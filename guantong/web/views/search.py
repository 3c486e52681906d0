"""Search across organisations, members, activities and cases, from the box at the top."""

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from guantong.records import access, clock, finding
from guantong.web import case_lines

MOST = 10  # of a kind; the lists show the rest


@require_GET
def search(request: HttpRequest) -> TemplateResponse:
    query = request.GET.get("q", "").strip()
    orgs = access.orgs(request.user, "org.view").search(query).in_order()
    within = access.people(request.user, "member.view")
    known = finding.people(within, query, access.orgs(request.user, "org.view")).in_order()
    people = list(known[: MOST + 1]) if query else []
    keeping = access.people(request.user, "member.edit")
    numbered = keeping.filter(pk__in=[person.pk for person in people]).values_list("pk", flat=True)
    activities = access.activities(request.user, "activity.view").live()
    titled = activities.filter(title__contains=query).newest_first()
    newest = list(titled.values_list("pk", flat=True)[: MOST + 1]) if query else []
    activities = activities.filter(pk__in=newest).newest_first().prefetch_related("hosts")
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
            "people": people,
            "numbered": set(numbered),  # those whose number the user may see
            "activities": list(activities),
            "cases": case_lines.lines(cases[: MOST + 1]) if query else [],
        },
    )

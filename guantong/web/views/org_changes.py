"""Taking back a single change of the organisations."""

from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from guantong.records.actions import restoring, traces
from guantong.records.models import OrgChange
from guantong.web import trail
from guantong.web.acting import ActionForm, acting, form_page
from guantong.web.views.orgs import crumbs_to, org_or_404


def undo(request: HttpRequest, pk: int, change_pk: int) -> HttpResponse:
    """Says beforehand what stands in the way; otherwise one confirmation."""
    org = org_or_404(request, pk, "org.edit")
    about = OrgChange.objects.about(org).select_related("org")
    change = get_object_or_404(about, pk=change_pk)
    if not restoring.undoable(acting(request), [change]):
        raise Http404
    word = trail.VERBS[change.kind]
    form = ActionForm(request.POST if request.method == "POST" else None)
    if form.outcome(partial(restoring.undo, by=acting(request), change=change)):
        messages.success(request, f"已撤回“{word}”，组织、党员和任职都恢复原样。")
        return redirect("org", change.org_id)
    found = restoring.obstacles(traces.sorted_by_model(change.made), change.on_day)
    title = f"撤回：{change.on_day} {word}“{change.org.short_name}”"
    return form_page(
        request, form, title=title, crumbs=crumbs_to(request, org), danger=True,
        submit="" if found else "撤回", about=_about(found),
    )  # fmt: skip


def _about(found: list[str]) -> str:
    if found:
        told = "；".join(found[: restoring.SHOWN])
        return f"现在不能撤回：{told}。请先撤回或更正这些，或按现在的情况重新办理。"
    return (
        "这次变动当作没有办过：新建的组织去掉，结束的组织、组织关系、任职、联系和制度恢复原样。"
        "撤回留在操作记录里，不能再撤回，可以重新办理。"
    )

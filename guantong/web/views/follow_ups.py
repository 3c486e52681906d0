"""What meetings left to do: the list of what is in reach, and saying that something is done."""

from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from guantong.records import access, clock
from guantong.records.actions import minutes
from guantong.records.models import FollowUp, Org
from guantong.sheets.write import Value
from guantong.web import download, scope
from guantong.web.acting import ActionForm, DayField, acting, done, form_page
from guantong.web.activity_minutes import todos
from guantong.web.filters import Filter, paged, part_of
from guantong.web.wording import late_words

HEADER: Final = (
    "落实事项",
    "责任人",
    "完成期限",
    "会议日期",
    "会议",
    "主办组织",
    "办结日期",
    "办理结果",
)
SORTS: Final[dict[str, tuple[Any, ...]]] = {
    "": (F("due_on").asc(nulls_last=True), "pk"),
    "-held": ("-activity__held_on", "pk"),
}


class FollowUpFilter(Filter):
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "未办结"), ("late", "过期未办结"), ("done", "已办结"), ("all", "全部")],
    )
    sort = forms.ChoiceField(
        label="排序",
        required=False,
        choices=[("", "期限近的在前"), ("-held", "会议新的在前")],
    )


@require_GET
def follow_up_list(request: HttpRequest) -> HttpResponse:
    user = acting(request)
    form, org = FollowUpFilter(request), scope.org_in_view(request)
    found = access.follow_ups(user)
    if not access.reach(user, "activity.view").paths and not found.exists():
        raise Http404
    if org is not None:
        hosted = Org.objects.below(org)
        found = found.filter(activity__hosts__in=hosted).distinct()
    rows = _narrowed(found, form).order_by(*SORTS[form.value("sort")])
    rows = rows.select_related("activity", "owner").prefetch_related("activity__hosts")
    if download.wanted(request):
        about = "；".join(form.narrowed())
        return download.workbook(
            request, title="落实事项", header=HEADER, rows=map(_cells, rows), about=about
        )
    page = paged(request, rows)
    may = set(access.orgs(user, "activity.record").values_list("pk", flat=True))
    return TemplateResponse(
        request,
        part_of(request, "web/follow_ups.html", "list"),
        {
            "title": "落实事项",
            "crumbs": [("活动", reverse("activity-list"))],
            "form": form,
            "page": page,
            "rows": [
                (one, todos([one], clock.today(), user, records=_all_in(one, may))[0])
                for one in page
            ],
        },
    )


def _narrowed(found: QuerySet[FollowUp], form: FollowUpFilter) -> QuerySet[FollowUp]:
    match form.value("state"):
        case "":
            return found.filter(done_on=None)
        case "late":
            return found.filter(done_on=None, due_on__lt=clock.today())
        case "done":
            return found.exclude(done_on=None)
        case _:
            return found


def _all_in(one: FollowUp, may: set[int]) -> bool:
    return all(host.pk in may for host in one.activity.hosts.all())


def _cells(one: FollowUp) -> tuple[Value, ...]:
    hosts = one.activity.host_names
    owner = one.owner.name if one.owner else ""
    held = one.activity
    title = " · ".join(filter(None, (held.title, late_words(held))))
    return (one.what, owner, one.due_on, held.held_on, title, hosts, one.done_on, one.result)


class DoneForm(ActionForm):
    on = DayField(label="办结日期")
    result = forms.CharField(
        label="办理结果", max_length=200, help_text="一句话：做成了什么，材料在哪里。"
    )


def close(request: HttpRequest, pk: int) -> HttpResponse:
    found = _or_404(request, pk)
    form = DoneForm(request.POST or None, initial={"on": clock.today()})
    if form.outcome(partial(minutes.close, by=acting(request), follow_up=found)):
        messages.success(request, "已办结。记错了可以在会议记录页恢复为未办结。")
        return redirect("activity", found.activity_id)
    page = reverse("activity", args=[found.activity_id])
    return form_page(
        request,
        form,
        title=f"办结：{found.what}",
        crumbs=[("活动", reverse("activity-list")), (found.activity.title, page)],
        submit="办结",
    )


@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    found = _or_404(request, pk)
    done(request, partial(minutes.reopen, by=acting(request), follow_up=found), "已恢复为未办结。")
    return redirect("activity", found.activity_id)


def _or_404(request: HttpRequest, pk: int) -> FollowUp:
    found = access.follow_ups(request.user).select_related("activity", "owner")
    return get_object_or_404(found, pk=pk)

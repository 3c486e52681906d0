"""支部调整: the rearrangements of an organisation, and drawing one up, trying and doing it."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import access, clock, recutting
from guantong.records.access import Refused
from guantong.records.actions import recuts, traces
from guantong.records.models import Org, Recut
from guantong.records.org_rules import Rule
from guantong.records.recutting import NOWHERE, Plan, Preview
from guantong.sheets import recuts as sheets
from guantong.sheets.preflight import Refusal
from guantong.sheets.read import check_size
from guantong.web import choices, download, ids
from guantong.web.acting import ActionForm, DayField, acting, status_of
from guantong.web.filters import paged
from guantong.web.views.orgs import crumbs_to, org_or_404

EDIT = "org.edit"
STATES: Final = {
    "draft": "草稿", "carried_out": "已执行", "undone": "已撤回", "discarded": "已放弃"
}  # fmt: skip
HERE: Final = "nowhere"  # stands in an address for nowhere


class PrepareForm(ActionForm):
    title = forms.CharField(label="名称", max_length=100, help_text="例如：2023 年秋季调整。")
    category = forms.ChoiceField(label="哪类支部", required=False)
    on_day = DayField(label="从哪一天起", help_text="可以先拟订，到这一天再执行。")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["category"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices.kinds("categories", every="全部类别")


def recut_list(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    start = {"on_day": clock.today(), "category": "student"}
    form = PrepareForm(request.POST or None, initial=start)
    if made := form.outcome(partial(recuts.prepare, by=acting(request), org=org)):
        return redirect("recut", pk, made.pk)
    found = org.recuts.select_related("by").defer("plan", "made").order_by("-pk")
    if download.wanted(request):
        header = ["名称", "从哪一天起", "状态", "拟订人", "拟订时间"]
        rows = [
            (one.title, one.on_day, STATES[one.state], one.by.called if one.by else "系统",
             one.prepared_at)
            for one in found
        ]  # fmt: skip
        return download.workbook(
            request, title="支部调整", header=header, rows=rows, about=org.name
        )
    return TemplateResponse(
        request,
        "web/recut_list.html",
        {
            "title": "支部调整",
            "crumbs": crumbs_to(request, org),
            "org": org,
            "form": form,
            "page": paged(request, found),
            "states": STATES,
        },
        status=form.status,
    )


def recut(request: HttpRequest, pk: int, recut_pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    found = get_object_or_404(org.recuts.select_related("org"), pk=recut_pk)
    refused = None
    if request.method == "POST":
        try:
            return _done(request, found)
        except Refused as reason:
            refused = reason
            found.refresh_from_db()
    return _page(request, org, found, refused)


def _page(request: HttpRequest, org: Org, found: Recut, refused: Refused | None) -> HttpResponse:
    preview = Preview(found)
    shown = _shown(request, preview)
    return TemplateResponse(
        request,
        "web/recut.html",
        {
            "title": found.title,
            "crumbs": [
                *crumbs_to(request, org),
                ("支部调整", reverse("recut-list", args=[org.pk])),
            ],
            "org": org,
            "recut": found,
            "state": STATES[found.state],
            "draft": found.state == "draft",
            "early": found.on_day > clock.today(),
            "preview": preview,
            "places": preview.places,
            "named": {p.key: p.name for p in preview.places},
            "people": preview.at.get(shown, ()),
            "shown": shown,
            "shown_name": next((p.name for p in preview.places if p.key == shown), "未分配"),
            "targets": recutting.targets(preview),
            "categories": choices.kinds("categories", every="同这次调整"),
            "problems": list(preview.problems()),
            "breaches": _by_rule(preview),
            "cautions": list(preview.cautions()),
            "came_to": _came_to(found),
            "refused": refused.text if refused else "",
        },
        status=status_of(refused) if refused else 200,
    )


def _came_to(found: Recut) -> dict[str, Any]:
    """What was carried out: how many moved, the branches founded and those that ended."""
    if found.state != "carried_out":
        return {}
    made = traces.sorted_by_model(found.made)
    return {
        "moved": len(traces.new(made, "Membership")),
        "founded": Org.objects.filter(pk__in=traces.new(made, "Org")).in_order(),
        "ended": Org.objects.filter(pk__in=Plan.of(found).closes).in_order(),
    }


def _by_rule(preview: Preview) -> dict[Rule, list[tuple[str, str]]]:
    """What breaks a rule that must be kept: the rule once, and where with what."""
    found: dict[Rule, list[tuple[str, str]]] = {}
    for place, finding in preview.breaches:
        found.setdefault(finding.rule, []).append((place.name, finding.text))
    return found


def _shown(request: HttpRequest, preview: Preview) -> str:
    """Whose members the page lists: a place, or those who are nowhere yet."""
    asked = request.GET.get("place", "")
    if asked == HERE or (not asked and preview.nowhere):
        return NOWHERE
    keys = [place.key for place in preview.places]
    return asked if asked in keys else keys[0] if keys else NOWHERE


@require_GET
def sheet(request: HttpRequest, pk: int, recut_pk: int) -> HttpResponse:
    """Everyone concerned and where he would go, to fill in and to upload again."""
    org = org_or_404(request, pk, EDIT)
    found = get_object_or_404(org.recuts.select_related("org"), pk=recut_pk)
    note = f"{found.on_day} · {clock.now():%Y-%m-%d %H:%M} 由 {acting(request).called} 导出"
    content = sheets.written(Preview(found), dict(choices.kinds("statuses")), note)
    return download.attached(content, f"{found.title}.xlsx")


# What is done with one


def _done(request: HttpRequest, found: Recut) -> HttpResponse:
    verb = DOES.get(request.POST.get("do", ""))
    if verb is None:
        raise Refused("没有这个操作，请刷新后重试。")
    if said := verb(request, found):
        messages.success(request, said)
    return redirect(request.get_full_path())


def _move(request: HttpRequest, found: Recut) -> str:
    people = [ids.read(text) for text in request.POST.getlist("person")]
    to = request.POST.get("to", "")
    if not to:
        raise Refused("请选调整到哪里。")
    recuts.move(by=acting(request), recut=found, people=people, to="" if to == HERE else to)
    return ""


def _add(request: HttpRequest, found: Recut) -> str:
    name, category = request.POST.get("name", ""), request.POST.get("category", "")
    recuts.add_branch(by=acting(request), recut=found, name=name, category=category)
    return f"已加入新支部“{name.strip()}”，再把人分过去。"


def _drop(request: HttpRequest, found: Recut) -> str:
    recuts.drop_branch(by=acting(request), recut=found, key=request.POST.get("place", ""))
    return "已去掉，原来分到这里的人留在现支部；现支部要撤销的，请另外分。"


def _close(request: HttpRequest, found: Recut) -> str:
    pk = ids.read(request.POST.get("place"))
    org = get_object_or_404(access.orgs(request.user, EDIT), pk=pk)
    closing = request.POST.get("closing") == "yes"
    recuts.close(by=acting(request), recut=found, org=org, closing=closing)
    return ""


def _set_day(request: HttpRequest, found: Recut) -> str:
    try:
        day = date.fromisoformat(request.POST.get("on_day", ""))
    except ValueError:
        raise Refused("请写成 2023-06-30 这样的日期。") from None
    recuts.set_day(by=acting(request), recut=found, on_day=day)
    return f"改为从 {day} 起。"


def _upload(request: HttpRequest, found: Recut) -> str:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise Refused("请选择填好的表格。")
    try:
        check_size(file.size or 0)
        rows = sheets.read(file.read())
    except Refusal as refusal:
        raise Refused(refusal.text) from None
    before = len(found.plan.get("branches", []))
    filled = recuts.fill_in(by=acting(request), recut=found, filled=rows)
    new = [one["name"] for one in filled.plan["branches"][before:]]
    told = (
        f"其中“{'、'.join(new)}”现在没有，当作新支部；名称写错的请去掉它、改表再传。"
        if new
        else ""
    )
    return f"已采用表格中的 {len(rows)} 行，还没有执行。{told}"


def _carry_out(request: HttpRequest, found: Recut) -> str:
    recuts.carry_out(by=acting(request), recut=found, reason=request.POST.get("reason", ""))
    return "已执行。现在可以给新支部登记任职；办错了可以整批撤回。"


def _undo(request: HttpRequest, found: Recut) -> str:
    recuts.undo(by=acting(request), recut=found)
    return "已整批撤回，组织、党员和任职都恢复原样。"


def _discard(request: HttpRequest, found: Recut) -> str:
    recuts.discard(by=acting(request), recut=found)
    return "已放弃这份草稿。"


DOES: Final[dict[str, Callable[[HttpRequest, Recut], str]]] = {
    "move": _move, "add": _add, "drop": _drop, "close": _close, "day": _set_day,
    "upload": _upload, "carry-out": _carry_out, "undo": _undo, "discard": _discard,
}  # fmt: skip

"""Forms that change the tree: found, rename, move and dissolve an organisation."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from guantong.records import access, catalogue, clock
from guantong.records.actions import orgs, successions
from guantong.records.models import Org
from guantong.records.models.org import OrgQuerySet
from guantong.records.rosters import BRANCH
from guantong.web import choices, ids
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.views.orgs import crumbs_to, org_or_404

EDIT = "org.edit"


class FoundForm(ActionForm):
    name = forms.CharField(label="名称", max_length=120, help_text="按批复写全称。")
    short_name = forms.CharField(
        label="简称", max_length=60, required=False, help_text="列表中显示，不填用全称。"
    )
    external_code = forms.CharField(
        label="组织代码", max_length=60, required=False, help_text="上级系统中的代码，可以不填。"
    )
    valid_from = DayField(label="成立日期")
    field_order = ("parent", "name", "short_name", "kind", "category", "valid_from")

    def __init__(self, *args: Any, within: OrgQuerySet, **more: Any) -> None:
        super().__init__(*args, **more)
        entries = catalogue.current().kinds["orgs"].items()
        hung = [code for code, entry in entries if entry["below"]]
        self.fields["kind"] = forms.ChoiceField(label="类别", choices=choices.kinds("orgs", hung))
        self.fields["category"] = forms.ChoiceField(
            label="支部类别",
            choices=choices.kinds("categories", every="不适用"),
            required=False,
        )
        self.fields["parent"] = choices.org_field(within, label="上级组织")
        self.order_fields(self.field_order)

    def clean_category(self) -> str | None:
        return self.cleaned_data["category"] or None

    def clean(self) -> None:
        given = self.cleaned_data
        branch = given.get("kind") == BRANCH
        if branch and not given.get("category"):
            self.add_error("category", "党支部要选支部类别。")
        if given.get("category") and not branch:
            self.add_error("category", "只有党支部分这几类，请改选“不适用”。")


def found(request: HttpRequest) -> HttpResponse:
    within = access.orgs(request.user, EDIT).on(clock.today())
    get_object_or_404(within[:1])
    asked = request.GET.get("parent", "")
    parent = get_object_or_404(within, pk=ids.read(asked)) if asked else None
    start = {"parent": parent, "valid_from": clock.today(), "kind": "branch"}
    form = FoundForm(request.POST or None, within=within, initial=start)
    if org := form.outcome(partial(orgs.found, by=acting(request))):
        messages.success(request, f"已新建“{org.short_name}”。接着登记任职，再登记或导入党员。")
        return redirect("org", org.pk)
    crumbs = crumbs_to(request, parent) if parent else [("组织", reverse("org-list"))]
    return form_page(request, form, title="新建组织", crumbs=crumbs, submit="新建")


class RenameForm(ActionForm):
    name = forms.CharField(label="名称", max_length=120)
    on = DayField(
        label="从哪一天起",
        help_text="这一天及以后用新的名称，回看以前的台账仍显示原来的。更正写错的名称，填成立或上次更名的日期。",
    )
    short_name = forms.CharField(
        label="简称", max_length=60, required=False, help_text="列表中显示，不填用全称。"
    )


def rename(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    start = {"name": org.name, "short_name": org.short_name, "on": clock.today()}
    form = RenameForm(request.POST or None, initial=start)
    if form.outcome(partial(orgs.rename, by=acting(request), org=org)):
        messages.success(request, "已更名。")
        return redirect("org", pk)
    return form_page(
        request, form, title="更名", crumbs=crumbs_to(request, org), submit="更名",
        about="以前的名称留在组织沿革和操作记录里，可以再改回来。",
    )  # fmt: skip


class MoveForm(ActionForm):
    on = DayField(label="从哪一天起", help_text="这一天及以后隶属于新的上级，以前的隶属关系不变。")
    field_order = ("parent", "on")

    def __init__(self, *args: Any, within: OrgQuerySet, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["parent"] = choices.org_field(within, label="新的上级组织")
        self.order_fields(self.field_order)


def move(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    above = catalogue.current().kinds["orgs"][org.kind]["below"]
    within = access.orgs(request.user, EDIT).on(clock.today()).filter(kind__in=above)
    form = MoveForm(request.POST or None, within=within, initial={"on": clock.today()})
    if form.outcome(partial(orgs.move, by=acting(request), org=org)):
        messages.success(request, "已调整隶属关系。")
        return redirect("org", pk)
    return form_page(
        request, form, title="调整隶属关系", crumbs=crumbs_to(request, org), submit="调整",
        about="下面的组织和党员一起调整。办错了可以按同样的办法调回。",
    )  # fmt: skip


class DissolveForm(ActionForm):
    on = DayField(label="从哪一天起不再存在")
    reason = forms.CharField(label="原因", max_length=200, help_text="写明批复文号或缘由。")
    field_order = ("on", "reason", "successors")

    def __init__(self, *args: Any, within: OrgQuerySet, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["successors"] = choices.OrgsField(
            within.in_order(),
            label="由谁接续",
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text="合并或分设的，选接续的党组织；没有可不选。",
        )


def dissolve(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    within = _siblings(request, org)
    form = DissolveForm(request.POST or None, within=within, initial={"on": clock.today()})
    if form.outcome(partial(successions.dissolve, by=acting(request), org=org)):
        messages.success(request, f"已撤销“{org.short_name}”，以前的记录都保留。")
        return redirect("org", pk)
    return form_page(
        request, form, title="撤销组织", crumbs=crumbs_to(request, org), submit="撤销组织",
        about="要先没有党员和下级组织。任职随之结束，记录都保留；撤销后不能恢复，只能新建。",
        danger=True,
    )  # fmt: skip


def _siblings(request: HttpRequest, org: Org) -> OrgQuerySet:
    """Those in reach of the same kind that hang from the same organisation today."""
    above = org.path.removesuffix(f"{org.pk}/")
    beside = access.orgs(request.user, EDIT).on(clock.today())
    return beside.filter(kind=org.kind, path__startswith=above).exclude(pk=org.pk)

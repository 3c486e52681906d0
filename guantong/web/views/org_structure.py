"""Forms that change the tree: found, rename, describe, move, dissolve, merge, split."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from guantong.records import access, catalogue, clock, org_rules, recutting
from guantong.records.actions import orgs, successions
from guantong.records.models import Org, OrgParent
from guantong.records.models.org import OrgQuerySet
from guantong.records.recutting import Problem
from guantong.records.rosters import BRANCH
from guantong.web import choices, ids
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.correcting import CorrectingForm
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


class RenameForm(CorrectingForm):
    name = forms.CharField(label="名称", max_length=120)
    on = DayField(
        label="从哪一天起",
        help_text="这一天及以后用新的名称，回看以前的台账仍显示原来的。更正写错的名称，填成立或上次更名的日期。",
    )
    short_name = forms.CharField(
        label="简称", max_length=60, required=False, help_text="列表中显示，不填用全称。"
    )


def _names(org: Org) -> dict[str, object]:
    return {"name": org.name, "short_name": org.short_name}


def rename(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    form = RenameForm(
        request.POST or None, of=org, reads=_names, initial={**_names(org), "on": clock.today()}
    )
    if form.outcome(partial(orgs.rename, by=acting(request), org=org)):
        messages.success(request, "已更名。")
        return redirect("org", pk)
    return form_page(
        request, form, title="更名", crumbs=crumbs_to(request, org), submit="更名",
        about="以前的名称留在组织沿革和操作记录里，办错了可以在沿革里撤回。",
    )  # fmt: skip


class MoveForm(CorrectingForm):
    on = DayField(label="从哪一天起", help_text="这一天及以后隶属于新的上级，以前的隶属关系不变。")
    field_order = ("parent", "on")

    def __init__(self, *args: Any, within: OrgQuerySet, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["parent"] = choices.org_field(within, label="新的上级组织")
        self.order_fields(self.field_order)


def _above(org: Org) -> dict[str, object]:
    """Beside the form, which asks for another one."""
    span = org.parents.filter(valid_to=None).select_related("parent").first()
    return {"现在的上级组织": span.parent.short_name if span else ""}


def move(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    above = catalogue.current().kinds["orgs"][org.kind]["below"]
    within = access.orgs(request.user, EDIT).on(clock.today()).filter(kind__in=above)
    form = MoveForm(
        request.POST or None, of=org, reads=_above, within=within, initial={"on": clock.today()}
    )
    if form.outcome(partial(orgs.move, by=acting(request), org=org)):
        messages.success(request, "已调整隶属关系。")
        return redirect("org", pk)
    return form_page(
        request, form, title="调整隶属关系", crumbs=crumbs_to(request, org), submit="调整",
        about="下面的组织和党员一起调整。办错了可以在本组织页面的沿革里撤回。",
    )  # fmt: skip


class DescribeForm(CorrectingForm):
    units = forms.CharField(
        label="联合设立的单位",
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="联合党支部写覆盖的单位，一行一个；单独设立的不填。",
    )
    term_years = forms.IntegerField(label="每届年数", required=False, min_value=1, max_value=10)
    reason = forms.CharField(
        label="依据", max_length=200, required=False, help_text="改每届年数时写批复文号或缘由。"
    )

    def __init__(self, *args: Any, org: Org, **more: Any) -> None:
        super().__init__(*args, **more)
        usual = org_rules.term_years(org.kind, None, clock.today())
        self.fields["term_years"].help_text = f"不填按通常的 {usual} 年。"
        if org.kind != BRANCH:
            self.fields["units"].widget = forms.HiddenInput()


def _described(org: Org) -> dict[str, object]:
    return {"units": org.units, "term_years": org.term_years}


def describe(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    form = DescribeForm(
        request.POST or None, org=org, of=org, reads=_described, initial=_described(org)
    )
    if form.outcome(partial(orgs.describe, by=acting(request), org=org)):
        messages.success(request, "已更正组织情况。")
        return redirect("org", pk)
    return form_page(
        request, form, title="组织情况", crumbs=crumbs_to(request, org), submit="保存"
    )


class HeirForm(ActionForm):
    """What ends, and who continues it."""

    on = DayField(label="从哪一天起不再存在")
    reason = forms.CharField(label="原因", max_length=200, help_text="写明批复文号或缘由。")
    field_order = ("heir", "on", "reason", "successors")

    def __init__(self, *args: Any, within: OrgQuerySet, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["heir"] = choices.org_field(
            within,
            label="由谁承接",
            required=False,
            help_text="党员和下级组织转到这里，以前未完成的责任由它负责补。"
            "没有党员和下级组织的可不选。",
        )
        self.fields["successors"] = choices.OrgsField(
            within.in_order(),
            label="其他接续的组织",
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text="成员分别去了几处的，在这里记下去处；没有可不选。",
        )
        self.order_fields(self.field_order)


def dissolve(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    within = _siblings(request, org)
    form = HeirForm(request.POST or None, within=within, initial={"on": clock.today()})
    if form.outcome(partial(successions.dissolve, by=acting(request), org=org)):
        messages.success(request, f"已撤销“{org.short_name}”，以前的记录都保留。")
        return redirect("org", pk)
    return form_page(
        request, form, title="撤销组织", crumbs=crumbs_to(request, org), submit="撤销组织",
        problems=_still_to_hold(form, [org]),
        about="任职、联系结对和制度随之结束，记录都保留。撤销日以前各周期的台账不变；"
        "跨撤销日的周期不再要求它，由承接的组织按自己的责任办。办错了可以在本组织页面的沿革里撤回，直到有人用到这次变动。",
        danger=True,
    )  # fmt: skip


class MergeForm(ActionForm):
    on = DayField(label="从哪一天起")
    reason = forms.CharField(label="依据", max_length=200, help_text="写明批复文号或缘由。")
    name = forms.CharField(
        label="新组织的名称", max_length=120, required=False, help_text="并入已有组织的不填。"
    )
    short_name = forms.CharField(label="新组织的简称", max_length=60, required=False)
    field_order = ("merging", "into", "name", "short_name", "on", "reason")

    def __init__(self, *args: Any, org: Org, within: OrgQuerySet, **more: Any) -> None:
        super().__init__(*args, **more)
        self.org = org
        self.fields["merging"] = choices.OrgsField(
            within.in_order(),
            label=f"与“{org.short_name}”一起被合并的",
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
        self.fields["into"] = choices.org_field(
            within, label="并入", required=False, help_text="新建一个来接续的不选，写名称。"
        )
        self.order_fields(self.field_order)

    def clean_merging(self) -> list[Org]:
        return [self.org, *self.cleaned_data["merging"]]


def merge(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    within = _siblings(request, org)
    start = {"on": clock.today()}
    form = MergeForm(request.POST or None, org=org, within=within, initial=start)
    if heir := form.outcome(partial(successions.merge, by=acting(request))):
        messages.success(request, f"已合并，由“{heir.short_name}”接续。")
        return redirect("org", heir.pk)
    merging = getattr(form, "cleaned_data", {}).get("merging") or [org]
    return form_page(
        request, form, title="合并", crumbs=crumbs_to(request, org), submit="合并",
        problems=_still_to_hold(form, merging),
        about=f"“{org.short_name}”和所选的组织从这一天起不再存在，党员和下级组织转到接续的组织，"
        "以前未完成的责任由它负责补。办错了可以在沿革里撤回，直到有人用到这次变动。",
        danger=True,
    )  # fmt: skip


class SplitForm(ActionForm):
    name = forms.CharField(label="分出的组织名称", max_length=120, help_text="按批复写全称。")
    short_name = forms.CharField(label="简称", max_length=60, required=False)
    on = DayField(label="从哪一天起")
    reason = forms.CharField(label="依据", max_length=200, help_text="写明批复文号或缘由。")
    field_order = ("name", "short_name", "on", "reason", "people", "below")

    def __init__(self, *args: Any, org: Org, **more: Any) -> None:
        super().__init__(*args, **more)
        ticks: dict[str, Any] = {
            "widget": forms.CheckboxSelectMultiple,
            "error_messages": {"required": "请勾选。只是新设一个的，用“新建下级组织”。"},
        }
        if org.kind == BRANCH:
            here = org.memberships.filter(valid_to=None).order_by("person__pinyin", "person_id")
            named = [(str(pk), name) for pk, name in here.values_list("person", "person__name")]
            self.fields["people"] = forms.MultipleChoiceField(
                label="哪些党员到新支部", choices=named, **ticks
            )
        else:
            below = OrgParent.objects.filter(parent=org, valid_to=None).order_by("org__sort_key")
            hung = [(str(pk), name) for pk, name in below.values_list("org", "org__short_name")]
            self.fields["below"] = forms.MultipleChoiceField(
                label="哪些下级组织归它", choices=hung, **ticks
            )
        self.order_fields(self.field_order)


def split(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    form = SplitForm(request.POST or None, org=org, initial={"on": clock.today()})
    if made := form.outcome(partial(_split, request, org)):
        messages.success(request, f"已分设“{made[0].short_name}”。接着登记任职。")
        return redirect("org", made[0].pk)
    return form_page(
        request, form, title="分设", crumbs=crumbs_to(request, org), submit="分设",
        about=f"从“{org.short_name}”分出一个同类的组织，其余不变。学生支部成批重新划分，"
        "用上级组织页面的“支部调整”，可以预览和整批撤回。",
    )  # fmt: skip


def _split(
    request: HttpRequest,
    org: Org,
    *,
    name: str,
    short_name: str,
    on: date,
    reason: str,
    people: Sequence[str] = (),
    below: Sequence[str] = (),
) -> list[Org]:
    part = successions.Part(
        name, short_name, frozenset(map(int, people)), frozenset(map(int, below))
    )
    return successions.split(by=acting(request), org=org, parts=[part], on=on, reason=reason)


def _still_to_hold(form: ActionForm, ending: Collection[Org]) -> list[Problem]:
    """The activities that keep these from ending on the day asked for, else today."""
    day = getattr(form, "cleaned_data", {}).get("on") or clock.today()
    return list(recutting.still_to_hold(ending, day))


def _siblings(request: HttpRequest, org: Org) -> OrgQuerySet:
    """Those in reach of the same kind that hang from the same organisation today."""
    above = org.path.removesuffix(f"{org.pk}/")
    beside = access.orgs(request.user, EDIT).on(clock.today())
    return beside.filter(kind=org.kind, path__startswith=above).exclude(pk=org.pk)

"""Forms on the roll: register, correct, transfer, leave, exempt; and the look in clear.

What a personal field is kept for stands beside it, from purposes.yaml.
"""

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from guantong.obligations.describe import cited
from guantong.records import access, catalogue, clock
from guantong.records.access import Refused
from guantong.records.actions import memberships, people, snapshots, steps
from guantong.records.models import Membership, Person
from guantong.records.models.membership import MEMBER_STATUSES
from guantong.records.models.org import OrgQuerySet
from guantong.records.rosters import BRANCH
from guantong.web import choices, scope
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.correcting import CorrectingForm
from guantong.web.held import GENDERS
from guantong.web.views.member import SEALED, STEPS, person_or_404
from guantong.web.views.orgs import Crumbs

EDIT = "member.edit"
ANOTHER = "another"


class PersonForm(forms.Form):
    """What is kept about a person; the sealed fields are written here and never shown."""

    name = forms.CharField(label="姓名", max_length=60)
    gender = forms.ChoiceField(
        label="性别", required=False, choices=[("", "未填"), *GENDERS.items()]
    )
    birth_date = DayField(label="出生日期", required=False)
    schooling = forms.ChoiceField(label="学历", required=False, help_text="已经取得的最高学历。")
    number = forms.CharField(label="学工号", max_length=40, required=False)
    id_number = forms.CharField(
        label="身份证号", max_length=30, required=False,
        help_text="加密保存，查看要说明理由并留下记录。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"}),
    )  # fmt: skip
    phone = forms.CharField(
        label="手机号", max_length=30, required=False,
        help_text="加密保存，查看要说明理由并留下记录。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )  # fmt: skip
    address = forms.CharField(
        label="通信地址", max_length=200, required=False,
        help_text="加密保存，查看要说明理由并留下记录。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    joined_on = DayField(
        label="入党时间", required=False, help_text="支部党员大会通过其为预备党员的日期。"
    )
    full_member_on = DayField(label="转正时间", required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        schooling = self.fields["schooling"]
        assert isinstance(schooling, forms.ChoiceField)
        schooling.choices = choices.kinds("schooling", every="未填")

    @property
    def bases(self) -> dict[str, str]:
        return {name: kept_for(f"person.{name}") for name in PersonForm.base_fields}

    def clean_gender(self) -> str | None:
        return self.cleaned_data["gender"] or None

    def clean_schooling(self) -> str | None:
        return self.cleaned_data["schooling"] or None

    def clean_number(self) -> str | None:
        return self.cleaned_data["number"] or None


def kept_for(field: str) -> str:
    """Why a personal field is kept, on what basis, for whom and how long; empty for others."""
    purpose = catalogue.purposes().get(field)
    if purpose is None:
        return ""
    basis = "；".join(cited(b, catalogue.current()) for b in purpose.basis)
    readers = "、".join(purpose.recipients)
    return (
        f"用途：{purpose.purpose}。依据：{basis}。谁可以看：{readers}。保存：{purpose.retention}。"
    )


class RegisterForm(PersonForm, ActionForm):
    since = DayField(label="从哪一天起在这个支部")
    field_order = ("org", "name", "status", "since", "joined_on", "full_member_on", "number")

    def __init__(self, *args: Any, within: OrgQuerySet, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["status"] = forms.ChoiceField(
            label="类别", choices=choices.kinds("statuses", every="请选择")
        )
        self.fields["org"] = choices.org_field(within, label="党支部", only=BRANCH)
        self.order_fields(self.field_order)
        if ANOTHER in self.data:
            self._ask()

    def _show(self, refused: Refused) -> None:
        if ANOTHER in refused.fields:
            self._ask()
        super()._show(refused)

    def _ask(self) -> None:
        """The question stands only where there is a reason to ask."""
        self.fields[ANOTHER] = forms.BooleanField(label="已核对，确是另一人", required=False)


class CorrectForm(PersonForm, CorrectingForm):
    """A sealed field is written anew or stays as it is."""

    sealed = frozenset(dict(SEALED))

    def __init__(self, *args: Any, person: Person, **more: Any) -> None:
        start = _shown(person)
        super().__init__(*args, of=person, reads=_kept, initial=start, **more)
        for name, label in SEALED:
            self.fields[name].label = f"新的{label}"
            self.fields[name].help_text = "不改请留空。加密保存。"


def _shown(person: Person) -> dict[str, object]:
    names = [name for name in PersonForm.base_fields if name not in CorrectForm.sealed]
    return {name: getattr(person, name) for name in names}


def _kept(person: Person) -> dict[str, object]:
    """With a mark of what is sealed: another one once it is written anew."""
    marks = {name: snapshots.plain(person)[name] for name in CorrectForm.sealed}
    told = {name: snapshots.digest({name: mark}) for name, mark in marks.items() if mark}
    return {**_shown(person), **told}


def register(request: HttpRequest) -> HttpResponse:
    within = access.orgs(request.user, EDIT).on(clock.today())
    get_object_or_404(within[:1])
    org = scope.org_in_view(request)
    start = {"org": org if org and org.kind == BRANCH else None, "since": clock.today()}
    form = RegisterForm(request.POST or None, within=within, initial=start)
    if person := form.outcome(partial(people.register, by=acting(request))):
        messages.success(request, f"已登记 {person.name}。")
        return redirect("member", person.pk)
    crumbs = [("党员", reverse("member-list"))]
    return form_page(
        request, form, title="登记党员", crumbs=crumbs, submit="登记",
        about="从外单位转入或新接收的党员在这里登记；校内换支部请到本人页面办理转接。",
    )  # fmt: skip


def correct(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, EDIT)
    form = CorrectForm(request.POST or None, person=person)
    if form.outcome(partial(_correct, request, person)):
        messages.success(request, "已更正，原来的内容留在操作记录里。")
        return redirect("member", pk)
    return form_page(
        request, form, title="更正信息", crumbs=crumbs_to_member(person), submit="保存"
    )


def _correct(request: HttpRequest, person: Person, **given: Any) -> Person:
    told = {name: v for name, v in given.items() if v or name not in CorrectForm.sealed}
    return people.correct(by=acting(request), person=person, **told)


def crumbs_to_member(person: Person) -> Crumbs:
    return [("党员", reverse("member-list")), (person.name, reverse("member", args=[person.pk]))]


# Membership


class TransferForm(CorrectingForm):
    on = DayField(label="从哪一天起", help_text="这一天及以后属于新支部；在原支部的任职随之结束。")
    field_order = ("to", "on")

    def __init__(self, *args: Any, within: OrgQuerySet, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["to"] = choices.org_field(within, label="转到", only=BRANCH)
        self.order_fields(self.field_order)


def _branch(person: Person) -> dict[str, object]:
    """Beside the form, which asks for another one."""
    now = person.memberships.filter(valid_to=None).select_related("org").first()
    return {"现在的党支部": now.org.short_name if now else ""}


def transfer(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, EDIT)
    within = access.orgs(request.user, EDIT).on(clock.today())
    form = TransferForm(
        request.POST or None, of=person, reads=_branch, within=within,
        initial={"on": clock.today()},
    )  # fmt: skip
    if form.outcome(partial(memberships.transfer_within, by=acting(request), person=person)):
        messages.success(request, f"已把 {person.name} 转到新支部，学时和记录随人走。")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"校内转接：{person.name}", crumbs=crumbs_to_member(person),
        submit="转接",
        about="只列出您有权管理的党支部。转到别的二级党组织由学校党委组织部办理。"
        f"办错了可以在本人页面撤回。{_letter_out(person)}",
    )  # fmt: skip


def _letter_out(person: Person) -> str:
    """That a letter is under way, which a change here does not bring back."""
    letter = person.transfer_letters.filter(received_on=None, returned_on=None).first()
    if letter is None:
        return ""
    return (
        f"{person.name}有一份介绍信在途（{letter.number}，去往{letter.to_unit}），"
        "转到了的登记回执，不转出了的登记退回。"
    )


class LeaveForm(ActionForm):
    on = DayField(label="从哪一天起不在本校", help_text="这一天是离开后的第一天。")
    departure = forms.ChoiceField(label="离开方式")
    reason = forms.CharField(
        label="说明",
        max_length=200,
        required=False,
        help_text="如转往的单位；其他情况要写明原因。",
    )
    field_order = ("on", "departure", "reason")

    def __init__(self, *args: Any, status: str, **more: Any) -> None:
        super().__init__(*args, **more)
        of = "member" if status in (*MEMBER_STATUSES, "suspended") else "other"
        ways = catalogue.current().kinds["departures"]
        offered = [code for code, way in ways.items() if way["of"] in ("all", of)]
        field = self.fields["departure"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices.kinds("departures", offered, every="请选择")


def leave(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, EDIT)
    now = person.memberships.filter(valid_to=None).first()
    status = now.status if now else ""
    form = LeaveForm(request.POST or None, status=status, initial={"on": clock.today()})
    if form.outcome(partial(memberships.leave, by=acting(request), person=person)):
        messages.success(request, f"已登记 {person.name} 离开。以前的记录都保留。")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"登记离开：{person.name}", crumbs=crumbs_to_member(person),
        submit="登记离开",
        about=f"组织关系和全部任职在这一天结束。办错了可以在本人页面撤回。{_letter_out(person)}",
        danger=True,
    )  # fmt: skip


def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a transfer or a departure that was recorded by mistake."""
    person = person_or_404(request, pk, EDIT)
    step = steps.last(person)
    form = ActionForm(request.POST if request.method == "POST" else None)
    if form.outcome(partial(steps.undo, by=acting(request), person=person)):
        messages.success(request, "已撤回，组织关系和随之结束的任职都恢复了。")
        return redirect("member", pk)
    if step is None and not form.is_bound:
        raise Http404
    title = STEPS[step.verb] if step else "撤回"
    return form_page(
        request, form, title=f"{title}：{person.name}", crumbs=crumbs_to_member(person),
        submit="撤回", about=_undone(step) if step else "", danger=True,
    )  # fmt: skip


def _undone(step: steps.Step) -> str:
    to = f"转到“{step.begun.org.short_name}”" if step.begun else "离开"
    if step.begun and step.verb in steps.STATUS:
        to = f"成为{catalogue.current().label('statuses', step.begun.status)}"
    if step.begun and step.verb == steps.EXTENDED:
        to = f"延长预备期至 {step.begun.probation_to}"
    kept = f"，随之结束的 {len(step.posts)} 项任职一并恢复" if step.posts else ""
    return (
        f"{step.on} 起{to}的登记作废，仍在“{step.ended.org.short_name}”{kept}。"
        "办错了可以重新办理；撤回留在操作记录里。"
    )


class SpanForm(CorrectingForm):
    valid_from = DayField(label="开始日")
    valid_to = DayField(label="结束日", required=False, help_text="不再在这里的第一天。")
    reason = forms.CharField(label="原因", max_length=200, help_text="写明哪里记错了、凭什么改。")
    field_order = ("org", "status", "valid_from", "valid_to", "reason")

    def __init__(self, *args: Any, within: OrgQuerySet, ended: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["org"] = choices.org_field(within, label="党支部", only=BRANCH)
        self.fields["status"] = forms.ChoiceField(label="类别", choices=choices.kinds("statuses"))
        if not ended:
            self.fields["valid_to"].widget = forms.HiddenInput()
        self.order_fields(self.field_order)


def _span(span: Membership) -> dict[str, object]:
    days = {name: getattr(span, name) for name in ("status", "valid_from", "valid_to")}
    return {"org": span.org_id, **days}


def correct_span(request: HttpRequest, pk: int, span_pk: int) -> HttpResponse:
    """Put right a span of membership, a former one too, that was recorded wrongly."""
    person = person_or_404(request, pk, EDIT)
    within = access.orgs(request.user, EDIT)
    span = get_object_or_404(person.memberships.filter(org__in=within), pk=span_pk)
    form = SpanForm(
        request.POST or None, within=within, ended=span.valid_to is not None,
        of=span, reads=_span, initial=_span(span),
    )  # fmt: skip
    if form.outcome(partial(memberships.correct, by=acting(request), membership=span)):
        messages.success(request, "已更正这一段组织关系，原来的内容留在操作记录里。")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"更正组织关系：{person.name}", crumbs=crumbs_to_member(person),
        submit="更正",
        about="只用来更正记错的：日期、支部或类别。前后相接的一段随着改日期。台账按改后的重新计算；"
        "再改错了可以再更正。入党时间、转正时间在“更正信息”里改。",
    )  # fmt: skip


class AdmitForm(ActionForm):
    valid_from = DayField(label="从哪一天起")
    field_order = ("org", "status", "valid_from")

    def __init__(self, *args: Any, within: OrgQuerySet, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["status"] = forms.ChoiceField(
            label="类别", choices=choices.kinds("statuses", every="请选择")
        )
        self.fields["org"] = choices.org_field(within, label="党支部", only=BRANCH)
        self.order_fields(self.field_order)


def admit(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a membership of someone who left and came back."""
    person = person_or_404(request, pk, EDIT)
    within = access.orgs(request.user, EDIT).on(clock.today())
    form = AdmitForm(request.POST or None, within=within, initial={"valid_from": clock.today()})
    if form.outcome(partial(memberships.admit, by=acting(request), person=person)):
        messages.success(request, f"{person.name} 已重新登记进支部。")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"重新登记：{person.name}", crumbs=crumbs_to_member(person),
        submit="登记",
    )  # fmt: skip


class ExemptForm(ActionForm):
    on = DayField(label="从哪一天起")
    until = DayField(
        label="复核日期", required=False,
        help_text="到这一天请支部复核是否继续；不会自动结束。长期豁免不填。",
    )  # fmt: skip
    reason = forms.CharField(
        label="原因", max_length=200, help_text="只写类别，如“年老体弱”；不要写病情。"
    )
    exempt = forms.BooleanField(required=False, widget=forms.HiddenInput)

    @property
    def bases(self) -> dict[str, str]:
        return {"reason": kept_for("membership.exempt_reason")}


def exempt(request: HttpRequest, pk: int) -> HttpResponse:
    """Release a member from compulsory attendance, or end the release."""
    person = person_or_404(request, pk, EDIT)
    now: Membership | None = person.memberships.filter(valid_to=None).first()
    begins = not (now and now.exempt)
    if request.method == "POST":  # what the page offered: sent twice, it must not turn round
        begins = request.POST.get("exempt") == str(True)
    form = ExemptForm(request.POST or None, initial={"on": clock.today(), "exempt": begins})
    if not begins:
        del form.fields["until"]
    if form.outcome(partial(memberships.set_exempt, by=acting(request), person=person)):
        messages.success(request, "已登记豁免。" if begins else "已结束豁免。")
        return redirect("member", pk)
    return form_page(
        request, form, crumbs=crumbs_to_member(person),
        title=f"{'登记豁免' if begins else '结束豁免'}：{person.name}",
        submit="登记豁免" if begins else "结束豁免",
        about="豁免期间不按学时和出席要求，台账记为“豁免”，不算完成也不算未完成。",
    )  # fmt: skip

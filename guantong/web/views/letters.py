"""Transfer letters under way: the list, its forms, and what would make one bounce."""

from collections.abc import Iterable, Sequence
from functools import partial, reduce
from operator import or_

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import access, clock, registers
from guantong.records.access import Someone
from guantong.records.actions import letters as actions
from guantong.records.actions.letters import PERMISSION
from guantong.records.models import Membership, Person, TransferLetter, Whereabouts
from guantong.records.models.org import below
from guantong.records.models.person import PersonQuerySet
from guantong.web import choices, download
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.filters import Filter, paged, part_of
from guantong.web.views.member import person_or_404
from guantong.web.views.member_changes import crumbs_to_member


def _to_letters() -> list[tuple[str, str]]:
    return [("介绍信", reverse("letters"))]


class LetterFilter(Filter):
    q = forms.CharField(label="姓名", required=False, max_length=60)
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "在途"), ("stuck", "卡住的"), ("done", "已回执"), ("all", "全部")],
    )


@require_GET
def letter_list(request: HttpRequest) -> HttpResponse:
    if not access.reach(request.user, "member.view").paths:
        raise Http404
    form, today = LetterFilter(request), clock.today()
    found = _letters(request, form)
    if download.wanted(request):
        return _workbook(request, form, found)
    page = paged(request, found)
    last = registers.last_of_each(page)
    return TemplateResponse(
        request,
        part_of(request, "web/letters.html", "list"),
        {
            "title": "介绍信",
            "crumbs": [("党员", reverse("member-list"))],
            "form": form,
            "page": page,
            "rows": [
                (one, registers.expires_on(one), registers.stuck(one, today, last=one.pk in last))
                for one in page
            ],
            "may_edit": access.orgs(request.user, PERMISSION).exists(),
        },
    )


def _letters(
    request: HttpRequest, form: LetterFilter
) -> QuerySet[TransferLetter] | Sequence[TransferLetter]:
    people = access.people(request.user, "member.view")
    if text := form.value("q"):
        people = people.search(text)
    found = TransferLetter.objects.filter(person__in=people)
    found = found.select_related("person").order_by("issued_on", "pk")
    under_way = Q(received_on=None, returned_on=None)
    match form.value("state"):
        case "":
            return found.filter(under_way)
        case "done":
            return found.exclude(received_on=None)
        case "stuck":
            today, waiting = clock.today(), found.filter(received_on=None)
            last = registers.last_of_each(waiting)
            return [one for one in waiting if registers.stuck(one, today, last=one.pk in last)]
        case _:
            return found


def _workbook(
    request: HttpRequest, form: LetterFilter, found: Iterable[TransferLetter]
) -> HttpResponse:
    header = [
        "姓名",
        "编号",
        "抬头",
        "去往单位",
        "开具",
        "有效至",
        "回执",
        "退回",
        "退回原因",
        "卡在哪里",
    ]
    today, last = clock.today(), registers.last_of_each(found)
    rows = [
        (one.person.name, one.number, one.heading, one.to_unit, one.issued_on,
         registers.expires_on(one), one.received_on, one.returned_on, one.returned_reason,
         registers.stuck(one, today, last=one.pk in last))
        for one in found
    ]  # fmt: skip
    about = " · ".join(form.narrowed())
    return download.workbook(request, title="介绍信", header=header, rows=rows, about=about)


# Before any is written


class LackFilter(Filter):
    q = forms.CharField(label="姓名", required=False, max_length=60)
    branch = forms.ChoiceField(label="党组织", required=False)
    kept = forms.BooleanField(label="只看毕业生留存", required=False)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.orgs = access.orgs(request.user, PERMISSION).on(clock.today())
        self.offer("branch", choices.orgs(self.orgs, every="全部"))

    def found(self, user: Someone) -> PersonQuerySet:
        people = access.people(user, PERMISSION)
        people = people.search(self.value("q")) if self.value("q") else people
        there = Membership.objects.filter(valid_to=None).of_members()
        if pk := self.value("branch"):
            there = there.filter(below(self.orgs.get(pk=pk), "org__"))
        if self.value("kept"):
            on = Whereabouts.objects.filter(kind="graduate", valid_to=None)
            there = there.filter(person__in=on.values("person"))
        full = there.filter(status="full").values("person")
        empty = [Q(**{name: None}) for name in registers.NEEDED]
        lacks = reduce(or_, empty, Q(full_member_on=None, pk__in=full))
        return people.filter(lacks, pk__in=there.values("person"))


@require_GET
def lacking(request: HttpRequest) -> HttpResponse:
    """Whose letter would bounce for what is not on record, before any is written."""
    if not access.orgs(request.user, PERMISSION).exists():
        raise Http404
    form = LackFilter(request)
    found = form.found(request.user).in_order()
    if download.wanted(request):
        return download.workbook(
            request, title="开出去会被退回的", header=["姓名", "党支部", "缺什么"],
            rows=[(p.name, org, "；".join(says)) for p, org, says in _lacks(found)],
            about=" · ".join(form.narrowed()),
        )  # fmt: skip
    page = paged(request, found)
    return TemplateResponse(
        request,
        part_of(request, "web/letters_lacking.html", "list"),
        {
            "title": "开出去会被退回的",
            "crumbs": [("党员", reverse("member-list")), *_to_letters()],
            "form": form,
            "page": page,
            "rows": _lacks(page),
        },
    )


def _lacks(people: Iterable[Person]) -> list[tuple[Person, str, list[str]]]:
    """Each with the branch and what is not on record."""
    shown = list(people)
    now = Membership.objects.filter(valid_to=None, person__in=[person.pk for person in shown])
    told = {pk: (org, status) for pk, org, status in now.values_list(
        "person", "org__short_name", "status")}  # fmt: skip
    return [(p, told[p.pk][0], registers.lacks(p, told[p.pk][1])) for p in shown]


class LetterForm(ActionForm):
    number = forms.CharField(label="介绍信编号", max_length=40)
    heading = forms.CharField(
        label="抬头党组织", max_length=120, help_text="写对方有权接收组织关系的党委或组织部。"
    )
    to_unit = forms.CharField(label="去往单位", max_length=120)
    issued_on = DayField(label="开具日期")
    valid_days = forms.IntegerField(
        label="有效期（天）", min_value=1, help_text=f"最多 {registers.LONGEST} 天。"
    )
    dues_until = DayField(label="党费交至", help_text="写交到的那个月里的任意一天。")


def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """What would make the letter bounce is told before and, at the latest, on sending the form."""
    person, today = person_or_404(request, pk, PERMISSION), clock.today()
    usual = {"issued_on": today, "valid_days": registers.LONGEST}
    form = LetterForm(request.POST or None, initial=usual)
    if form.outcome(partial(actions.issue, by=acting(request), person=person)):
        messages.success(request, "已登记介绍信。收到回执以前，组织关系和管理责任仍在本支部。")
        return redirect("letters")
    lacks = registers.bounces(
        person, heading="党委", valid_days=registers.LONGEST, dues_until=today, on=today
    )
    posts = registers.posts_held(person, today)
    about = "收到回执时组织关系才结束" + (f"，现任的 {posts} 项职务随之结束。" if posts else "。")
    if lacks:
        about = f"现在开出去会被退回：{'；'.join(lacks)}。请先在本人页面补全。"
    return form_page(
        request, form, title=f"开具介绍信：{person.name}", crumbs=crumbs_to_member(person),
        submit="登记介绍信", about=about, danger=bool(lacks),
    )  # fmt: skip


class ReceiptForm(ActionForm):
    on = DayField(label="回执日期", help_text="从这一天起组织关系在对方，本校的随之结束。")


class ReturnForm(ActionForm):
    on = DayField(label="退回日期")
    reason = forms.CharField(label="退回原因", max_length=200)


def _letter_or_404(request: HttpRequest, pk: int) -> TransferLetter:
    people = access.people(request.user, PERMISSION)
    found = TransferLetter.objects.select_related("person")
    return get_object_or_404(found, pk=pk, person__in=people)


def receive(request: HttpRequest, pk: int) -> HttpResponse:
    letter = _letter_or_404(request, pk)
    form = ReceiptForm(request.POST or None, initial={"on": clock.today()})
    if form.outcome(partial(actions.receive, by=acting(request), letter=letter)):
        messages.success(request, f"已登记回执，{letter.person.name} 的组织关系已转出。")
        return redirect("letters")
    return form_page(
        request, form, title=f"登记回执：{letter.person.name}", crumbs=_to_letters(),
        submit="登记回执", danger=True, about="组织关系和全部任职在这一天结束。",
    )  # fmt: skip


def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    letter = _letter_or_404(request, pk)
    form = ReturnForm(request.POST or None, initial={"on": clock.today()})
    if form.outcome(partial(actions.send_back, by=acting(request), letter=letter)):
        messages.success(request, "已登记退回。补全之后可以重新开具。")
        return redirect("letters")
    return form_page(
        request, form, title=f"登记退回：{letter.person.name}", crumbs=_to_letters(),
        submit="登记退回",
    )  # fmt: skip


class DropForm(ActionForm):
    on = DayField(label="从哪一天起")
    reason = forms.CharField(label="原因", max_length=200, help_text="如：留校工作；登记错了。")


def drop(request: HttpRequest, pk: int) -> HttpResponse:
    letter = _letter_or_404(request, pk)
    form = DropForm(request.POST or None, initial={"on": clock.today()})
    if form.outcome(partial(actions.drop, by=acting(request), letter=letter)):
        messages.success(request, f"{letter.person.name} 不再转出，组织关系不变。")
        return redirect("letters")
    return form_page(
        request, form, title=f"不再转出：{letter.person.name}", crumbs=_to_letters(),
        submit="不再转出", about="这份介绍信作废，留在“全部”里；以后要转出的，另开一份。",
    )  # fmt: skip

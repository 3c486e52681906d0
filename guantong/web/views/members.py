"""The list of members: found, filtered, with their hours of the year."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django import forms
from django.db.models import FilteredRelation, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from guantong.records import access, catalogue, clock, finding, hours, sealing
from guantong.records.models import Entry, Org, Person
from guantong.records.models.membership import MEMBER_STATUSES
from guantong.records.models.person import PersonQuerySet
from guantong.records.models.span import on
from guantong.web import choices, download, scope
from guantong.web.filters import Filter, paged, part_of

LEFT = "left"
SEALED = (("id_number", "身份证号"), ("phone", "手机号"))
EXEMPT = [("", "全部"), ("yes", "已豁免"), ("no", "未豁免"), ("review", "豁免到期待复核")]
# No order by hours: the list is for work and must not become a ranking of people.
SORTS = {
    "name": ("pinyin", "name", "pk"),
    "branch": ("now__org__sort_key", "pinyin", "pk"),
    "joined": ("joined_on", "pinyin", "pk"),
    "-joined": ("-joined_on", "pinyin", "pk"),
}


class MemberFilter(Filter):
    q = forms.CharField(
        label="找人", required=False, max_length=60,
        widget=forms.TextInput(attrs={"placeholder": "姓名、拼音、学工号、组织"}),
    )  # fmt: skip
    org = forms.ChoiceField(label="党组织", required=False)
    status = forms.ChoiceField(label="类别", required=False)
    exempt = forms.ChoiceField(label="豁免", required=False, choices=EXEMPT)
    hours = forms.ChoiceField(
        label="学时",
        required=False,
        choices=[("", "全部"), ("this", "本年还没满"), ("last", "上年未完成")],
    )
    sort = forms.ChoiceField(
        required=False, choices=[(name, name) for name in SORTS], widget=forms.HiddenInput
    )

    def __init__(self, request: HttpRequest, org: Org | None) -> None:
        super().__init__(request)
        self.of = org
        within = access.orgs(request.user, "member.view").on(clock.today())
        self.offer("org", choices.orgs(within))
        self.data = {**request.GET.dict(), "org": str(org.pk) if org else ""}
        self.offer("status", [*choices.kinds("statuses", every="党员"), (LEFT, "已离开")])


def member_list(request: HttpRequest) -> HttpResponse:
    far = access.reach(request.user, "member.view")
    if not far.paths:
        if far.own_persons:
            return redirect("me")
        raise Http404
    form = MemberFilter(request, scope.org_in_view(request))
    today = clock.today()
    rows = _listed(request, form, today)
    if download.wanted(request):
        return _workbook(request, form, _rows(request, rows, today), today)
    page = paged(request, rows)
    return TemplateResponse(
        request,
        part_of(request, "web/member_list.html", "list"),
        {
            "title": "党员",
            "form": form,
            "page": page,
            "rows": _rows(request, page, today),
            "sort": form.value("sort", "name"),
            "year": today.year,
            "searched": any(form.value(name) for name in ("q", "status", "exempt", "hours")),
            "may_edit": access.orgs(request.user, "member.edit").exists(),
            "may_merge": access.orgs(request.user, "member.merge").exists(),
            "may_dues": access.orgs(request.user, "dues.view").exists(),
            "may_import": access.orgs(request.user, "import.roll").exists(),
        },
    )


def _listed(request: HttpRequest, form: MemberFilter, today: date) -> PersonQuerySet:
    within = access.orgs(request.user, "member.view")
    people = finding.people(access.people(request.user, "member.view"), form.value("q"), within)
    now = FilteredRelation("memberships", condition=on("memberships__", today))
    rows = people.annotate(now=now)
    status, org = form.value("status"), form.of
    if status == LEFT:
        rows = rows.filter(now__isnull=True)
        if org is not None:
            been = access.orgs(request.user, "member.view").below(org)
            rows = rows.filter(pk__in=people.filter(memberships__org__in=been).values("pk"))
    else:
        if org is not None:
            rows = rows.filter(now__org__path__startswith=org.path)
        rows = rows.filter(now__status__in=[status] if status else MEMBER_STATUSES)
    match form.value("exempt"):
        case "yes" | "no" as exempt:
            rows = rows.filter(now__exempt=exempt == "yes")
        case "review":
            rows = rows.filter(now__exempt=True, now__exempt_until__lte=today)
    if hours := form.value("hours"):
        rows = rows.filter(pk__in=_lacking(request, hours, today).values("person"))
    return rows.order_by(*SORTS[form.value("sort", "name")])


def _hours(request: HttpRequest, year: int) -> QuerySet[Entry]:
    """The entries about hours of the year that begins in a calendar year."""
    found = access.entries(request.user).filter(obligation__in=hours.hours_obligations())
    return found.filter(period_start__year=year)


def _lacking(request: HttpRequest, which: str, today: date) -> QuerySet[Entry]:
    if which == "last":
        return _hours(request, today.year - 1).filter(verdict__in=("short", "unknown"))
    return _hours(request, today.year).filter(verdict__in=("due", "short", "unknown"))


@dataclass(frozen=True)
class Row:
    """One line of the list; `hours` null: nothing is asked of this person this year."""

    person: Person
    branch: str
    status: str
    exempt: bool
    posts: str
    hours: Entry | None


def _rows(request: HttpRequest, people: Iterable[Person], today: date) -> list[Row]:
    """What stands beside the people of one page: three queries, however many they are."""
    shown = list(people)
    seen = access.people(request.user, "member.view").filter(pk__in=[p.pk for p in shown])
    label = catalogue.current().label
    now = {
        pk: (branch, label("statuses", status), exempt)
        for pk, branch, status, exempt in seen.filter(on("memberships__", today)).values_list(
            "pk", "memberships__org__short_name", "memberships__status", "memberships__exempt"
        )
    }
    posts = defaultdict[int, list[str]](list)
    held = seen.filter(on("posts__", today))
    for pk, post, org in held.values_list("pk", "posts__post", "posts__org__short_name"):
        posts[pk].append(f"{org}{label('posts', post)}")
    asked = _hours(request, today.year).filter(person__in=[p.pk for p in shown])
    hours = {entry.person_id: entry for entry in asked}
    left = ("", "已离开", False)
    return [Row(p, *now.get(p.pk, left), "、".join(posts[p.pk]), hours.get(p.pk)) for p in shown]


def _masked(person: Person, name: str) -> str:
    return sealing.mask(name, sealing.unseal(person, name))


def _workbook(
    request: HttpRequest, form: MemberFilter, rows: Iterable[Row], today: date
) -> HttpResponse:
    """The whole list; of what is sealed only what may be shown, to those who may look."""
    header = ["姓名", "党支部", "类别", "豁免", "入党时间", "转正时间", "学时", "应满学时", "职务"]
    sealed = SEALED if access.reach(request.user, "member.sealed").paths else ()
    may_look = access.people(request.user, "member.sealed")
    open_to = set(may_look.values_list("pk", flat=True)) if sealed else set()
    header += [f"{label}（部分隐去）" for _, label in sealed]
    lines = [
        (
            row.person.name,
            row.branch,
            row.status,
            "是" if row.exempt else "",
            row.person.joined_on,
            row.person.full_member_on,
            row.hours.actual if row.hours else None,
            row.hours.required if row.hours else None,
            row.posts,
            *(_masked(row.person, name) if row.person.pk in open_to else "" for name, _ in sealed),
        )
        for row in rows
    ]
    hours = f"{today.year} 年学时，截至 {today}"
    about = " · ".join([*([form.of.name] if form.of else []), hours, *form.narrowed()])
    return download.workbook(request, title="党员", header=header, rows=lines, about=about)

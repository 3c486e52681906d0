"""The list of members: found, filtered, with their hours of the year."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django import forms
from django.db.models import FilteredRelation, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from guantong.records import access, catalogue, finding, hours, sealing
from guantong.records.models import Entry, Membership, Org, Person
from guantong.records.models.membership import MEMBER_STATUSES
from guantong.records.models.person import PersonQuerySet
from guantong.records.models.span import on
from guantong.web import choices, download, scope
from guantong.web.as_of import AsOf, AsOfFilter
from guantong.web.filters import paged_by_id, part_of

LEFT = "left"
BELONGS = ("org", "org__short_name", "status", "exempt")
HOLDS = ("post", "org", "org__short_name")
SEALED = (("id_number", "身份证号"), ("phone", "手机号"))
EXEMPT = [("", "全部"), ("yes", "已豁免"), ("no", "未豁免"), ("review", "豁免到期待复核")]
# No order by hours: the list is for work and must not become a ranking of people.
SORTS = {
    "name": ("pinyin", "name", "pk"),
    "branch": ("now__org__sort_key", "pinyin", "pk"),
    "joined": ("joined_on", "pinyin", "pk"),
    "-joined": ("-joined_on", "pinyin", "pk"),
}


class MemberFilter(AsOfFilter):
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

    field_order = ("q", "org", "status", "exempt", "hours", "on", "tree")

    def __init__(self, request: HttpRequest, org: Org | None, as_of: AsOf) -> None:
        super().__init__(request)
        self.of = org
        within = access.orgs(request.user, "member.view").on(as_of.day)
        self.offer("org", choices.orgs(within))
        self.data = {**request.GET.dict(), "org": str(org.pk) if org else ""}
        if as_of.past:
            del self.fields["hours"]  # the ledger of a past day has them
        self.offer("status", [*choices.kinds("statuses", every="党员"), (LEFT, "已离开")])


@require_GET
def member_list(request: HttpRequest) -> HttpResponse:
    far = access.reach(request.user, "member.view")
    if not far.paths:
        if far.own_persons:
            return redirect("me")
        raise Http404
    as_of = AsOf.of(request)
    form = MemberFilter(request, scope.org_in_view(request), as_of)
    rows = _listed(request, form, as_of)
    if download.wanted(request):
        return _workbook(request, form, _rows(request, rows, as_of), as_of)
    page = paged_by_id(request, rows, Person.objects.all(), few=bool(form.value("q")))
    return TemplateResponse(
        request,
        part_of(request, "web/member_list.html", "list"),
        {
            "title": "党员",
            "form": form,
            "page": page,
            "rows": _rows(request, page, as_of),
            "sort": form.value("sort", "name"),
            "year": as_of.day.year,
            "past": as_of.past,
            "as_on": _as_on(as_of),
            "out_of_reach": _out_of_reach(request, form, as_of),
            "searched": any(form.value(name) for name in ("q", "status", "exempt", "hours")),
            "may_edit": access.orgs(request.user, "member.edit").exists(),
            "may_merge": access.orgs(request.user, "member.merge").exists(),
            "may_dues": access.orgs(request.user, "dues.view").exists(),
            "may_import": access.orgs(request.user, "import.roll").exists(),
        },
    )


def _as_on(as_of: AsOf) -> str:
    now = (
        f"按现在（{as_of.today}）的组织和隶属，撤销的支部的人计入承接的"
        if as_of.as_now
        else "按当时的组织"
    )
    return f"{as_of.day} 当天的名册，{now}"


def _then(form: MemberFilter, as_of: AsOf, prefix: str) -> Q:
    """The organisation asked for with all below it, for rows that lead to a branch."""
    whole = form.of is None or (len(form.of.lineage()) == 1 and not as_of.as_now)
    return Q() if form.of is None or whole else as_of.tree.below(form.of, prefix)


def _out_of_reach(request: HttpRequest, form: MemberFilter, as_of: AsOf) -> int:
    """How many belonged to the organisation on a past day who are elsewhere now: only told."""
    if not as_of.past:
        return 0
    there = Membership.objects.on(as_of.day).of_members().filter(_then(form, as_of, "org__"))
    there = there.filter(org__in=access.orgs(request.user, "member.view"))
    return there.exclude(person__in=access.people(request.user, "member.view")).count()


def _listed(request: HttpRequest, form: MemberFilter, as_of: AsOf) -> PersonQuerySet:
    within = access.orgs(request.user, "member.view")
    people = finding.people(access.people(request.user, "member.view"), form.value("q"), within)
    now = FilteredRelation("memberships", condition=on("memberships__", as_of.day))
    rows = people.annotate(now=now)
    status, org = form.value("status"), form.of
    if status == LEFT:
        been = Membership.objects.filter(valid_from__lte=as_of.day, org__in=within)
        been = been.filter(as_of.tree.below(org, "org__")) if org else been
        rows = rows.filter(now__isnull=True, pk__in=been.values("person"))
    else:
        rows = rows.filter(_then(form, as_of, "now__org__"))
        rows = rows.filter(now__status__in=[status] if status else MEMBER_STATUSES)
    match form.value("exempt"):
        case "yes" | "no" as exempt:
            rows = rows.filter(now__exempt=exempt == "yes")
        case "review":
            rows = rows.filter(now__exempt=True, now__exempt_until__lte=as_of.day)
    if hours := form.value("hours"):
        rows = rows.filter(pk__in=_lacking(request, hours, as_of.today).values("person"))
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


def _rows(request: HttpRequest, people: Iterable[Person], as_of: AsOf) -> list[Row]:
    """What stands beside the people of one page: three queries, however many they are."""
    shown = list(people)
    seen = access.people(request.user, "member.view").filter(pk__in=[p.pk for p in shown])
    label, names = catalogue.current().label, as_of.tree.names
    now = {
        pk: (names.get(org, ("", branch))[1], label("statuses", status), exempt)
        for pk, org, branch, status, exempt in seen.filter(
            on("memberships__", as_of.day)
        ).values_list("pk", *(f"memberships__{name}" for name in BELONGS))
    }
    posts = defaultdict[int, list[str]](list)
    held = seen.filter(on("posts__", as_of.day))
    for pk, post, org, called in held.values_list("pk", *(f"posts__{name}" for name in HOLDS)):
        posts[pk].append(f"{names.get(org, ('', called))[1]}{label('posts', post)}")
    hours = {}
    if not as_of.past:
        asked = _hours(request, as_of.day.year).filter(person__in=[p.pk for p in shown])
        hours = {entry.person_id: entry for entry in asked}
    left = ("", "已离开", False)
    return [Row(p, *now.get(p.pk, left), "、".join(posts[p.pk]), hours.get(p.pk)) for p in shown]


def _masked(person: Person, name: str) -> str:
    return sealing.mask(name, sealing.unseal(person, name))


def _workbook(
    request: HttpRequest, form: MemberFilter, rows: Iterable[Row], as_of: AsOf
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
    hours = f"{as_of.day.year} 年学时，截至 {as_of.day}"
    told = _as_on(as_of) if as_of.past else hours
    whose = [as_of.tree.called(form.of).name] if form.of else []
    about = " · ".join([*whose, told, *form.narrowed()])
    return download.workbook(request, title="党员", header=header, rows=lines, about=about)

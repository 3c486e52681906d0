"""Links with dates: contact points, pairings, mentors, teams, delegates; and who lacks one."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import access, catalogue, clock, visits
from guantong.records.actions import relations
from guantong.records.models import Activity, Org, Person, Relation
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet
from guantong.records.models.relation import RelationQuerySet
from guantong.records.models.span import on
from guantong.records.uncovered import uncovered
from guantong.web import choices, download, scope
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.correcting import EndForm
from guantong.web.filters import Filter, paged, part_of

ENDS: Final = ("person", "org", "other_org", "other_person")
ORGS, PEOPLE = ("org_id", "other_org_id"), ("person_id", "other_person_id")
STATES: Final = [("", "现有"), ("ended", "已结束"), ("all", "全部")]
SORTS: Final = {
    "kind": ("kind", "-valid_from", "pk"),
    "since": ("valid_from", "pk"),
    "-since": ("-valid_from", "-pk"),
}
SHOWN: Final = 50


class LinkFilter(Filter):
    kind = forms.ChoiceField(label="类别", required=False)
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)
    q = forms.CharField(label="姓名", required=False, max_length=60)
    sort = forms.ChoiceField(
        required=False, choices=[(name, name) for name in SORTS], widget=forms.HiddenInput
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.offer("kind", choices.kinds("relations", every="全部类别"))


@require_GET
def links(request: HttpRequest) -> HttpResponse:
    form, org = LinkFilter(request), _viewed(request)
    found = _filtered(request, form, org)
    if download.wanted(request):
        return _workbook(request, form, found)
    page = paged(request, found)
    return TemplateResponse(
        request,
        part_of(request, "web/links.html", "list"),
        {
            "title": "联系与队伍",
            "crumbs": [("党员", reverse("member-list"))],
            "form": form,
            "page": page,
            "rows": _rows(request, list(page)),
            "endable": _endable(request, list(page)),
            "sort": form.value("sort", "-since"),
            "searched": any(form.value(name) for name in ("kind", "state", "q")),
            "kinds": _may_record(request),
        },
    )


def _viewed(request: HttpRequest) -> Org | None:
    if not access.reach(request.user, "org.view").paths:
        raise Http404
    return scope.org_in_view(request)


def _filtered(request: HttpRequest, form: LinkFilter, org: Org | None) -> RelationQuerySet:
    found, today = access.relations(request.user), clock.today()
    if org is not None and len(org.lineage()) > 1:
        below = Org.objects.below(org)
        here = access.people(request.user, "member.view").filter(
            on("memberships__", today), memberships__org__in=below
        )
        named = Q(person__in=here.values("pk")) | Q(other_person__in=here.values("pk"))
        found = found.filter(Q(org__in=below) | Q(other_org__in=below) | named)
    if kind := form.value("kind"):
        found = found.filter(kind=kind)
    match form.value("state"):
        case "ended":
            found = found.filter(valid_to__lte=today)
        case "":
            found = found.filter(Q(valid_to=None) | Q(valid_to__gt=today))
    if text := form.value("q"):
        people = Person.objects.search(text).values("pk")
        found = found.filter(Q(person__in=people) | Q(other_person__in=people))
    return found.select_related(*ENDS).order_by(*SORTS[form.value("sort", "-since")])


def _rows(request: HttpRequest, found: list[Relation]) -> list[dict[str, Any]]:
    seen = access.activities(request.user, "activity.view")
    made = visits.of(found, seen, clock.today().year)
    at = _addresses(request, found)
    return [_row(one, made.get(one.pk, ())) | {"sides": _sides(one, at)} for one in found]


def _addresses(request: HttpRequest, found: Iterable[Relation]) -> dict[Person | Org, str]:
    """The pages of those ends of the links that the user may look at."""
    ends = {end for one in found for end in _ends(one)}
    people = access.people(request.user, "member.view")
    people = people.filter(pk__in=[end.pk for end in ends if isinstance(end, Person)])
    orgs = access.orgs(request.user, "org.view")
    orgs = orgs.filter(pk__in=[end.pk for end in ends if isinstance(end, Org)])
    at = {person: reverse("member", args=[person.pk]) for person in people}
    return at | {org: reverse("org", args=[org.pk]) for org in orgs}


def _ends(relation: Relation) -> list[Person | Org]:
    return [end for end in (getattr(relation, name) for name in ENDS) if end is not None]


def _sides(relation: Relation, at: Mapping[Person | Org, str]) -> list[tuple[str, str]]:
    """Both sides in words, each with its address or none."""
    named = [(str(end), at.get(end, "")) for end in _ends(relation)]
    return [*named, *([(relation.partner, "")] if relation.partner else [])]


def _endable(request: HttpRequest, found: Sequence[Relation]) -> set[int]:
    """Those whose sides are all in the user's scope. Two queries for each permission."""
    mine = set[int]()
    for needed in {relations.permission(kind) for kind in catalogue.current().kinds["relations"]}:
        orgs = access.orgs(request.user, needed).filter(pk__in=_ids(found, ORGS))
        people = access.people(request.user, needed).filter(pk__in=_ids(found, PEOPLE))
        near = set(orgs.values_list("pk", flat=True)), set(people.values_list("pk", flat=True))
        mine |= {
            one.pk
            for one in found
            if relations.permission(one.kind) == needed
            and _ids([one], ORGS) <= near[0]
            and _ids([one], PEOPLE) <= near[1]
        }
    return mine


def _ids(found: Sequence[Relation], names: Sequence[str]) -> set[int]:
    return {pk for one in found for name in names if (pk := getattr(one, name))}


def _row(relation: Relation, made: Sequence[Activity]) -> dict[str, Any]:
    """A link with its two sides in words, and the visits of the year, the newest first."""
    entry = catalogue.current().kinds["relations"][relation.kind]
    first, *rest = _ends(relation)
    others = [str(end) for end in rest] + ([relation.partner] if relation.partner else [])
    return {
        "row": relation,
        "title": entry["title"],
        "first": str(first),
        "other": "、".join(others),
        "visits": made,
        "asked": relation.kind == visits.LINK,
    }


def _workbook(request: HttpRequest, form: LinkFilter, found: Iterable[Relation]) -> HttpResponse:
    lines = [
        (
            *(told["title"], told["first"], told["other"], told["row"].valid_from),
            *(told["row"].valid_to, told["row"].note),
            *(
                (len(told["visits"]), told["visits"][0].held_on if told["visits"] else None)
                if told["asked"]
                else (None, None)
            ),
        )
        for told in _rows(request, list(found))
    ]
    header = ("类别", "一方", "另一方", "开始日", "结束日", "说明", "本年走访", "最近走访")
    about = " · ".join(form.narrowed())
    return download.workbook(request, title="联系与队伍", header=header, rows=lines, about=about)


# Recording


class PersonNamed(forms.CharField):
    """One person in reach, by name or, where there are several of that name, by number."""

    def __init__(self, within: PersonQuerySet, **more: Any) -> None:
        super().__init__(max_length=60, help_text="写姓名；有重名的写学工号。", **more)
        self.within = within

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        same = list(self.within.filter(Q(name=text) | Q(number=text)).order_by("pk")[:3])
        if not same:
            raise ValidationError(f"您的范围内没有“{text}”，请核对姓名或学工号。")
        if len(same) > 1:
            raise ValidationError(f"有不止一名“{text}”，请写学工号。")
        return same[0]


class LinkForm(ActionForm):
    """Fits its kind: a person or an organisation on either side."""

    valid_from = DayField(label="开始日")
    valid_to = DayField(label="结束日", required=False, help_text="没有定期限的不填。")
    note = forms.CharField(label="说明", max_length=200, required=False)
    order = ("person", "org", "other_person", "other_org", "partner", "valid_from", "valid_to")

    def __init__(
        self,
        *args: Any,
        entry: Mapping[str, Any],
        orgs: OrgQuerySet,
        people: PersonQuerySet,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        first, second = entry["from_title"], entry["to_title"]
        outside, only = bool(entry.get("outside")), entry.get("only", "")
        if entry["from"] == "person":
            self.fields["person"] = PersonNamed(people, label=first)
        else:
            self.fields["org"] = choices.org_field(orgs, label=first, only=only)
        if entry["to"] == "person":
            self.fields["other_person"] = PersonNamed(people, label=second)
        else:
            self.fields["other_org"] = choices.org_field(
                orgs, label=second, only=only, required=not outside
            )
        if outside:
            self.fields["partner"] = forms.CharField(
                label="校外单位", max_length=120, required=False, help_text="与校内结对的不填。"
            )
        self.fields["note"].label = entry["note"]
        self.order_fields([*self.order, "note"])


def record(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in dict(_may_record(request)):
        raise Http404
    entry = catalogue.current().kinds["relations"][kind]
    needed, today = relations.permission(kind), clock.today()
    form = LinkForm(
        request.POST or None,
        entry=entry,
        orgs=access.orgs(request.user, needed).on(today),
        people=access.people(request.user, needed),
        initial={"valid_from": today, **_asked(request)},
    )
    if form.outcome(partial(relations.record, by=acting(request), kind=kind)):
        messages.success(request, f"已登记{entry['title']}。")
        return redirect(f"{reverse('links')}?kind={kind}")
    crumbs = [("联系与队伍", reverse("links"))]
    return form_page(
        request, form, title=f"登记{entry['title']}", crumbs=crumbs, submit="登记",
        about="双方都要在您有权管理的范围内。登记错了的，结束时填开始的那一天，整条去掉。",
    )  # fmt: skip


def _asked(request: HttpRequest) -> dict[str, str]:
    """What a list of the uncovered hands over."""
    return {name: request.GET[name] for name in LinkForm.order if name in request.GET}


def _may_record(request: HttpRequest) -> list[choices.Choice]:
    """The kinds that the user may record somewhere."""
    reach = {
        name: access.orgs(request.user, name).exists() for name in ("post.edit", "member.edit")
    }
    return [one for one in choices.kinds("relations") if reach[relations.permission(one[0])]]


def end(request: HttpRequest, pk: int) -> HttpResponse:
    relation = get_object_or_404(access.relations(request.user), pk=pk)
    if relation.kind not in dict(_may_record(request)):
        raise Http404
    told = _row(relation, ())
    form = EndForm(
        request.POST or None,
        of=relation,
        strike=partial(relations.strike, by=acting(request), relation=relation),
    )
    if form.outcome(partial(relations.end, by=acting(request), relation=relation)):
        messages.success(request, form.says("已登记结束，以前的记录保留。"))
        return redirect("links")
    return form_page(
        request, form, title=f"结束{told['title']}：{told['first']}",
        crumbs=[("联系与队伍", reverse("links"))], submit="登记结束",
        about=f"{told['first']} — {told['other']}，{relation.valid_from} 起。",
    )  # fmt: skip


# Who lacks one


@require_GET
def lacking(request: HttpRequest) -> HttpResponse:
    _viewed(request)
    if download.wanted(request):
        return _lacking_workbook(request)
    may = dict(_may_record(request))
    told = [
        {
            "kind": one.kind,
            "title": one.title,
            "orgs": list(one.orgs[: SHOWN + 1]),
            "people": list(one.people[: SHOWN + 1]),
            "unknown": one.unknown,
            "may": one.kind in may,
        }
        for one in uncovered(request.user, clock.today())
    ]
    return TemplateResponse(
        request,
        "web/lacking.html",
        {
            "title": "还没有联系和结对的",
            "crumbs": [("联系与队伍", reverse("links"))],
            "lists": told,
            "most": SHOWN,
            "age": catalogue.current().kinds["limits"]["young_teacher_age"]["value"],
        },
    )


def _lacking_workbook(request: HttpRequest) -> HttpResponse:
    """All of them, of the kind asked for or of every kind."""
    today, asked = clock.today(), request.GET.get("kind", "")
    found = [one for one in uncovered(request.user, today) if asked in ("", one.kind)]
    branches = dict(
        access.people(request.user, "member.view")
        .filter(on("memberships__", today))
        .values_list("pk", "memberships__org__short_name")
    )
    lines = [
        *((one.title, "党组织", org.name, "") for one in found for org in one.orgs),
        *(
            (one.title, "个人", p.name, branches.get(p.pk, ""))
            for one in found
            for p in one.people
        ),
    ]
    header = ("缺什么", "对象", "名称", "党支部")
    about = found[0].title if asked and found else ""
    return download.workbook(
        request, title="还没有联系和结对的", header=header, rows=lines, about=about
    )

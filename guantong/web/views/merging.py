"""People entered twice: the list of those who look like one person, the merge, taking it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import batched, groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Page
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from guantong.records import access, merging
from guantong.records.actions import merging as actions
from guantong.records.models import Person
from guantong.records.models.person import PersonQuerySet
from guantong.web import download, ids
from guantong.web.acting import ActionForm, acting, form_page
from guantong.web.filters import paged
from guantong.web.views.member import person_or_404
from guantong.web.views.member_changes import crumbs_to_member

PERMISSION = actions.PERMISSION
FEW = 8
AT_ONCE = 200  # conditions in one query


@dataclass(frozen=True)
class Doubles:
    """People of one name and birth date, in the order in which they were entered."""

    name: str
    people: Sequence[Person]


@require_GET
def doubles(request: HttpRequest) -> HttpResponse:
    """Those in reach who share name and birth date. A question, never an answer."""
    within = access.people(request.user, PERMISSION)
    get_object_or_404(access.orgs(request.user, PERMISSION)[:1])
    pairs = within.exclude(birth_date=None).values("name", "birth_date").order_by()
    pairs = pairs.annotate(count=Count("pk")).filter(count__gt=1).order_by("name", "birth_date")
    if download.wanted(request):
        asked = [(p["name"], p["birth_date"]) for p in pairs]
        header = ["姓名", "出生日期", "学工号", "入党时间", "党支部"]
        rows = [
            (one.name, one.birth_date, one.number, one.joined_on, _branch(one))
            for some in batched(asked, AT_ONCE, strict=False)
            for group in _doubles(within, some)
            for one in group.people
        ]
        return download.workbook(request, title="查重", header=header, rows=rows)
    page: Page[Any] = paged(request, pairs)
    return TemplateResponse(
        request,
        "web/doubles.html",
        {
            "title": "查重",
            "crumbs": [("党员", reverse("member-list"))],
            "page": page,
            "doubles": _doubles(within, [(p["name"], p["birth_date"]) for p in page]),
        },
    )


def _branch(person: Person) -> str:
    last = max(person.memberships.all(), key=lambda span: span.valid_from, default=None)
    return last.org.short_name if last else ""


def _doubles(within: PersonQuerySet, pairs: Sequence[tuple[str, object]]) -> list[Doubles]:
    named = within.filter(name__in=[name for name, _ in pairs])
    born = named.filter(birth_date__in=[day for _, day in pairs])
    people = born.prefetch_related("memberships__org").order_by("name", "birth_date", "pk")
    rows = [person for person in people if (person.name, person.birth_date) in pairs]
    groups = groupby(rows, key=lambda person: (person.name, person.birth_date))
    return [Doubles(name, list(found)) for (name, _), found in groups]


class MergeForm(ActionForm):
    reason = forms.CharField(
        label="凭什么确认是同一人", max_length=200, help_text="如：核对了身份证和入党志愿书。"
    )


def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the other row, see what would happen to everything, then do it."""
    kept = person_or_404(request, pk, PERMISSION)
    other = _other(request, kept)
    form = MergeForm(request.POST if other and request.method == "POST" else None)
    if other is not None:
        act = partial(actions.merge, by=acting(request), kept=kept, absorbed=other)
        if form.outcome(act):
            messages.success(request, f"已合并为一份：{kept.name}。可以在本页撤回。")
            return redirect("member", pk)
    query = request.GET.get("q", "").strip()
    return TemplateResponse(
        request,
        "web/merge.html",
        {
            "title": f"合并重复登记：{kept.name}",
            "crumbs": crumbs_to_member(kept),
            "kept": kept,
            "other": other,
            "query": query,
            "found": [] if other else _found(request, kept, query),
            "why_not": merging.why_not(kept, other) if other else "",
            "unlike": merging.unlike(kept, other) if other else "",
            "plan": merging.planned(kept, other) if other else None,
            "form": form,
        },
        status=form.status,
    )


def _other(request: HttpRequest, kept: Person) -> Person | None:
    asked = request.GET.get("with", "")
    if not asked:
        return None
    within = access.people(request.user, PERMISSION).exclude(pk=kept.pk)
    return get_object_or_404(within, pk=ids.read(asked))


def _found(request: HttpRequest, kept: Person, query: str) -> list[Person]:
    """Those searched for, or those of the same name."""
    within = access.people(request.user, PERMISSION).exclude(pk=kept.pk)
    rows = within.search(query) if query else within.filter(name=kept.name)
    return list(rows.in_order().prefetch_related("memberships__org")[:FEW])


def undo(request: HttpRequest, pk: int, merge_pk: int) -> HttpResponse:
    person = person_or_404(request, pk, PERMISSION)
    done = get_object_or_404(person.merges, pk=merge_pk)
    if done.undone_at is not None and request.method == "GET":
        raise Http404
    form = ActionForm(request.POST if request.method == "POST" else None)
    stays = "、".join(f"{title} {count} 条" for title, count in merging.since(done))
    if form.outcome(partial(actions.undo, by=acting(request), merge=done)):
        kept = f"合并之后登记的{stays}留在这一份。" if stays else ""
        messages.success(request, f"已撤回合并，两份记录都恢复到合并之前。{kept}")
        return redirect("member", pk)
    return form_page(
        request, form, title=f"撤回合并：{person.name}", crumbs=crumbs_to_member(person),
        submit="撤回合并", danger=True,
        about=f"{timezone.localdate(done.at)} 并入的“{done.absorbed.name}”恢复为单独的一份，"
        "合并时取舍的内容全部还原。合并之后改过的内容不会被覆盖：改过就不能撤回。"
        + (f"合并之后登记的{stays}留在保留的一份，属于另一份的请撤回后改登。" if stays else ""),
    )  # fmt: skip

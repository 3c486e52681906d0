"""Recording an activity, planning one, correcting a record: the form and what became of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from guantong.periods import month_of
from guantong.records import access, concurrent, crediting
from guantong.records.actions import activities, attachments, unfinished
from guantong.records.closed_months import locked
from guantong.records.drafts import LABELS, Draft, draft_of
from guantong.records.models import Activity, Event, JointSide, Org
from guantong.records.models.activity import ActivityQuerySet
from guantong.sheets import attached
from guantong.web import ids, saved_forms, scope, trail
from guantong.web.acting import CONFLICT, acting, require
from guantong.web.forms.recording import RecordForm, entered_in
from guantong.web.wording import day_words

CLOSED: Final = "closed"  # in the session: which record has just closed which entries
RECORDED, CORRECTED = "已记录", "已更正"
GIVEN: Final = ("kind", "held_on", "from", "to")


def new(request: HttpRequest) -> HttpResponse:
    user, host = acting(request), scope.org_in_view(request)
    if host is None:
        raise Http404
    require(request, "activity.record", host)
    if "keep" in request.POST or "discard" in request.POST:
        return _put_aside(request, host)
    side = _side(request, host)
    if "side" in request.GET and side is None and (answered := _answered(request, host)):
        messages.info(request, "这次共建本支部已经登记过，就是这一条；要改的请更正。")
        return redirect("activity", answered.pk)
    start = {name: request.GET[name] for name in GIVEN if name in request.GET}
    if "to" in start:  # a period that is over: the day is for the user to say
        start |= {"held_on": ""}
    kept = unfinished.of(user, host)
    resumed = kept if kept and "resume" in request.GET else None
    typed = request.POST if request.method == "POST" else None
    if typed is None and resumed:
        typed = QueryDict(f"{resumed.content}&refresh=1")
    asked = request.POST.get("copy") if typed is not None else request.GET.get("copy")
    if side and typed is None:
        start |= _as_theirs(side)
    form = RecordForm(
        by=user,
        host=host,
        typed=typed,
        files=request.FILES,
        start=start,
        source=_source(request, asked),
        earlier=_made(request, saved_forms.saved_as(request)),
    )
    saved = _saved(form, lambda draft: activities.record(by=user, draft=draft, side=side))
    if saved:
        saved_forms.remember(request, saved[0].pk)
        unfinished.drop(by=user, org=host)
        return _done(request, *saved, RECORDED)
    own = access.activities(user, "activity.view").filter(hosts=host, kind=form.chosen_kind)
    return _page(
        request,
        form,
        title="记录活动",
        crumbs=[("活动", reverse("activity-list"))],
        last=own.held().filter(held_on__lte=form.today).newest_first().first(),
        plan=_plan(own, form.chosen_day),
        token=saved_forms.token(request),
        just=_made(request, saved_forms.just_saved(request)) if typed is None else None,
        kept=kept if typed is None else None,
        keeps=True,
        side=side,
    )


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting(request)
    activity = get_object_or_404(access.activities(user, "activity.view"), pk=pk)
    before = draft_of(activity)
    require(request, "activity.record", *before.hosts)
    if activity.part_of_id:
        return redirect("activity-edit", activity.part_of_id)
    if activity.withdrawn_at:
        messages.warning(request, "这条记录已撤销，请先恢复再更正。")
        return redirect("activity", pk)
    typed = request.POST if request.method == "POST" else None
    if typed is None and locked(before.hosts, before.held_on, before.last_on):
        return redirect("activity", pk)  # which says so
    form = RecordForm(
        by=user,
        host=before.hosts[0],
        typed=typed,
        files=request.FILES,
        start=entered_in(before),
        activity=activity,
    )
    version = number(request.POST.get("version", "")) if typed is not None else activity.version
    saved = _saved(
        form,
        lambda draft: activities.correct(by=user, activity=activity, version=version, draft=draft),
    )
    if saved:
        return _done(request, *saved, RECORDED if activity.planned else CORRECTED)
    meeting = _met(request, form, activity, version) if form.status == CONFLICT else None
    if meeting:
        form = RecordForm(
            by=user,
            host=before.hosts[0],
            start=entered_in(meeting.draft),
            activity=activity,
            resumed=meeting.draft,
        )
        form.status = CONFLICT
    return _page(
        request,
        form,
        title=_title(activity, form),
        crumbs=[
            ("活动", reverse("activity-list")),
            (activity.title, reverse("activity", args=[pk])),
        ],
        version=activity.version if meeting else version,
        meeting=meeting,
    )


def _page(
    request: HttpRequest,
    form: RecordForm,
    *,
    title: str,
    crumbs: list[tuple[str, str]],
    **more: Any,
) -> TemplateResponse:
    return TemplateResponse(
        request,
        "web/activity_form.html",
        {
            "title": title,
            "crumbs": crumbs,
            "form": form,
            "back": crumbs[-1][1],
            "last": None,
            "plan": None,
            "token": "",
            "just": None,
            "version": None,
            "meeting": None,
            "kept": None,
            "keeps": False,
            "side": None,
            **more,
        },
        status=form.status,
    )


def _title(activity: Activity, form: RecordForm) -> str:
    if not activity.planned:
        return "更正记录"
    return "修改计划" if form.ahead else "记录开展"


def _plan(own: ActivityQuerySet, day: date) -> Activity | None:
    """A plan of the month, which the record would otherwise leave open."""
    month = month_of(day)
    return own.live().filter(planned=True).between(month.start, month.end).first()


def _made(request: HttpRequest, pk: int | None) -> Activity | None:
    """What a form was saved as, if it is still in reach."""
    return access.activities(request.user, "activity.view").filter(pk=pk).first() if pk else None


def _source(request: HttpRequest, asked: str | None) -> Activity | None:
    """The record to copy from; one out of reach is as good as none."""
    if not asked:
        return None
    return access.activities(request.user, "activity.view").filter(pk=ids.read(asked)).first()


def _saved(
    form: RecordForm, write: Callable[[Draft], Activity]
) -> tuple[Activity, list[int]] | None:
    """The record, and the entries that it has just closed; None where it was not written."""
    undone: frozenset[int] = frozenset()

    @transaction.atomic
    def act(*, photos: Iterable[attached.Checked] = (), **_: object) -> Activity:
        nonlocal undone
        draft = form.draft()
        undone = crediting.still_open(draft)
        row = write(draft)
        for photo in photos:
            attachments.attach(by=form.by, activity=row, **vars(photo))
        return row

    activity = form.outcome(act)
    if activity is None:
        return None
    counted = crediting.counted_for_sitting(activity)
    done = [e.pk for e in counted if e.pk in undone and e.verdict in crediting.DONE]
    return activity, done


def _done(request: HttpRequest, activity: Activity, closed: list[int], said: str) -> HttpResponse:
    if activity.planned:
        text = f"已存为计划：{day_words(activity.held_on)}。开展后在这里点“记录开展”。"
    else:
        there, missing = activity.attendances.count(), activity.absences.count()
        text = f"{said}，出席 {there} 人" + (f"，缺席 {missing} 人。" if missing else "。")
    messages.success(request, text)
    if closed or said != CORRECTED:
        request.session[CLOSED] = {"activity": activity.pk, "entries": closed}
    return redirect("activity", activity.pk)


@dataclass(frozen=True)
class Meeting:
    """Two people at one record: what others did since, the fields on which both insist (theirs
    before, mine after), the fields taken over; and the draft that comes of it."""

    draft: Draft
    later: tuple[trail.Line, ...]
    clashes: tuple[trail.Changed, ...]
    taken: str


def _met(request: HttpRequest, form: RecordForm, activity: Activity, version: int) -> Meeting:
    activity.refresh_from_db()
    about = Event.objects.about(f"activity:{activity.pk}").select_related("by")
    later = [event for event in about if event.detail.get("version", 0) > version]
    found = concurrent.merged(form.draft(), draft_of(activity), later)
    # What clashes is told as the trail tells a change.
    sides = [concurrent.sides(clash) for clash in found.clashes]
    clashes = [
        Event(subject=f"activity:{activity.pk}", detail={"before": theirs, "after": mine})
        for theirs, mine in sides
    ]
    told = partial(
        trail.lines,
        people=access.people(request.user, "member.view"),
        orgs=access.orgs(request.user, "org.view"),
    )
    seen = access.history(request.user, activity).filter(pk__in=[event.pk for event in later])
    return Meeting(
        draft=found.draft,
        later=told(seen.select_related("by")),
        clashes=tuple(change for line in told(clashes) for change in line.changes),
        taken="、".join(LABELS.get(name, name) for name in found.taken),
    )


def _put_aside(request: HttpRequest, host: Org) -> HttpResponse:
    """Keep what was typed on the server, or throw away what was kept."""
    user = acting(request)
    if "discard" in request.POST:
        unfinished.drop(by=user, org=host)
        messages.success(request, "没保存的表已丢弃。")
    else:
        content = request.POST.copy()
        for name in ("csrfmiddlewaretoken", "keep", "form", "photos"):
            content.pop(name, None)
        unfinished.keep(by=user, org=host, content=content.urlencode())
        if request.POST["keep"] == "quiet":
            return HttpResponse(status=204)
        messages.success(request, "已存为草稿，下次打开“记录活动”可以接着填。")
    return redirect(f"{reverse('activity-new')}?org={host.pk}")


def _side(request: HttpRequest, host: Org) -> JointSide | None:
    """The other side's record that this one answers; one out of reach is as good as none."""
    asked = JointSide.objects.unanswered().filter(org=host, pk=ids.read(request.GET.get("side")))
    return asked.select_related("activity").first()


def _answered(request: HttpRequest, host: Org) -> Activity | None:
    """The record that has answered the side asked for: a link opened again leads to it."""
    asked = Activity.objects.live().filter(
        side_of__org=host, side_of__pk=ids.read(request.GET.get("side"))
    )
    return asked.filter(pk__in=access.activities(acting(request), "activity.view")).first()


def _as_theirs(side: JointSide) -> dict[str, Any]:
    """What both sides share; people are each side's own."""
    theirs = side.activity
    names = ("kind", "title", "held_on", "starts_at", "ends_at", "place", "outside")
    return {name: getattr(theirs, name) for name in names}


def number(text: str) -> int:
    """A version as a form sends it; 0, which none has, for nonsense."""
    return int(text) if text.isdecimal() and len(text) < 9 else 0

"""日历和提醒: what an account has sent to itself, and the calendar that phones fetch."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from guantong.records import catalogue, clock, feeds, ledger
from guantong.records.actions import digests
from guantong.records.actions import feeds as actions
from guantong.records.actions import ledger as upkeep
from guantong.records.models import Activity, CalendarFeed, Delivery, DigestSubscription, Entry
from guantong.web import icalendar
from guantong.web.acting import ActionForm, acting
from guantong.web.wording import late_words, period_of_entry, period_words

MEETING = timedelta(hours=1)  # how long one is shown whose hours are not known
LONGEST = timedelta(hours=12)  # what is longer lasts days, and hours say nothing of them


@require_GET
def reminders(request: HttpRequest) -> TemplateResponse:
    return _page(request)


@require_POST
def renew(request: HttpRequest) -> TemplateResponse:
    """A new address, told on this page and never again; the old one is dead."""
    secret = actions.renew(by=acting(request))
    address = reverse("calendar-feed", args=[secret])
    return _page(request, address=request.build_absolute_uri(address))


@require_POST
def give_up(request: HttpRequest) -> HttpResponse:
    actions.give_up(by=acting(request))
    messages.success(request, "日历地址已停用，手机不再更新。")
    return redirect("reminders")


class SubscribeForm(ActionForm):
    email = forms.EmailField(label="邮箱", help_text="只用来发这封摘要，别人看不到。")


@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    form = SubscribeForm(request.POST)
    if form.outcome(partial(digests.subscribe, by=acting(request))):
        messages.success(request, "已订阅。下一次发送时开始，没有要说的那一周不发。")
        return redirect("reminders")
    return _page(request, form=form)


@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    digests.stop(by=acting(request))
    messages.success(request, "已停收，不再发信。")
    return redirect("reminders")


def _page(
    request: HttpRequest, *, address: str = "", form: SubscribeForm | None = None
) -> TemplateResponse:
    user = acting(request)
    form = form or SubscribeForm(initial={"email": user.email})
    return TemplateResponse(
        request,
        "web/reminders.html",
        {
            "title": "日历和提醒",
            "feed": CalendarFeed.objects.filter(user=user).first(),
            "address": address,
            "orgs": feeds.own_orgs(user).in_order(),
            "form": form,
            "subscription": DigestSubscription.objects.filter(user=user).first(),
            "last": Delivery.objects.filter(user=user).order_by("pk").last(),
        },
        status=form.status,
    )


@login_not_required
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar itself. The address is the key: absent, renewed and closed look the same."""
    user = feeds.owner(secret)
    if user is None:
        raise Http404
    holds = feeds.calendar_of(user, upkeep.bring_up_to_date())
    content = icalendar.calendar("贯通 · 组织生活", _events(request, holds))
    return HttpResponse(content, content_type=icalendar.MIME)


def _events(request: HttpRequest, holds: feeds.Holds) -> Iterator[icalendar.Event]:
    for activity in holds.activities:
        yield _activity(request, activity)
    for entry in holds.owed:
        yield _owed(request, entry)


def _activity(request: HttpRequest, activity: Activity) -> icalendar.Event:
    label = catalogue.current().label
    kinds = "、".join(label("activities", row.kind) for row in (activity, *activity.parts.all()))
    told = filter(None, (kinds, activity.host_names, late_words(activity)))
    starts, lasts = _time(activity)
    return icalendar.Event(
        uid=f"activity-{activity.pk}@{request.get_host()}",
        made=activity.recorded_at,
        starts=starts,
        lasts=lasts,
        summary=f"（计划）{activity.title}" if activity.planned else activity.title,
        about=" · ".join(told),
        url=request.build_absolute_uri(reverse("activity", args=[activity.pk])),
        place=activity.place,
        sure=not activity.planned,
        version=activity.version,
    )


def _time(activity: Activity) -> tuple[date, timedelta | None]:
    """When it starts and how long it lasts: whole days where there were several or the time is
    not known; by its hours where it is not said when it ended."""
    first, last = activity.held_on, activity.last_on
    if last:
        return first, last - first + timedelta(days=1)
    hours = timedelta(hours=float(activity.hours)) if activity.hours else MEETING
    if activity.starts_at is None or (activity.ends_at is None and hours > LONGEST):
        return first, None
    starts = datetime.combine(first, activity.starts_at)
    ends = datetime.combine(first, activity.ends_at) if activity.ends_at else starts + hours
    return timezone.make_aware(starts), ends - starts


def _owed(request: HttpRequest, entry: Entry) -> icalendar.Event:
    title = ledger.obligation(entry.obligation).title
    return icalendar.Event(
        uid=f"entry-{entry.pk}@{request.get_host()}",
        made=clock.now(),
        starts=entry.due_on,
        lasts=None,
        summary=f"到期：{title}",
        about=f"{entry.org.short_name} · {period_words(period_of_entry(entry))}，还没有完成",
        url=request.build_absolute_uri(reverse("cell", args=[entry.pk])),
    )

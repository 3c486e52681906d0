"""Signing in at a large event: opening the list, signing, and confirming who was there."""

import secrets
from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction

from guantong.records import access, clock, enrolments, rosters, sign_ins
from guantong.records.access import Refused
from guantong.records.actions import activities, events, rows
from guantong.records.drafts import Attended, draft_of
from guantong.records.models import Activity, Person, Places, SignIn, SignInSheet, User

OPENS = "activity.record"


@transaction.atomic
def open_sheet(*, by: User | None, activity: Activity) -> SignInSheet:
    """Let people sign in, from now on with other codes than ever before."""
    activity = _planned(by, activity)
    if activity.held_on != clock.today():
        raise Refused(f"活动在 {activity.held_on}，当天才能开始签到。")
    fresh = {"secret": secrets.token_hex(32), "opened_at": clock.now(), "closed_at": None}
    sheet = SignInSheet.objects.filter(activity=activity).first()
    if sheet is None:
        sheet = rows.insert(SignInSheet(activity=activity, **fresh))
    elif sheet.closed_at is None:
        return sheet
    else:
        rows.change(sheet, secret=fresh["secret"], closed_at=None)  # late from the first opening
    _tell("sign_in.opened", activity, by)
    return sheet


@transaction.atomic
def close_sheet(*, by: User | None, activity: Activity) -> SignInSheet:
    activity = _planned(by, activity)
    sheet = SignInSheet.objects.filter(activity=activity, closed_at=None).first()
    if sheet is None:
        raise Refused("签到没有开始，或已经结束。")
    rows.change(sheet, closed_at=clock.now())
    _tell("sign_in.closed", activity, by)
    return sheet


def sign(*, by: User, activity: Activity) -> tuple[SignIn, bool]:
    """Sign in oneself, whose code has been looked at; once: the second time tells of the first.

    Who may is asked before the transaction, for which hundreds wait in line.
    """
    person = by.person
    if person is None or not _may(person, activity):
        raise Refused("您的账号没有对应当天在册的人，请在现场找工作人员登记。")
    return _signed(by, person, activity)


@transaction.atomic
def _signed(by: User, person: Person, activity: Activity) -> tuple[SignIn, bool]:
    """Holds the sheet, so that nobody signs in while the list is being confirmed."""
    sheets = SignInSheet.objects.select_for_update(no_key=True)
    sheet = sheets.filter(activity=activity, closed_at=None).first()
    if sheet is None or not activity.planned or activity.withdrawn_at:
        raise Refused("签到已经结束，请在现场找工作人员登记。")
    if before := SignIn.objects.filter(activity=activity, person=person).first():
        return before, False
    now = clock.now()
    late = now > sign_ins.late_from(activity, sheet)
    row = rows.insert(SignIn(activity=activity, person=person, at=now, late=late))
    _tell("sign_in.made", activity, by, about=row, person=person, late=late)
    return row, True


@transaction.atomic
def confirm(
    *,
    by: User | None,
    activity: Activity,
    version: int,
    present: Collection[int],
    hours: Decimal | None,
) -> Activity:
    """Make attendance of those whom the organiser says were there, signed in or not; who signed
    in may be a guest from anywhere in the school.

    Who enrolled, had a place and was not there is absent, without a reason.
    """
    activity = _planned(by, activity)
    sheets = SignInSheet.objects.select_for_update(no_key=True)
    if sheet := sheets.filter(activity=activity, closed_at=None).first():
        rows.change(sheet, closed_at=clock.now())
    draft = replace(
        draft_of(activity),
        planned=False,
        hours=hours,
        attended=tuple(Attended(pk) for pk in sorted(present)),
        absent=dict.fromkeys(_missed(activity, present), ""),
    )
    signed = SignIn.objects.filter(activity=activity).values_list("person", flat=True)
    return activities.correct(
        by=by, activity=activity, version=version, draft=draft, known=set(signed)
    )


def _missed(activity: Activity, present: Collection[int]) -> list[int]:
    places = Places.objects.filter(activity=activity).first()
    placed = enrolments.standing(places).placed if places else ()
    return [row.person_id for row in placed if row.person_id not in present]


def _planned(by: User | None, activity: Activity) -> Activity:
    activity = rows.locked(activity)
    for host in activity.hosts.all():
        access.require(by, OPENS, host)
    if not activity.planned or activity.withdrawn_at:
        raise Refused("活动已经开展或撤销，不能再签到。")
    return activity


def _may(person: Person, activity: Activity) -> bool:
    """Anybody of the school on that day: guests of another branch come too."""
    found = rosters.may_be_named(None, list(activity.hosts.all()), activity.held_on)
    return found.filter(pk=person.pk).exists()


def _tell(
    verb: str, activity: Activity, by: User | None, about: SignIn | None = None, **more: Any
) -> None:
    """Of the activity; of hundreds who sign in, each of the own row, or nobody could read it."""
    host = activity.hosts.order_by("host_rows__id")[0]
    events.leave(verb, about or activity, by=by, org=host, **more)

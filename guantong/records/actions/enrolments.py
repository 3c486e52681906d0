"""Places at something planned: offering them, taking one, waiting, giving one up."""

from datetime import date
from typing import Any

from django.db import transaction

from guantong.records import access, clock, enrolments
from guantong.records.access import Forbidden, Refused
from guantong.records.actions import events, rows
from guantong.records.models import Activity, Enrolment, Person, Places, User

OFFERS = "activity.record"


@transaction.atomic
def offer(*, by: User | None, activity: Activity, places: int, closes_on: date) -> Places:
    """Let people enrol, or change how many and until when. Nobody loses a place by that."""
    activity = _planned(activity)
    for host in activity.hosts.all():
        access.require(by, OFFERS, host)
    if closes_on > activity.held_on:
        reason = f"报名截止应不晚于活动日期 {activity.held_on}。"
        raise Refused(reason, {"closes_on": reason})
    row = Places.objects.filter(activity=activity).first()
    if row is None and closes_on < clock.today():
        reason = f"报名截止在今天（{clock.today()}）之前，没有人能报名。请核对。"
        raise Refused(reason, {"closes_on": reason})
    taken = len(enrolments.standing(row).placed) if row else 0
    if places < taken:
        reason = f"已有 {taken} 人报上名，名额不能少于这个数。"
        raise Refused(reason, {"places": reason})
    if row is None:
        row = rows.insert(Places(activity=activity, places=places, closes_on=closes_on))
        told = rows.Change({}, {"places": places, "closes_on": closes_on})
    else:
        told = rows.change(row, places=places, closes_on=closes_on)
    _tell("places.offered", activity, by, change=told)
    return row


@transaction.atomic
def enrol(*, by: User | None, activity: Activity, person: Person, wait: bool) -> Enrolment:
    """Take the next place; where none is left only with `wait`, at the end of those waiting."""
    activity = _planned(activity)
    _require_person(by, activity, person)
    row = Places.objects.filter(activity=activity).first()
    if row is None:
        raise Refused("这次活动没有开放报名。")
    if clock.today() > row.closes_on:
        raise Refused(f"报名已在 {row.closes_on} 截止。")
    now = enrolments.standing(row)
    if now.says(person):
        raise Refused(f"{person.name}{now.says(person)}，不用重复报名。")
    if not now.left and not wait:
        raise Refused(f"{row.places} 个名额已满，还有 {len(now.waiting)} 人候补。可以排候补。")
    made = rows.insert(Enrolment(activity=activity, person=person, at=clock.now(), by=by))
    _tell("enrolment.made", activity, by, about=made, person=person)
    return made


@transaction.atomic
def cancel(*, by: User | None, row: Enrolment) -> Enrolment:
    """Give a place up. Whoever waits longest has it now; the event says who."""
    activity = _planned(row.activity)
    row = rows.locked(row)
    _require_person(by, activity, row.person)
    if row.cancelled_at:
        raise Refused("已经取消过了。")
    places = Places.objects.get(activity=activity)
    before = enrolments.standing(places)
    rows.change(row, cancelled_at=clock.now())
    placed = {one.person_id for one in before.placed}
    up = [one.person for one in enrolments.standing(places).placed if one.person_id not in placed]
    _tell(
        "enrolment.cancelled", activity, by, about=row, person=row.person,
        moved_up=[p.pk for p in up],
    )  # fmt: skip
    return row


def _planned(activity: Activity) -> Activity:
    """The activity, held: of two who take the last place one waits for the other."""
    activity = rows.locked(activity)
    if not activity.planned or activity.withdrawn_at:
        raise Refused("活动已经开展或撤销，不能再报名或改动名额。")
    return activity


def _require_person(by: User | None, activity: Activity, person: Person) -> None:
    if by is not None and not enrolments.for_whom(by, activity).filter(pk=person.pk).exists():
        raise Forbidden("您不能替这个人报名：要由本人或所在支部办理，且活动面向所在支部。")


def _tell(
    verb: str, activity: Activity, by: User | None, about: Enrolment | None = None, **more: Any
) -> None:
    """Offering in the activity's own trail, each enrolment in its own."""
    host = activity.hosts.order_by("host_rows__id")[0]
    events.leave(verb, about or activity, by=by, org=host, **more)

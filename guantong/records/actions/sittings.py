"""The rows that follow a record: its other kinds and its days in later years. Called by
`actions.activities`, in its transaction; which parts there are is decided by `records.sittings`.
"""

from collections.abc import Mapping
from typing import Any, Final

from guantong.records import sittings
from guantong.records.access import Refused
from guantong.records.actions import rows
from guantong.records.drafts import Draft
from guantong.records.models import Absence, Activity, ActivityHost, Attendance
from guantong.records.sittings import Part

COLUMNS: Final[dict[type[Any], str]] = {
    ActivityHost: "org",
    Attendance: "person",
    Absence: "person",
}
FOLLOWED: Final = (
    *("title", "starts_at", "ends_at", "place", "outside", "planned", "summary", "late_reason"),
    *("recorded_at", "recorded_by", "verified_at", "verified_by", "version"),
    *("withdrawn_at", "withdrawn_by", "withdrawn_reason"),
)

type People = dict[type[Any], dict[int, dict[str, Any]]]


def require_whole(activity: Activity) -> None:
    """Refuse what is only a part: it is changed where it was recorded."""
    if activity.part_of_id is not None:
        raise Refused("这条是同场活动的一部分，请在一起记录的那条上办理。")


def own_part(draft: Draft) -> dict[str, Any]:
    """The columns in which the record itself may differ from what was stated for the whole."""
    return _columns(sittings.parts(draft)[0], draft)


def write(activity: Activity, before: Draft | None, draft: Draft) -> None:
    """Bring the people of a record, its parts and theirs up to what a draft says."""
    first, *rest = sittings.parts(draft)
    was = {part.key: part for part in sittings.parts(before)} if before else {}
    old = people(before, next(iter(was.values()), None))
    _write_people(activity, old, people(draft, first))
    there = {(row.kind, row.held_on.year): row for row in activity.parts.all()}
    for part in rest:
        row = there.pop(part.key, None)
        old = people(before, was.get(part.key)) if row is not None else people(None, None)
        row = _put(activity, row, part, draft)
        _write_people(row, old, people(draft, part))
    Activity.objects.filter(pk__in=[row.pk for row in there.values()]).delete()


def follow(*records: Activity) -> None:
    """Let the parts stand as their records do: confirmed, withdrawn, restored."""
    whole = {record.pk: record for record in records}
    for row in Activity.objects.filter(part_of__in=whole):
        record = whole[row.part_of_id or 0]
        rows.change(row, **{name: getattr(record, name) for name in FOLLOWED})


def people(draft: Draft | None, part: Part | None) -> People:
    """The rows that go with a part: model to organisation or person to columns."""
    if draft is None or part is None:
        return {model: {} for model in COLUMNS}
    return {
        ActivityHost: {host.pk: {} for host in draft.hosts},
        Attendance: {
            one.person_id: {
                "role": one.role,
                "hours": part.hours(draft.hours if one.hours is None else one.hours),
            }
            for one in draft.attended or ()
        },
        Absence: {person: {"reason": reason} for person, reason in draft.absent.items()},
    }


def _put(activity: Activity, row: Activity | None, part: Part, draft: Draft) -> Activity:
    values = {name: getattr(activity, name) for name in FOLLOWED}
    values |= {"kind": part.kind, **_columns(part, draft)}
    if row is None:
        return rows.insert(Activity(part_of=activity, **values))
    rows.change(row, **values)
    return row


def _columns(part: Part, draft: Draft) -> dict[str, Any]:
    return {
        "held_on": part.held_on,
        "last_on": part.last_on,
        # The record itself tells the hours of all, though they may count with another kind.
        "hours": (part.share if part.kind == draft.kind else part.hours)(draft.hours),
    }


def _write_people(activity: Activity, old: People, new: Mapping[type[Any], Any]) -> None:
    """Add and remove the rows in which the two differ."""
    for model, was in old.items():
        column, now = COLUMNS[model], new[model]
        gone = [pk for pk in was if was[pk] != now.get(pk)]
        if gone:
            model.objects.filter(activity=activity, **{f"{column}__in": gone}).delete()
        model.objects.bulk_create(
            model(activity=activity, **{f"{column}_id": pk}, **now[pk])
            for pk in now
            if was.get(pk) != now[pk]
        )

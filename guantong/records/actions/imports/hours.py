"""Writes who was at activities on record, and for how many hours: a new version of each."""

from collections.abc import Collection, Sequence

from guantong.records.actions import activities, ledger, rows, traces
from guantong.records.actions.traces import Snapshot, Trace, between
from guantong.records.imports.decisions import ForAttendance
from guantong.records.imports.people import in_chunks
from guantong.records.models import Activity, ActivityHost, Attendance


def write(work: Sequence[ForAttendance]) -> tuple[list[Trace], ledger.Touch]:
    """Return what undoing needs, and what the ledger has to look at again."""
    ids = {one.activity_id for one in work}
    held = list(in_chunks(Activity.objects.select_for_update(), "pk", ids))
    before = _there(ids)
    _correct({one.attendance_id: one for one in work if one.attendance_id})
    Attendance.objects.bulk_create(
        (
            Attendance(
                activity_id=one.activity_id, person_id=one.person_id, role=one.role,
                hours=one.hours,
            )
            for one in work
            if one.attendance_id is None
        ),
        batch_size=rows.AT_ONCE,
    )  # fmt: skip
    for activity in held:  # a confirmation was of what it said before
        activity.version += 1
        activity.verified_at = activity.verified_by = None
    rows.put(held, ["version", "verified_at", "verified_by"])
    hosts = in_chunks(ActivityHost.objects.values_list("org", flat=True), "activity", ids)
    touch = ledger.Touch(
        org_ids=frozenset(hosts),
        person_ids=frozenset(one.person_id for one in work),
        first_day=min(activity.held_on for activity in held),
        last_day=max(activity.last_on or activity.held_on for activity in held),
        tables=activities.TABLES,
    )
    return between(before, _there(ids)), touch


def _correct(known: dict[int, ForAttendance]) -> None:
    kept = list(in_chunks(Attendance.objects.select_for_update(), "pk", known))
    for row in kept:
        row.role, row.hours = known[row.pk].role, known[row.pk].hours
    rows.put(kept, ["role", "hours"])


def _there(ids: Collection[int]) -> Snapshot:
    return traces.snapshot(
        [
            *in_chunks(Activity.objects.all(), "pk", ids),
            *in_chunks(Attendance.objects.all(), "activity", ids),
        ]
    )

"""Writes what was decided about a whole file: in bulk, without access checks, events or refresh.

The same rows come out as if each had gone through the actions of people, memberships and
activities; a test holds the two against each other.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from guantong.records import clock, names, sealing
from guantong.records.actions import activities, codes, jobs, ledger, memberships, rows, spans
from guantong.records.actions.imports import hours, offices, traces, tree
from guantong.records.actions.traces import Snapshot, Trace, between
from guantong.records.drafts import Draft
from guantong.records.imports.decisions import (
    Decision,
    ForAttendance,
    ForMember,
    ForPost,
    Step,
)
from guantong.records.imports.people import in_chunks
from guantong.records.models import (
    Absence,
    Activity,
    ActivityHost,
    Attendance,
    ImportBatch,
    Membership,
    Org,
    Person,
    User,
)
from guantong.records.telling import content

AT_ONCE = 1000


def write(
    batch: ImportBatch, work: Sequence[Decision], by: User | None, job: str
) -> tuple[list[Trace], ledger.Touch]:
    """Return what undoing needs, and what the ledger has to look at again. `job`: whose progress
    is told; a sheet of organisations or posts is written at a stroke.
    """
    match batch.kind:
        case "orgs":
            return tree.write(work)
        case "posts":
            return offices.write([one.work for one in work if isinstance(one.work, ForPost)])
        case "roll":
            members = [one.work for one in work if isinstance(one.work, ForMember)]
            return _together(map(_write_members, _in_parts(members, job)))
    drafts = [one.work for one in work if isinstance(one.work, Draft)]
    there = [one.work for one in work if isinstance(one.work, ForAttendance)]
    written = [hours.write(there)] if there else []
    written += [_write_activities(some, by) for some in _in_parts(drafts, job)]
    return _together(written)


def _in_parts[Work](work: Sequence[Work], job: str) -> Iterator[Sequence[Work]]:
    """So many at once, telling how many are written."""
    for first in range(0, len(work), AT_ONCE):
        yield work[first : first + AT_ONCE]
        jobs.tell(job, f"已写 {min(first + AT_ONCE, len(work)):,} / {len(work):,}")


def _together(
    written: Iterable[tuple[list[Trace], ledger.Touch]],
) -> tuple[list[Trace], ledger.Touch]:
    made, touches = zip(*written, strict=True)
    return [trace for some in made for trace in some], ledger.both(*touches)


# Members


def _write_members(work: Sequence[ForMember]) -> tuple[list[Trace], ledger.Touch]:
    known = {one.person_id for one in work if one.person_id}
    locked = in_chunks(Person.objects.select_for_update(), "pk", known)
    people = {person.pk: person for person in locked}
    before = traces.of_people(known)
    new = _register([one for one in work if one.person_id is None])
    changed = [(people[one.person_id], one) for one in work if one.person_id]
    _correct(changed)
    for person, one in changed:
        _move(person, one.steps)
    ids = known | {person.pk for person in new}
    after = traces.of_people(ids)
    made = between(before, after)
    return made, _touch_of_members(made, after)


def _register(work: Sequence[ForMember]) -> list[Person]:
    people = [Person(**one.fields, **names.spelt(one.fields["name"])) for one in work]
    Person.objects.bulk_create(people, batch_size=AT_ONCE)
    pairs = list(zip(people, work, strict=True))
    _seal(pairs)
    Membership.objects.bulk_create(
        (span for person, one in pairs for span in _spans(person, one.steps)), batch_size=AT_ONCE
    )
    return people


def _correct(pairs: Sequence[tuple[Person, ForMember]]) -> None:
    touched = [(person, one) for person, one in pairs if one.fields]
    for person, one in touched:
        spelt = names.spelt(one.fields["name"]) if "name" in one.fields else {}
        for name, value in {**one.fields, **spelt}.items():
            setattr(person, name, value)
    columns = {name for _, one in touched for name in one.fields}
    if "name" in columns:
        columns |= set(names.SPELT)
    if columns:
        rows.put([person for person, _ in touched], sorted(columns))
    _seal(pairs)


def _seal(pairs: Iterable[tuple[Person, ForMember]]) -> None:
    """After the rows have their ids, to which sealed values are bound."""
    touched = [(person, one) for person, one in pairs if one.sealed]
    for person, one in touched:
        for name, text in one.sealed.items():
            sealing.seal(person, name, text)
    rows.put([person for person, _ in touched], [*sealing.ON_ROLL, "id_index"])


def _spans(person: Person, steps: Sequence[Step]) -> Iterable[Membership]:
    ends = [step.on for step in steps[1:]]
    for step, end in zip(steps, [*ends, None], strict=True):
        yield Membership(
            person=person,
            org_id=step.org_id,
            status=step.status,
            valid_from=step.on,
            valid_to=end,
            end_reason="转正" if end else "",
        )


def _move(person: Person, steps: Sequence[Step]) -> None:
    """As `memberships` does it: posts end with the branch, exemptions go along."""
    for step in steps:
        org = Org.objects.get(pk=step.org_id)
        if not person.memberships.filter(valid_to=None).exists():
            memberships.begin(person, org, status=step.status, on=step.on)
            continue
        current = memberships.lasting(person)
        if current.org_id != step.org_id:
            memberships.relocate(current, org, step.on)
            current = memberships.lasting(person)
        if current.status != step.status:
            spans.succeed(current, step.on, ending=_ending(step), status=step.status)


def _ending(step: Step) -> str:
    """What `memberships` and `lifecycle` write where the status changes."""
    if step.status == "full":
        return "转正"
    return f"成为{codes.title('statuses', step.status)}"


def _touch_of_members(made: Sequence[Trace], after: Snapshot) -> ledger.Touch:
    spans_touched = [
        row
        for model, pk, before, _ in made
        if model in ("Membership", "Post")
        for row in (before, after[(model, pk)])
        if row
    ]
    return ledger.Touch(
        org_ids=frozenset(row["org_id"] for row in spans_touched),
        person_ids=frozenset(row["person_id"] for row in spans_touched),
        first_day=min(
            (date.fromisoformat(row["valid_from"]) for row in spans_touched), default=clock.today()
        ),
        tables=memberships.TABLES,
    )


# Activities


def _write_activities(
    drafts: Sequence[Draft], by: User | None
) -> tuple[list[Trace], ledger.Touch]:
    now = clock.now()
    made = [
        Activity(**content(draft), recorded_at=now, recorded_by=by, version=1) for draft in drafts
    ]
    Activity.objects.bulk_create(made, batch_size=AT_ONCE)
    pairs = list(zip(made, drafts, strict=True))
    ActivityHost.objects.bulk_create(
        (ActivityHost(activity=row, org=host) for row, draft in pairs for host in draft.hosts),
        batch_size=AT_ONCE,
    )
    Attendance.objects.bulk_create(
        (
            Attendance(
                activity=row,
                person_id=one.person_id,
                role=one.role,
                hours=draft.hours if one.hours is None else one.hours,
            )
            for row, draft in pairs
            for one in draft.attended or ()
        ),
        batch_size=AT_ONCE,
    )
    Absence.objects.bulk_create(
        (
            Absence(activity=row, person_id=person, reason=reason)
            for row, draft in pairs
            for person, reason in draft.absent.items()
        ),
        batch_size=AT_ONCE,
    )
    after = traces.of_activities([row.pk for row in made])
    return between({}, after), _touch_of_activities(drafts)


def _touch_of_activities(drafts: Sequence[Draft]) -> ledger.Touch:
    days = [draft.held_on for draft in drafts]
    return ledger.Touch(
        org_ids=frozenset(host.pk for draft in drafts for host in draft.hosts),
        person_ids=frozenset(one.person_id for d in drafts for one in d.attended or ()),
        first_day=min(days),
        last_day=max(days),
        tables=activities.TABLES,
    )

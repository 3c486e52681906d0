"""Changes that a random history is made of, each by the action that people use.

A verb is given a day and two numbers, by which it picks the rows it is about. Refused is raised by
the action, or where there is no such row yet.
"""

from datetime import date, timedelta
from decimal import Decimal

from guantong.periods import add_months
from guantong.records import catalogue, recutting
from guantong.records.access import Refused
from guantong.records.actions import (
    activities,
    cases,
    documents,
    figures,
    lifecycle,
    memberships,
    merging,
    money,
    orgs,
    people,
    posts,
    readings,
    recuts,
    relations,
    restoring,
    steps,
    successions,
    terms,
)
from guantong.records.actions import (
    sign_ins as signing,
)
from guantong.records.actions.cases import Entry
from guantong.records.drafts import Attended
from guantong.records.models import (
    Activity,
    BudgetLine,
    Case,
    Event,
    Membership,
    Merge,
    Org,
    OrgChange,
    Person,
    Post,
    Recut,
    Relation,
    Term,
)
from guantong.records.recutting import Preview
from tests.factories import TODAY, make_activity, make_draft


def pick(rows, number):
    found = list(rows.order_by("pk"))
    if not found:
        raise Refused("还没有这样的记录")
    return found[number % len(found)]


def record(day, a, b):
    kinds = [
        k for k, v in catalogue.current().kinds["activities"].items() if "branch" in v["hosts"]
    ]
    branch = pick(Org.objects.filter(kind="branch"), a)
    members = Person.objects.filter(memberships__org=branch, memberships__valid_to=None)
    people_there = list(members.order_by("pk")[: b % 3 + 1])
    roles = {
        p.pk: r for p, r in zip(people_there, ("lecturer", "attendee", "chair"), strict=False)
    }
    late = "当时未及时录入" if day < TODAY - timedelta(days=20) else ""
    more = {
        "kind": kinds[b % len(kinds)],
        "held_on": day,
        "late_reason": late,
        "hours": Decimal(b % 5 + 1),
    }
    make_activity(branch, **more, **_attended(people_there, roles))


def record_whole(day, a, b):
    """Several kinds in one sitting, over several days, and more than one host now and then."""
    hosts = [pick(Org.objects.filter(kind="branch"), a)]
    if b % 2:
        hosts.append(pick(Org.objects.filter(kind="branch").exclude(pk=hosts[0].pk), b))
    make_activity(
        *hosts, kind="branch_assembly", also=("theme_day", "party_lecture")[: a % 3], held_on=day,
        last_on=min(TODAY, day + timedelta(days=b % 40)), hours=Decimal(b % 9 + 1),
        late_reason="补记", title=f"连开{a}",
    )  # fmt: skip


def sign_in(day, a, b):
    """What was planned for today, signed in to and confirmed by the organiser."""
    host = pick(Org.objects.filter(kind="college_committee", valid_to=None), a)
    activity = make_activity(
        host, kind="central_training", held_on=TODAY, planned=True, hours=None, title=f"集训{a}"
    )
    signing.open_sheet(by=None, activity=activity)
    there = [pick(Person.objects, a).pk]
    signing.confirm(by=None, activity=activity, version=1, present=there, hours=Decimal(8))


def decide(day, a, b):
    option = ["training-only", "all-org-life", ""][b % 3]
    readings.choose(
        by=None, reading="R-01", option=option, decided_by="党委会", decided_on=day, why="试行"
    )


def _attended(there, roles):
    return {"attended": tuple(Attended(p.pk, roles[p.pk], Decimal(2)) for p in there)}


def withdraw(day, a, b):
    activity = pick(Activity.objects.live(), a)
    activities.withdraw(by=None, activity=activity, version=activity.version, reason="记错了")


def restore(day, a, b):
    activities.restore(by=None, activity=pick(Activity.objects.exclude(withdrawn_at=None), a))


def correct(day, a, b):
    activity = pick(Activity.objects.live(), a)
    kind = (activity.kind, "theme_day", "party_lecture")[b % 3]
    also = ("party_lecture", "theme_day")[: a % 3]
    last_on = min(TODAY, day + timedelta(days=b % 5)) if a % 2 else None
    draft = make_draft(
        *activity.hosts.all(), kind=kind, held_on=day, late_reason="更正", also=also,
        last_on=last_on,
    )  # fmt: skip
    activities.correct(by=None, activity=activity, version=activity.version, draft=draft)


def join(day, a, b):
    branch = pick(Org.objects.filter(kind="branch"), a)
    people.register(
        by=None, org=branch, status=["full", "probationary"][b % 2], since=day, name="新党员"
    )


def move_person(day, a, b):
    to = pick(Org.objects.filter(kind="branch"), b)
    memberships.transfer_within(by=None, person=pick(Person.objects, a), to=to, on=day)


def leave(day, a, b):
    memberships.leave(by=None, person=pick(Person.objects, a), on=day, reason="转出")


def undo_step(day, a, b):
    stepped = Event.objects.filter(verb__in=steps.UNDONE).values_list("detail__person", flat=True)
    steps.undo(by=None, person=pick(Person.objects.filter(pk__in=list(stepped)), a))


def exempt(day, a, b):
    memberships.set_exempt(
        by=None, person=pick(Person.objects, a), exempt=bool(b % 2), on=day, reason="年老"
    )


def appoint(day, a, b):
    kinds = sorted(catalogue.current().kinds["posts"])
    posts.appoint(
        by=None, person=pick(Person.objects, a), org=pick(Org.objects, b), valid_from=day,
        post=kinds[(a + b) % len(kinds)], double_leader=[None, True, False][a % 3],
        full_time=bool(b % 2),
    )  # fmt: skip


def end_post(day, a, b):
    posts.end(by=None, post=pick(Post.objects.filter(valid_to=None), a), on=day)


def flag_post(day, a, b):
    flags = {"double_leader": [None, True, False][b % 3], "full_time": bool(a % 2)}
    posts.set_flags(by=None, post=pick(Post.objects, a), **flags)


def elect(day, a, b):
    expires = date(day.year + 3, 1, 1) if b % 2 else day + timedelta(days=b % 200 + 1)
    terms.record(
        by=None, org=pick(Org.objects.exclude(kind="group"), a), elected_on=day, expires_on=expires
    )


def extend(day, a, b):
    term = pick(Term.objects, a)
    terms.extend(
        by=None,
        term=term,
        extended_to=term.expires_on + timedelta(days=b % 300 + 1),
        approval="获批",
        approved_on=TODAY,
    )


def link(day, a, b):
    relations.record(
        by=None,
        kind="contact_point",
        valid_from=day,
        person=pick(Person.objects, a),
        org=pick(Org.objects, b),
    )


def unlink(day, a, b):
    relations.end(by=None, relation=pick(Relation.objects.filter(valid_to=None), a), on=day)


def count_heads(day, a, b):
    names = sorted(catalogue.current().kinds["figures"])
    top = Org.objects.get(kind="school_committee")
    figures.record(by=None, org=top, name=names[a % len(names)], as_of=day, value=Decimal(b % 900))


def adopt(day, a, b):
    classes = sorted(catalogue.current().kinds["documents"])
    documents.record(
        by=None, org=pick(Org.objects.exclude(kind="branch"), b), valid_from=day,
        doc_class=classes[a % len(classes)], title="制度",
    )  # fmt: skip


def found(day, a, b):
    parent = pick(Org.objects.filter(kind="college_committee"), a)
    orgs.found(
        by=None, name=f"新支部{a}", kind="branch", parent=parent, valid_from=day,
        category=["faculty", "student"][b % 2],
    )  # fmt: skip


def move_org(day, a, b):
    org = pick(Org.objects.filter(kind="branch"), a)
    orgs.move(
        by=None, org=org, parent=pick(Org.objects.filter(kind="college_committee"), b), on=day
    )


def dissolve(day, a, b):
    peopled = Membership.objects.filter(valid_to=None).values("org")
    empty = Org.objects.filter(kind="branch").exclude(pk__in=peopled)
    successions.dissolve(by=None, org=pick(empty, a), on=day, reason="撤销")


def step_up(day, a, b):
    spans = Membership.objects.filter(valid_to=None, status__in=["activist", "candidate"])
    span = pick(spans, a)
    step = {"activist": "candidate", "candidate": "probationary"}[span.status]
    lifecycle.advance(by=None, person=span.person, status=step, on=day)


def apply(day, a, b):
    branch = pick(Org.objects.filter(kind="branch"), a)
    people.register(by=None, org=branch, status="activist", since=day, name="积极分子")


def suspend(day, a, b):
    person = pick(Person.objects, a)
    if b % 3:
        lifecycle.suspend(by=None, person=person, on=day, reason="上级批准")
    else:
        lifecycle.resume(by=None, person=person, on=day, reason="上级批准")


def extend_probation(day, a, b):
    spans = Membership.objects.filter(valid_to=None, status="probationary")
    person = pick(spans.exclude(person__joined_on=None), a).person
    until = add_months(person.joined_on, 18 + b % 7)
    lifecycle.extend_probation(by=None, person=person, on=day, until=until, reason="支部大会")


def correct_span(day, a, b):
    row = pick(Membership.objects, a)
    more = {"valid_from": row.valid_from, "valid_to": row.valid_to, "status": row.status}
    more |= [{"valid_from": day}, {"valid_to": row.valid_to and day}, {"status": "full"}][b % 3]
    org = pick(Org.objects.filter(kind="branch"), b) if b % 2 else row.org
    memberships.correct(by=None, membership=row, org=org, reason="记错", **more)


def pass_on(day, a, b):
    org = pick(Org.objects.filter(kind__in=["branch", "college_committee"], valid_to=None), a)
    heir = pick(Org.objects.filter(kind=org.kind, valid_to=None), b)
    successions.dissolve(by=None, org=org, heir=heir, on=day, reason="批复")


def unite(day, a, b):
    there = Org.objects.filter(kind="branch", valid_to=None)
    both, name = [pick(there, a), pick(there, b)], f"合并{a}"
    into = None if b % 2 else both.pop()
    successions.merge(by=None, merging=both, into=into, on=day, reason="批复", name=name)


def split(day, a, b):
    org = pick(Org.objects.filter(kind="branch", valid_to=None), a)
    people = Membership.objects.filter(org=org, valid_to=None).order_by("pk")
    some = frozenset(people.values_list("person", flat=True)[: b % 3])
    ends = bool(b % 2)
    part = successions.Part(f"分设{a}", people=some)
    successions.split(by=None, org=org, parts=[part], on=day, reason="批复", ends=ends)


def undo_change(day, a, b):
    change = pick(OrgChange.objects.filter(undone_at=None).exclude(kind="org.founded"), a)
    restoring.undo(by=None, change=change)


def recut(day, a, b):
    if b % 3 == 0:
        recuts.undo(by=None, recut=pick(Recut.objects.filter(state="carried_out"), a))
        return
    college = pick(Org.objects.filter(kind="college_committee", valid_to=None), a)
    draft = recuts.prepare(by=None, org=college, title="调整", category="", on_day=day)
    draft = recuts.add_branch(by=None, recut=draft, name=f"新{a}", category="student")
    movers = [mover.pk for mover in Preview(draft).movers]
    draft = recuts.move(by=None, recut=draft, people=movers[: b % 5 + 1], to="n1")
    if b % 2:
        closing = pick(recutting.concerned(draft), b)
        draft = recuts.close(by=None, recut=draft, org=closing, closing=True)
    recuts.carry_out(by=None, recut=draft, reason="暂时")


def merge(day, a, b):
    if b % 3 == 0:
        merging.undo(by=None, merge=pick(Merge.objects.filter(undone_at=None), a))
        return
    kept, other = pick(Person.objects, a), pick(Person.objects, b)
    merging.merge(by=None, kept=kept, absorbed=other, reason="核对")


def budget(day, a, b):
    if b % 3 == 0:
        money.strike(by=None, line=pick(BudgetLine.objects, a), reason="记错")
        return
    org = pick(Org.objects.filter(kind__in=["school_committee", "college_committee"]), a)
    given = {"year": day.year, "title": f"项目{a % 2}", "amount": Decimal(b % 900)}
    money.plan(by=None, org=org, **given)


def wait(day, a, b):
    """Somebody applies and waits; now and then the step is taken back."""
    if b % 3 == 0:
        case = pick(Case.objects.open(), a)
        cases.take_back(by=None, case=case, version=case.version, reason="记错")
        return
    branch = pick(Org.objects.filter(kind="branch", valid_to=None), a)
    person = people.register(
        by=None, org=branch, status="applicant", since=day, name="申请人",
        birth_date=date(2000, 1, 1),
    )  # fmt: skip
    case = cases.begin(by=None, process="recruitment", org=branch, on=day, person=person)
    cases.take_step(by=None, case=case, version=case.version, entry=Entry("apply", day))


VERBS = {
    verb.__name__: verb
    for verb in (
        record, withdraw, restore, correct, join, move_person, leave, undo_step, exempt, appoint,
        end_post, flag_post, elect, extend, link, unlink, count_heads, adopt, found, move_org,
        dissolve, apply, step_up, suspend, merge, extend_probation, correct_span, pass_on, unite,
        split, undo_change, recut, record_whole, sign_in, decide, budget, wait,
    )
}  # fmt: skip

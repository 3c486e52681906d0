"""Random obligations and random facts, small enough to read and wide enough to meet every edge."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from hypothesis import strategies as st

from guantong.conditions import model as c
from guantong.conditions.check import Type
from guantong.obligations import model as m
from guantong.obligations import reads
from guantong.obligations.tables import (
    ACTIVITY_ROW,
    ATTENDANCE_ROW,
    DETAIL_ROW,
    POST_ROW,
    TABLES,
)
from guantong.periods import CALENDAR, Calendar, Every, Period, Rhythm

FIRST, LAST = date(2023, 1, 1), date(2024, 4, 30)  # a new year, a leap day, a semester's end
CODES = {
    "kind": ["branch", "contact_point"],  # of organisations, activities and relations alike
    "category": ["faculty", "student"],
    "status": ["full", "probationary"],
    "post": ["secretary", "leading_cadre"],
    "role": ["attendee", "lecturer"],
    "name": ["staff", "students"],
    "class": ["plan"],
    "org_kind": ["branch", "contact_point"],
    "org_category": ["faculty", "student"],
    "process": ["transfer"],
    "state": ["waiting", "checked"],
    "outcome": ["done"],
    "field": ["unit"],
    "code": ["yes", "no"],
}
ORGS, PERSONS = range(1, 5), range(10, 13)

edges = st.sampled_from(
    [date(2023, month, day) for month, day in ((7, 31), (8, 1), (12, 31))]
    + [date(2024, month, day) for month, day in ((1, 1), (1, 31), (2, 1), (2, 29), (3, 1))]
)
days = edges | st.dates(FIRST, LAST)
hours = st.integers(0, 80).map(lambda quarters: Decimal(quarters) / 4)


def conditions(columns: Mapping):
    """Conditions over the columns given, nested at most twice; often one that binds everybody."""
    return _conditions(tuple(columns.items()))


@cache  # Hypothesis looks through every strategy that it has not met before: half of its time
def _conditions(columns):
    tests = [_test(name, kind) for name, kind in columns if kind is not Type.ID]
    return st.recursive(
        st.one_of(*tests),
        lambda inner: st.one_of(
            st.builds(c.All, st.lists(inner, max_size=2).map(tuple)),
            st.builds(c.Any, st.lists(inner, max_size=2).map(tuple)),
            st.builds(c.Not, inner),
        ),
        max_leaves=3,
    ) | st.just(c.ALWAYS)


def _test(name, kind):
    if kind is Type.CODE:
        values = st.sampled_from(CODES[name])
        some = st.lists(values, min_size=1, max_size=2, unique=True).map(tuple)
        tests = st.builds(c.Compare, st.just(name), st.sampled_from([c.Op.EQ, c.Op.NE]), values)
        tests |= st.builds(c.OneOf, st.just(name), some)
    elif kind is Type.FLAG:
        tests = st.builds(c.Compare, st.just(name), st.just(c.Op.EQ), st.booleans())
    else:
        values = hours if kind is Type.NUMBER else edges
        tests = st.builds(c.Compare, st.just(name), st.sampled_from([c.Op.GE, c.Op.LE]), values)
    return tests | st.builds(c.Missing, st.just(name))


def rows_of(table):
    return conditions(TABLES[table].columns)


states = st.sampled_from(
    ["posts", "memberships", "terms", "relations", "documents", "budgets", "orgs"]
).flatmap(
    lambda t: st.builds(m.State, st.just(t), (rows_of(t) if t != "terms" else st.just(c.ALWAYS)))
)
flat_states = states.filter(lambda s: s.table != "orgs")
different = st.none() | st.sampled_from(m.Different)
one_count = st.builds(m.CountActivities, conditions(ACTIVITY_ROW), different)
counts = (
    one_count
    | st.builds(m.CountActivities, conditions(ACTIVITY_ROW), different, st.tuples(one_count))
    | st.builds(
        m.CountActivities, conditions(ACTIVITY_ROW), different, st.just(()),
        st.builds(m.Own, st.just("unit"), conditions(DETAIL_ROW)),
    )
)  # fmt: skip
hosted_by = st.none() | st.sampled_from(m.HostedBy)
elsewhere = st.builds(
    m.Attended, conditions(ATTENDANCE_ROW), st.just(False),
    hosted_by.filter(lambda how: how is not m.HostedBy.OWN_ORG),
)  # fmt: skip
all_elsewhere = st.just(()) | st.tuples(elsewhere) | st.tuples(elsewhere, elsewhere)


@st.composite
def attended(draw):
    """Attendances, their hours or different kinds; perhaps apart from those counted elsewhere."""
    hours = draw(st.booleans())
    return m.Attended(
        draw(conditions(ATTENDANCE_ROW)), hours, draw(hosted_by),
        None if hours else draw(different), draw(all_elsewhere),
    )  # fmt: skip


MEASURES = {
    m.CountActivities: counts,
    m.Attended: attended(),
    m.Reached: st.builds(m.Reached, conditions(ATTENDANCE_ROW)),
    m.State: states,
    m.Ratio: st.just(m.Ratio(("staff",), ("staff", "students"))),
    m.Coverage: st.builds(m.Coverage, rows_of("orgs"), flat_states | counts),
    m.NextTerm: st.just(m.NextTerm()),
    m.CaseTime: st.builds(m.CaseTime, rows_of("cases"), st.sampled_from([0, 30, 200])),
}
shared_rhythms = st.one_of(
    st.builds(Rhythm, st.sampled_from(sorted(CALENDAR))),
    st.builds(Rhythm, st.just(Every.ROLLING), months=st.sampled_from([2, 6])),
    st.builds(
        lambda start, end: Rhythm(Every.ONCE, once=Period(min(start, end), max(start, end))),
        st.dates(FIRST - timedelta(days=60), FIRST + timedelta(days=90)),
        st.dates(date(2023, 6, 1), LAST + timedelta(days=30)),
    ),
)
within = st.builds(Rhythm, st.just(Every.WITHIN), days=st.sampled_from([1, 31, 120]))
by_term = st.just(Rhythm(Every.TERM))
timed_rhythms = shared_rhythms | within
all_rhythms = shared_rhythms | by_term | within


def rhythms(measure):
    """Those that go with a measure."""
    if isinstance(measure, m.NextTerm):
        return by_term
    if isinstance(measure, m.Attended):
        return timed_rhythms
    below = isinstance(measure, m.State) and measure.table == "orgs"
    if below or isinstance(measure, m.Ratio | m.Coverage | m.CaseTime):
        return shared_rhythms
    return all_rhythms


having = st.lists(st.builds(m.Having, flat_states, st.integers(1, 2)), max_size=1)


def _codes(columns):
    return {name: kind for name, kind in columns.items() if name != "org_id"}


ROWS = {m.OrgBearer: TABLES["orgs"].columns, m.MemberBearer: TABLES["memberships"].columns,
        m.PostBearer: _codes(POST_ROW)}  # fmt: skip
bearing = {bearer: conditions(row) for bearer, row in ROWS.items()}
exempt = {bearer: st.none() | st.none() | some for bearer, some in bearing.items()}
holders = st.builds(
    m.PostBearer, bearing[m.PostBearer], st.booleans(), st.none() | st.just("contact_point")
)
members = st.builds(m.MemberBearer, bearing[m.MemberBearer], st.none() | bearing[m.PostBearer])
numbers = st.integers(0, 10**6)
values = st.sampled_from([Decimal(text) for text in ("0", "0.25", "1", "2", "12")])
beginnings = st.sampled_from([date(2020, 1, 1), date(2020, 1, 1), date(2023, 12, 31)])
ends = st.sampled_from([None, None, date(2024, 3, 1)])


@st.composite
def obligations(draw, kind):
    """One obligation of any bearer, period and standard that go with such a measure."""
    measure = draw(MEASURES[kind])
    rhythm = draw(rhythms(measure))
    needs, pro_rata = (), False
    value = draw(values)
    if not isinstance(measure, m.Attended):
        bearer = m.OrgBearer(draw(bearing[m.OrgBearer]))
        needs = draw(having)
    elif measure.hosted_by is not m.HostedBy.OWN_ORG and draw(st.booleans()):
        bearer = draw(members)
    else:
        bearer = draw(holders)
    if isinstance(measure, m.Attended) and rhythm.every in {Every.YEAR, Every.PLAN_YEAR}:
        pro_rata = draw(st.booleans())
    at_least = isinstance(measure, m.NextTerm) or draw(st.booleans())
    bound = m.Bound.AT_LEAST if at_least else m.Bound.AT_MOST
    return m.Obligation(
        name=f"rule-{draw(numbers)}",
        title="", demand="", basis=(m.Basis("x", "1", "A"),), level="must", confidence="A",
        switchable=False,
        since=draw(beginnings), until=draw(ends), bearer=bearer, rhythm=rhythm,
        measure=measure, unit="", remedy="", having=tuple(needs),
        exempt=draw(exempt[type(bearer)]), pro_rata=pro_rata,
        apart_from=("theme-day",) * len(getattr(measure, "apart_from", ())),
        standards=(
            m.Standard(date(2020, 1, 1), bound, value, 0),
            m.Standard(date(2024, 1, 1), bound, value + 1, 0),
        ),
    )  # fmt: skip


of_measure = {kind: obligations(kind) for kind in MEASURES}
others = st.lists(st.one_of(*of_measure.values()), max_size=2)
scopes = st.builds(
    m.Scope, st.frozensets(st.sampled_from(ORGS)), st.frozensets(st.sampled_from(PERSONS))
)
scopes = st.none() | st.none() | scopes
last_or_any = st.just(LAST) | days
none_or_any = st.none() | days


@st.composite
def questions(draw, measure):
    """One obligation with that measure, with others or alone."""
    on = draw(last_or_any)
    rules = [draw(of_measure[measure]), *draw(others)]
    rules = {rule.name: rule for rule in rules}.values()
    scope = draw(scopes)
    span, calendar = Period(FIRST, LAST + timedelta(days=1)), Calendar(plan_year=(9, 1))
    return m.Question(
        tuple(rules), on, span, calendar, scope,
        forecast=draw(st.booleans()), tree_on=draw(none_or_any),
    )  # fmt: skip


# ---------------------------------------------------------------- facts


@st.composite
def facts(draw, question):
    """A handful of rows of every table that is read: nulls, overlapping and touching spans, moved
    branches; now and then an empty table.
    """
    found = {}
    for name in sorted(set().union(*map(reads.tables_of, question.obligations))):
        table = TABLES[name]
        some = draw(st.integers(0, 9)) or name == "orgs"
        rows = draw(ROWS_OF[name]) if some else []
        found[name] = list({tuple(row[k] for k in table.key): row for row in rows}.values())
    return found


@st.composite
def cases(draw, measure):
    question = draw(questions(measure))
    return question, draw(facts(question))


shortly = st.integers(1, 90).map(timedelta)
SPANS = (("valid_from", "valid_to"), ("elected_on", "expires_on"), ("opened_on", "closed_on"))


@st.composite
def row_of(draw, name, table):
    row = {}
    for column, kind in table.columns.items():
        value = draw(_value(name, column, kind))
        likely = column in {"valid_to", "closed_on"} or not draw(st.integers(0, 5))
        row[column] = (
            None if column not in table.required and likely and draw(st.booleans()) else value
        )
    if name == "terms" and draw(st.booleans()):  # short: the next one comes in time or late
        row["expires_on"] = row["elected_on"] + draw(shortly)
        row["extended_to"] = None
    for start, end in SPANS:
        if start in row and row[end] is not None and row[end] <= row[start]:
            row[end] = row[start] + draw(shortly)
    if name == "org_parents" and row["org_id"] == row["parent_id"]:
        row["parent_id"] = 1 if row["org_id"] != 1 else 2
    return row


@cache
def _value(table, column, kind):
    if column in {"activity_id", "relation_id", "document_id", "budget_id", "case_id"}:
        return st.integers(1, 4)
    if table == "terms" and kind is Type.ID:
        return st.just(1)  # several terms of one committee, one after the other
    if kind is Type.ID:
        return st.sampled_from(PERSONS if "person" in column else ORGS)
    if kind is Type.CODE:
        return st.sampled_from(CODES[column])
    if kind is Type.FLAG:
        return st.booleans()
    if kind is Type.NUMBER:
        return hours
    if column == "valid_from":
        return st.just(date(2020, 1, 1)) | st.just(date(2020, 1, 1)) | days
    return days


ROWS_OF = {
    name: st.lists(row_of(name, table), min_size=3, max_size=7) for name, table in TABLES.items()
}

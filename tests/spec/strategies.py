"""Random obligations and random facts, small enough to read and wide enough to meet every edge."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from guantong.conditions import model as c
from guantong.conditions.check import Type
from guantong.obligations import model as m
from guantong.obligations.tables import ACTIVITY_ROW, ATTENDANCE_ROW, POST_ROW, TABLES
from guantong.periods import Calendar, Every, Period

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
}
ORGS, PERSONS = range(1, 5), range(10, 13)

edges = st.sampled_from(
    [date(2023, month, day) for month, day in ((7, 31), (8, 1), (12, 31))]
    + [date(2024, month, day) for month, day in ((1, 1), (1, 31), (2, 1), (2, 29), (3, 1))]
)
days = edges | st.dates(FIRST, LAST)
hours = st.integers(0, 80).map(lambda quarters: Decimal(quarters) / 4)


def conditions(columns):
    """Conditions over the columns given, nested at most twice; often one that binds everybody."""
    tests = [
        _test(name, kind)
        for name, kind in columns.items()
        if kind in {Type.CODE, Type.FLAG, Type.NUMBER}
    ]
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
        tests = st.builds(c.Compare, st.just(name), st.sampled_from([c.Op.GE, c.Op.LE]), hours)
    return tests | st.builds(c.Missing, st.just(name))


def rows_of(table):
    return conditions(TABLES[table].columns)


states = st.sampled_from(
    ["posts", "memberships", "terms", "relations", "documents", "orgs"]
).flatmap(
    lambda t: st.builds(m.State, st.just(t), (rows_of(t) if t != "terms" else st.just(c.ALWAYS)))
)
flat_states = states.filter(lambda s: s.table != "orgs")
counts = st.builds(m.CountActivities, conditions(ACTIVITY_ROW))
attended = st.builds(
    m.Attended, conditions(ATTENDANCE_ROW), st.booleans(), st.none() | st.sampled_from(m.HostedBy)
)
org_measures = st.one_of(
    counts,
    states,
    st.just(m.Ratio(("staff",), ("staff", "students"))),
    st.builds(m.Coverage, rows_of("orgs"), flat_states | counts),
)


@st.composite
def obligations(draw):
    """One obligation of any bearer, measure, period and standard that go together."""
    shape = draw(st.sampled_from(["org", "member", "post", "term"]))
    every = draw(st.sampled_from([e for e in Every if e is not Every.TERM]))
    exempt, having, pro_rata = None, (), False
    value = Decimal(draw(st.sampled_from(["0", "0.25", "1", "2", "12"])))
    if shape in {"org", "term"}:
        bearer = m.OrgBearer(draw(rows_of("orgs")))
        having = draw(st.lists(st.builds(m.Having, flat_states, st.integers(1, 2)), max_size=1))
        measure = m.NextTerm() if shape == "term" else draw(org_measures)
        every = Every.TERM if shape == "term" else every
    elif shape == "member":
        bearer = m.MemberBearer(
            draw(rows_of("memberships")), draw(st.none() | conditions(_codes(POST_ROW)))
        )
        exempt = draw(st.none() | rows_of("memberships"))
        measure = draw(attended.filter(lambda a: a.hosted_by is not m.HostedBy.OWN_ORG))
    else:
        bearer = m.PostBearer(
            draw(conditions(_codes(POST_ROW))),
            draw(st.booleans()),
            draw(st.none() | st.just("contact_point")),
        )
        measure = draw(attended)
    if shape in {"member", "post"} and every is Every.YEAR:
        pro_rata = draw(st.booleans())
    bound = draw(st.sampled_from(m.Bound)) if shape != "term" else m.Bound.AT_LEAST
    return m.Obligation(
        name=f"rule-{draw(st.integers(0, 10**6))}",
        title="", demand="", basis=(m.Basis("x", "1", "A"),), level="must", confidence="A",
        switchable=False,
        since=draw(st.sampled_from([date(2020, 1, 1), date(2020, 1, 1), date(2023, 12, 31)])),
        until=draw(st.sampled_from([None, None, date(2024, 3, 1)])), bearer=bearer, every=every,
        measure=measure, unit="", remedy="", having=tuple(having), exempt=exempt,
        pro_rata=pro_rata,
        standards=(
            m.Standard(date(2020, 1, 1), bound, value, 0),
            m.Standard(date(2024, 1, 1), bound, value + 1, 0),
        ),
    )  # fmt: skip


def _codes(columns):
    return {name: kind for name, kind in columns.items() if name != "org_id"}


@st.composite
def questions(draw):
    on = draw(days | st.just(LAST))
    rules = draw(st.lists(obligations(), min_size=1, max_size=4, unique_by=lambda o: o.name))
    scope = draw(
        st.none()
        | st.builds(
            m.Scope, st.frozensets(st.sampled_from(ORGS)), st.frozensets(st.sampled_from(PERSONS))
        )
    )
    return m.Question(tuple(rules), on, Period(FIRST, LAST + timedelta(days=1)), Calendar(), scope)


@st.composite
def facts(draw):
    """A handful of rows of every table: nulls, overlapping and touching spans, moved branches."""
    found = {}
    for name, table in TABLES.items():
        rows = draw(st.lists(row_of(name, table), min_size=3, max_size=8))
        found[name] = list({tuple(row[k] for k in table.key): row for row in rows}.values())
    return found


@st.composite
def row_of(draw, name, table):
    row = {}
    for column, kind in table.columns.items():
        value = draw(_value(name, column, kind))
        likely = column == "valid_to" or not draw(st.integers(0, 5))
        row[column] = (
            None if column not in table.required and likely and draw(st.booleans()) else value
        )
    for start, end in (("valid_from", "valid_to"), ("elected_on", "expires_on")):
        if start in row and row[end] is not None and row[end] <= row[start]:
            row[end] = row[start] + timedelta(days=draw(st.integers(1, 90)))
    if name == "org_parents" and row["org_id"] == row["parent_id"]:
        row["parent_id"] = 1 if row["org_id"] != 1 else 2
    return row


def _value(table, column, kind):
    if column in {"activity_id", "relation_id", "document_id"}:
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

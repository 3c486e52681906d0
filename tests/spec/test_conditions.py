"""Both interpreters of conditions give the same answer for the same row, on every engine."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp, select

from guantong.conditions import model as c
from guantong.conditions.check import problems
from guantong.conditions.compile import compile_condition
from guantong.conditions.evaluate import evaluate
from guantong.conditions.parse import CatalogueError, parse_condition
from guantong.obligations.tables import TABLES
from tests.spec import engines, strategies

COLUMNS = TABLES["posts"].columns
fields = st.sets(st.sampled_from(sorted(COLUMNS)))
rows = st.lists(strategies.row_of("posts", TABLES["posts"]), min_size=1, max_size=5)


@pytest.mark.django_db
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(strategies.rows_of("posts"), rows)
def test_compiled_condition_agrees_with_evaluated(condition, data):
    data = [{**row, "person_id": n} for n, row in enumerate(data)]
    answer = compile_condition(condition, lambda field: exp.column(field, "f"))
    flag = exp.case().when(answer, exp.Literal.number(1))
    flag = flag.when(exp.Not(this=exp.paren(answer.copy())), exp.Literal.number(0))
    query = select("f.person_id", flag).from_("posts AS f").order_by("f.person_id")
    for engine in engines.available():
        execute = engines.connected(engine)
        engines.fill(engine, execute, {"posts": data})
        compiled = [row[1] for row in execute(query.sql(dialect=engine), ()).fetchall()]
        assert compiled == [evaluate(condition, row) for row in data]


@given(strategies.rows_of("posts"), strategies.row_of("posts", TABLES["posts"]), fields)
def test_what_a_condition_says_of_some_fields_is_false_only_where_all_of_it_is(
    condition, row, known
):
    part = c.about(condition, known)
    assert c.fields_of(part) <= set(known)
    if evaluate(part, {field: row[field] for field in known}) is False:
        assert evaluate(condition, row) is False


def test_parse_names_the_place_of_an_error():
    with pytest.raises(CatalogueError, match=r"x\.yaml: where\.kind：不认识的判断 'near'"):
        parse_condition({"kind": {"near": "branch"}}, "x.yaml: where")


def test_several_fields_mean_all_of_them():
    parsed = parse_condition({"kind": {"is": "branch"}, "hours": {"at_least": 3}}, "x")
    assert parsed == c.All((c.Compare("kind", c.Op.EQ, "branch"), c.Compare("hours", c.Op.GE, 3)))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"pots": {"is": "secretary"}}, "没有“pots”这一列"),
        ({"post": {"at_least": "secretary"}}, "没有大小之分"),
        ({"full_time": {"is": "yes"}}, "不是“full_time”列的值"),
        ({"person_id": {"is": True}}, "不是“person_id”列的值"),
    ],
)
def test_what_has_no_meaning_for_the_table_is_named(data, said):
    found = list(problems(parse_condition(data, "x"), COLUMNS, "x"))
    assert said in str(found[0])

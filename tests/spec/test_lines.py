"""Lines written from columns are byte for byte those written from entries."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.obligations import model as m
from guantong.obligations import run
from guantong.obligations.lines import write_lines
from tests.spec import engines

COLUMNS = (
    "obligation VARCHAR, bearer_kind VARCHAR, org_id BIGINT, person_id BIGINT, period_start DATE,"
    " due_on DATE, required BIGINT, found BIGINT, possible BIGINT, denominator BIGINT,"
    " verdict VARCHAR"
)
amounts = st.integers(-3, 3) | st.integers(-(10**6), 10**6) | st.integers(10**12, 10**14)
days = st.dates(date(1999, 12, 31), date(2030, 1, 1))
rows = st.tuples(
    st.sampled_from(["appraisal", "branch-term", "branch_term", "Z", "党"]),
    st.sampled_from(["org", "person"]),
    st.integers(1, 12),
    st.none() | st.integers(1, 12),
    days,
    days,
    st.none() | amounts,
    st.none() | amounts,
    st.none() | amounts,
    st.none() | amounts.filter(bool),
    st.sampled_from([verdict.value for verdict in m.Verdict]),
).filter(lambda row: row[4] <= row[5])


@settings(max_examples=300)
@given(st.lists(rows, max_size=12, unique_by=lambda row: row[:5]))
def test_lines_are_those_of_the_entries(given_rows):
    with duckdb.connect() as connection, TemporaryDirectory() as place:
        path = Path(place) / "it's.csv"
        connection.execute(f"CREATE TABLE answered ({COLUMNS})")
        for row in given_rows:
            connection.execute(f"INSERT INTO answered VALUES ({', '.join('?' * 11)})", row)
        counts = write_lines(connection, "answered", path)
        entries = run.entries(given_rows)
        assert path.read_bytes().decode() == engines.written(entries)
        assert counts == {v: n for v in m.Verdict if (n := sum(e.verdict is v for e in entries))}

"""What is written reads back as it was, and nothing in it does anything."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guantong.sheets import read, write
from tests.sheets.workbooks import parts

DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "=HYPERLINK(1)",
    "http://x",
    "mailto:x",
    "\t=1",
    "{=1}",
]


def written(rows: list[list[Any]]) -> list[list[Any]]:
    width = max(map(len, rows))
    content = write.table(title="表", header=[str(i) for i in range(width)], rows=rows)
    (grid,) = read.grids(content)
    return [list(row) for row in grid.rows[3:]]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_becomes_a_formula_or_a_link(text: str) -> None:
    content = write.table(title=text, header=[text], rows=[[text]], note=text)
    xml = parts(content)["xl/worksheets/sheet1.xml"]
    assert b"<f>" not in xml
    assert b"hyperlink" not in xml
    (grid,) = read.grids(content)
    assert [row[0] for row in grid.rows] == [text] * 4


def test_values_keep_their_types() -> None:
    row = ["0012", 3, Decimal("1.5"), date(2023, 5, 1), True, None]
    assert written([row]) == [["0012", 3.0, 1.5, date(2023, 5, 1), "是", None]]


def test_moments_are_local_time() -> None:
    ((cell,),) = written([[datetime(2023, 5, 1, 4, 0, tzinfo=UTC)]])
    assert cell == datetime(2023, 5, 1, 12, 0)


@given(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
        max_size=50,
    )
)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    ((cell, _),) = written([[text, "x"]])
    assert cell == (text or None)

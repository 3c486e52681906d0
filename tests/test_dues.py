"""Dues by bracket, on the whole base, exactly to the cent."""

from decimal import Decimal

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from guantong.conditions.parse import CatalogueError
from guantong.dues import above_cap, base, load_rates, monthly

FILE = settings.CATALOGUE_DIR / "dues.yaml"
RATES = load_rates(FILE)
BASES = st.decimals(min_value=0, max_value=200_000, places=2)


@pytest.mark.parametrize(
    ("payer", "monthly_base", "due"),
    [
        ("salaried", "3000.00", "15.00"),
        ("salaried", "3000.01", "30.00"),
        ("salaried", "5000.00", "50.00"),
        ("salaried", "5000.01", "75.00"),
        ("salaried", "10000.00", "150.00"),
        ("salaried", "10000.01", "200.00"),
        ("salaried", "0", "0.00"),
        ("salaried", "2001", "10.01"),  # half a cent is rounded up
        ("yearly_salary", "10000.01", "200.00"),
        ("no_monthly_income", "3000", "15.00"),
        ("retired", "5000", "25.00"),
        ("retired", "5000.01", "50.00"),
        ("student", "0", "0.20"),
        ("student", "9000", "0.20"),
        ("supported", "0", "0.20"),
    ],
)
def test_a_month_costs(payer, monthly_base, due):
    assert str(monthly(RATES, payer, Decimal(monthly_base))) == due


@given(BASES, BASES)
def test_who_earns_more_pays_no_less(one, other):
    low, high = sorted((one, other))
    assert monthly(RATES, "salaried", low) <= monthly(RATES, "salaried", high)


def test_the_base_is_what_counts_less_what_is_taken_off():
    slip = {
        "post_wage": Decimal("3200"),
        "basic_performance": Decimal("2800.50"),
        "incentive_performance": Decimal("4000"),
        "income_tax": Decimal("90.25"),
        "housing_fund": Decimal("600"),
    }
    assert base(RATES, slip) == Decimal("5310.25")


def test_no_base_is_below_zero():
    assert base(RATES, {"income_tax": Decimal(10)}) == 0
    with pytest.raises(ValueError, match="not negative"):
        monthly(RATES, "salaried", Decimal(-1))


def test_more_than_a_thousand_a_month_is_of_ones_own_accord():
    assert above_cap(RATES, Decimal("1000.01"))
    assert not above_cap(RATES, Decimal("1000.00"))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("{up_to: 5000, rate: 0.01}", "{up_to: 2000, rate: 0.01}", "不高于前一档"),
        ("{up_to: null, rate: 0.02}", "{up_to: 20000, rate: 0.02}", "最后一档写 null"),
        ("like: salaried", "like: salaries", "不认识 'salaries'"),
        ("value: 1000", "value: 0", "应大于零"),
        (", confidence: A}]\n    fixed", "}]\n    fixed", "confidence：缺少"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_its_place(right, wrong, said, tmp_path):
    text = FILE.read_text(encoding="utf-8")
    assert right in text
    path = tmp_path / "dues.yaml"
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as refused:
        load_rates(path)
    assert "dues.yaml" in str(refused.value)
    assert said in str(refused.value)

"""What the database itself refuses is told like any other refusal."""

from datetime import date
from decimal import Decimal

import pytest

from guantong.records.access import Refused
from guantong.records.actions import rows
from guantong.records.models import Figure
from tests.factories import make_cast

pytestmark = pytest.mark.django_db


def test_the_second_of_two_equal_rows_is_refused_and_the_first_stays():
    org = make_cast().school
    figure = {"org": org, "name": "staff", "as_of": date(2023, 1, 1), "value": Decimal(9)}
    rows.insert(Figure(**figure))
    with pytest.raises(Refused, match="刚刚已经有人保存"):
        rows.insert(Figure(**figure))
    assert Figure.objects.count() == 1

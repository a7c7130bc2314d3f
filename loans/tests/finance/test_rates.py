from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from loans.finance import DayCount, NoRateInRange, NoSignChange, effective_rate, periodic_irr, xirr, xnpv
from loans.finance.rates.irr import rate_of_timed_flows
from loans.tests.finance.published_rows import published

DAY_COUNTS = {"ACT/360": DayCount.ACT_360, "30E/360": DayCount.THIRTY_E_360}
SCHEDULED = published("xirr")


def flows_of(row: dict[str, Any]) -> list[tuple[date, Decimal]]:
    return [(date.fromisoformat(day), Decimal(amount)) for day, amount in row["flows"]]


def rows(function: str, *, has_answer: bool = True) -> list[Any]:
    chosen = [row for row in SCHEDULED if row["function"] == function and (row["expected"] is not None) == has_answer]
    return [pytest.param(row, id=row["id"]) for row in chosen]


@pytest.mark.parametrize("row", rows("xirr"))
def test_xirr_gives_the_published_rate(row: dict[str, Any]) -> None:
    day_count = DAY_COUNTS.get(row.get("day_count", ""), DayCount.ACT_365)
    assert abs(xirr(flows_of(row), day_count) - Decimal(row["expected"])) <= Decimal(row["tolerance"])


@pytest.mark.parametrize("row", rows("xirr", has_answer=False))
def test_xirr_says_so_when_no_rate_solves_the_flows(row: dict[str, Any]) -> None:
    with pytest.raises(NoRateInRange):
        xirr(flows_of(row))


def test_xirr_of_the_worked_example() -> None:
    flows = [
        (date(2026, 1, 1), -1000),
        (date(2026, 7, 1), -500),
        (date(2026, 10, 1), 200),
        (date(2027, 1, 1), 1400),
    ]
    assert round(xirr(flows), 6) == Decimal("0.083463")


def test_xirr_refuses_flows_that_never_change_sign() -> None:
    with pytest.raises(NoSignChange):
        xirr([(date(2026, 1, 1), -1000), (date(2027, 1, 1), -10)])


def test_xirr_refuses_no_flows_at_all() -> None:
    with pytest.raises(NoSignChange):
        xirr([])


def test_flows_of_one_day_are_one_flow() -> None:
    same_day = [(date(2026, 1, 1), -1000), (date(2026, 1, 1), 1000)]
    with pytest.raises(NoSignChange):
        xirr(same_day)


def test_of_two_roots_the_one_nearest_to_ten_percent_is_taken() -> None:
    assert periodic_irr([-100, 230, -132]) == Decimal("0.100000000000")


def test_of_two_roots_xirr_prefers_the_one_where_value_falls_as_the_rate_rises() -> None:
    flows = [(date(2025, 1, 1), -100), (date(2026, 1, 1), 230), (date(2027, 1, 1), -132)]
    assert xirr(flows) == Decimal("0.200000000000")


def test_periodic_rate_of_an_annuity() -> None:
    assert round(periodic_irr([-970000, *[88849] * 11, 88847]), 8) == Decimal("0.01485420")


def test_total_loss_is_outside_the_range() -> None:
    with pytest.raises(NoSignChange):
        periodic_irr([-100, 0, 0])


def test_rate_of_flows_at_fractions_of_a_year() -> None:
    assert rate_of_timed_flows([(Fraction(0), -100), (Fraction(1, 2), 110)]) == Decimal("0.210000000000")


def test_value_at_a_rate() -> None:
    flows = [(date(2026, 1, 1), -1000), (date(2027, 1, 1), 1100)]
    assert round(xnpv(Decimal("0.1"), flows), 10) == 0
    assert round(xnpv(Decimal("0.05"), flows), 6) == Decimal("47.619048")


def test_value_at_a_rate_refuses_total_loss() -> None:
    with pytest.raises(ValueError, match="above -100"):
        xnpv(Decimal(-1), [(date(2026, 1, 1), 1)])


def test_effective_rate_of_a_monthly_nominal_one() -> None:
    assert round(effective_rate(Decimal("0.12"), 12), 6) == Decimal("0.126825")

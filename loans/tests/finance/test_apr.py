from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest

from loans.finance import InvalidPayment, Terms, apr_effective, apr_eu, apr_nominal, apr_us, build_schedule
from loans.finance.daycount import add_months
from loans.finance.rates.apr import UnitPeriod, eu_times, find_unit_period
from loans.finance.rates.irr import rate_of_timed_flows
from loans.tests.finance.published_rows import minor, published

US_ROWS = published("apr_us_reg_z")
EU_ROWS = published("apr_eu_uk")


def us_payments(row: dict[str, Any]) -> list[tuple[date, int]]:
    count, unit = row["unit_period"]
    payments = []
    for run in row["payments"]:
        first = date.fromisoformat(run["first"])
        for index in range(run["count"]):
            if unit == "month":
                day = add_months(first, index * count)
            elif unit == "week":
                day = first + timedelta(weeks=index * count)
            elif unit == "semimonth":
                day = add_months(first, index // 2) + timedelta(days=15 * (index % 2))
            else:
                day = first
            payments.append((day, minor(run["amount"])))
    return payments


def years(text: str) -> Fraction:
    return sum((Fraction(part) if "." not in part else decimal_ratio(part) for part in text.split("+")), Fraction(0))


def decimal_ratio(part: str) -> Fraction:
    over, _, under = part.partition("/")
    return Fraction(over) / Fraction(under)


def capital_plus_interest(run: dict[str, Any], owed: int) -> list[tuple[Fraction, int]]:
    """The interest of each month at a twelfth of the rate, and a fixed part of the capital."""
    rate = Decimal(run["rate_pct"]) / 1200
    payments = []
    for month in range(1, run["months"] + 1):
        interest = int((owed * rate).quantize(Decimal(1), ROUND_HALF_UP))
        capital = min(minor(run["capital"]), owed)
        owed -= capital
        payments.append((Fraction(month, 12), capital + interest))
    return payments


def eu_payments(row: dict[str, Any]) -> list[tuple[Fraction, int]]:
    payments: list[tuple[Fraction, int]] = []
    for run in row["payments"]:
        if run.get("kind") == "capital_plus_interest":
            payments += capital_plus_interest(run, minor(row["drawdown"]))
            continue
        if "growth" in run:
            base, factor, power = run["growth"]
            amount = int((Decimal(base) * Decimal(factor) ** power * 100).quantize(Decimal(1), ROUND_HALF_UP))
        else:
            amount = minor(run["amount"])
        step = years(run.get("step_years", "0"))
        payments += [(years(run["first_years"]) + index * step, amount) for index in range(run["count"])]
    return payments


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in US_ROWS])
def test_us_rate_is_the_published_one(row: dict[str, Any]) -> None:
    rate = apr_us(minor(row["amount_financed"]), date.fromisoformat(row["advance_date"]), us_payments(row))
    assert round(rate * 100, row.get("round_to", 2)) == Decimal(row["apr_pct"])


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in EU_ROWS])
def test_eu_rate_is_the_published_one(row: dict[str, Any]) -> None:
    flows = [(Fraction(0), -minor(row["drawdown"])), *eu_payments(row)]
    rate = rate_of_timed_flows(flows) * 100
    if "published_pct" in row:
        assert abs(rate - Decimal(row["published_pct"])) <= Decimal(row["tolerance_pct"])
    else:
        assert rate.quantize(Decimal("0.1"), ROUND_HALF_UP) == Decimal(row["apr_1dp"])
    if "apr_exact" in row:
        # The published figure of this one uses a first instalment that is not rounded.
        tolerance = Decimal("0.00005") if row["id"].startswith("EC 9") else Decimal("0.000001")
        assert abs(rate - Decimal(row["apr_exact"])) <= tolerance


def test_loan_with_a_fee_has_both_rates_of_the_worked_example() -> None:
    payments = [88849] * 11 + [88847]
    assert round(apr_nominal(970000, payments), 6) == Decimal("0.178250")
    assert round(apr_effective(970000, payments), 6) == Decimal("0.193559")


def test_second_worked_example() -> None:
    lines = build_schedule(Terms(500000, Decimal("0.18"), 24, date(2026, 1, 15))).lines
    payments = [line.payment for line in lines]
    assert round(apr_nominal(490000, payments), 6) == Decimal("0.200962")
    assert round(apr_effective(490000, payments), 6) == Decimal("0.220545")


def test_loan_without_a_fee_differs_from_its_rate_by_rounding_only() -> None:
    lines = build_schedule(Terms(500000, Decimal("0.18"), 24, date(2026, 1, 15))).lines
    payments = [line.payment for line in lines]
    assert round(apr_nominal(500000, payments), 6) == Decimal("0.179996")
    assert round(apr_effective(500000, payments), 6) == Decimal("0.195614")


def test_dated_rates_agree_with_the_regular_ones() -> None:
    lines = build_schedule(Terms(1000000, Decimal("0.12"), 12, date(2026, 1, 31))).lines
    dated = [(line.due_date, line.payment) for line in lines]
    regular = [line.payment for line in lines]
    assert abs(apr_us(970000, date(2026, 1, 31), dated) - apr_nominal(970000, regular)) < Decimal("1e-10")
    assert abs(apr_eu(970000, date(2026, 1, 31), dated) - apr_effective(970000, regular)) < Decimal("1e-10")


def test_eu_counts_odd_days_first_by_the_year_that_ends_with_them() -> None:
    # 12 January 2024 plus one month plus 3 days; the year up to 15 January 2024 has no 29 February, that to March does.
    assert eu_times(date(2024, 1, 12), [date(2024, 2, 15), date(2024, 3, 15)]) == [
        Fraction(1, 12) + Fraction(3, 365),
        Fraction(2, 12) + Fraction(3, 365),
    ]
    assert eu_times(date(2024, 3, 12), [date(2024, 4, 15)]) == [Fraction(1, 12) + Fraction(3, 366)]


def test_eu_counts_weeks_as_fifty_seconds() -> None:
    dates = [date(2026, 1, 5) + timedelta(weeks=week) for week in (1, 2, 3)]
    assert eu_times(date(2026, 1, 5), dates) == [Fraction(1, 52), Fraction(2, 52), Fraction(3, 52)]


@pytest.mark.parametrize(
    ("dates", "unit"),
    [
        ([date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)], UnitPeriod(1, "month")),
        ([date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)], UnitPeriod(3, "month")),
        ([date(2026, 1, 1), date(2026, 1, 15), date(2026, 1, 29)], UnitPeriod(14, "day")),
        ([date(2026, 1, 1), date(2026, 1, 16), date(2026, 2, 1), date(2026, 2, 16)], UnitPeriod(1, "semimonth")),
        ([date(2026, 1, 1), date(2026, 1, 11), date(2026, 1, 21)], UnitPeriod(10, "day")),
        ([date(2026, 6, 30)], UnitPeriod(181, "day")),
    ],
)
def test_unit_period_is_the_interval_most_frequent(dates: list[date], unit: UnitPeriod) -> None:
    assert find_unit_period(date(2025, 12, 31), dates) == unit


def test_rate_refuses_a_payment_before_the_start() -> None:
    with pytest.raises(InvalidPayment):
        apr_us(1000, date(2026, 1, 31), [(date(2026, 1, 31), 1100)])


def test_rate_refuses_nothing_financed() -> None:
    with pytest.raises(InvalidPayment):
        apr_eu(0, date(2026, 1, 1), [(date(2026, 2, 1), 1100)])

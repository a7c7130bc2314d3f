from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.finance.daycount import AnyDayCount, days_between_30_360, year_fraction
from loans.finance.enums import BondDayCount, DayCount
from loans.tests.finance.published_rows import published

CONVENTIONS: dict[str, AnyDayCount] = {
    "30/360 Bond Basis (ISDA 2006 4.16(f))": DayCount.THIRTY_360,
    "30/360 US (end-Feb rule)": DayCount.THIRTY_360_US,
    "30E/360": DayCount.THIRTY_E_360,
    "30E/360 ISDA": BondDayCount.THIRTY_E_360_ISDA,
    "ACT/360": DayCount.ACT_360,
    "ACT/365F": DayCount.ACT_365,
    "ACT/365 Actual": BondDayCount.ACT_365_ACTUAL,
    "NL/365": BondDayCount.NL_365,
    "ACT/ACT ISDA": DayCount.ACT_ACT,
    "ACT/ACT ICMA": BondDayCount.ACT_ACT_ICMA,
    "ACT/ACT AFB": BondDayCount.ACT_ACT_AFB,
}
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
ROWS = [
    pytest.param(row, id=f"{row['convention']} {row['start']} {row['end']}".replace("/", "_"))
    for row in published("day_count")
]


def optional_date(row: dict[str, Any], key: str) -> date | None:
    return date.fromisoformat(row[key]) if key in row else None


@pytest.mark.parametrize("row", ROWS)
def test_fraction_is_the_published_one(row: dict[str, Any]) -> None:
    start, end = date.fromisoformat(row["start"]), date.fromisoformat(row["end"])
    convention = CONVENTIONS[row["convention"]]
    termination = optional_date(row, "termination_date")
    reference_start, reference_end = optional_date(row, "ref_start"), optional_date(row, "ref_end")
    reference = (reference_start, reference_end) if reference_start and reference_end else None
    fraction = year_fraction(start, end, convention, termination_date=termination, reference_period=reference)
    if "days" in row:
        assert fraction == Fraction(row["days"], 360)
    else:
        assert abs(fraction - Fraction(row["year_fraction"])) <= Fraction(Decimal(row["tolerance"]))


def test_the_conventions_differ_at_the_end_of_february() -> None:
    start, end = date(2007, 2, 28), date(2007, 8, 31)
    assert days_between_30_360(start, end) == 183
    assert days_between_30_360(start, end, DayCount.THIRTY_360_US) == 180
    assert days_between_30_360(start, end, DayCount.THIRTY_E_360) == 182
    assert days_between_30_360(start, end, BondDayCount.THIRTY_E_360_ISDA) == 180


def test_actual_actual_is_split_at_the_end_of_the_year() -> None:
    assert year_fraction(date(2003, 11, 1), date(2004, 5, 1), DayCount.ACT_ACT) == Fraction(61, 365) + Fraction(
        121, 366
    )


def test_actual_actual_over_whole_years_is_a_whole_number() -> None:
    assert year_fraction(date(2003, 1, 1), date(2006, 1, 1), DayCount.ACT_ACT) == 3


def test_only_the_30_360_family_counts_months_of_30_days() -> None:
    with pytest.raises(ValueError, match="months of 30 days"):
        days_between_30_360(date(2026, 1, 1), date(2026, 2, 1), DayCount.ACT_365)


def test_equal_periods_have_no_fraction_between_dates() -> None:
    with pytest.raises(ValueError, match="months of 30 days"):
        year_fraction(date(2026, 1, 1), date(2026, 2, 1), DayCount.EQUAL_PERIODS)


def test_year_end_split_counts_new_years_night_in_the_new_year() -> None:
    fraction = year_fraction(date(2003, 11, 1), date(2004, 5, 1), DayCount.ACT_ACT_YEAR_END)
    assert fraction == Fraction(60, 365) + Fraction(122, 366)


def test_icma_needs_its_reference_period() -> None:
    with pytest.raises(ValueError, match="reference period"):
        year_fraction(date(2026, 1, 1), date(2026, 2, 1), BondDayCount.ACT_ACT_ICMA)


@given(DAYS, DAYS, st.sampled_from([count for count in DayCount if count is not DayCount.EQUAL_PERIODS]))
def test_backwards_is_the_negative(start: date, end: date, convention: DayCount) -> None:
    assert year_fraction(start, end, convention) == -year_fraction(end, start, convention)


@given(DAYS, DAYS, DAYS, st.sampled_from([DayCount.ACT_365, DayCount.ACT_360, DayCount.ACT_ACT]))
def test_actual_days_add_up_over_a_split(first: date, second: date, third: date, convention: DayCount) -> None:
    start, middle, end = sorted((first, second, third))
    parts = year_fraction(start, middle, convention) + year_fraction(middle, end, convention)
    assert parts == year_fraction(start, end, convention)

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.finance import DayCount, InvalidTerms, PeriodUnit, ScheduleMethod, Terms, build_schedule, level_instalment
from loans.finance.daycount import add_months, monthly_dates
from loans.finance.enums import BondDayCount
from loans.finance.periods import due_dates, period_fraction
from loans.finance.schedule import RateFactors, amortise, level_figures, rate_factors
from loans.tests.finance.published_rows import minor, published, published_csv
from p2plending.lib.money import Rounding
from p2plending.trials.bench.schedules import our_lines, random_terms, reference_lines

START = date(2026, 1, 15)
TEN_THOUSAND = Terms(1000000, Decimal("0.12"), 12, START)

terms = st.builds(
    Terms,
    principal=st.integers(1, 10**9),
    annual_rate=st.decimals(0, 2, places=6),
    instalments=st.integers(1, 120),
    start_date=st.dates(date(2000, 1, 1), date(2050, 12, 31)),
    method=st.sampled_from(ScheduleMethod),
    day_count=st.sampled_from(DayCount),
    every=st.integers(1, 4),
    unit=st.sampled_from(PeriodUnit),
    rounding=st.sampled_from(Rounding),
    smooth=st.booleans(),
    multiple=st.sampled_from([None, 100, 1000]),
)


@pytest.mark.parametrize(
    ("principal", "rate", "instalments", "level", "last", "interest", "first"),
    [
        (1000000, "0.12", 12, 88849, 88847, 66186, (78849, 10000)),
        (500000, "0.18", 24, 24962, 24961, 99087, (17462, 7500)),
        (100000, "0.0999", 36, 3226, 3236, 16146, (2393, 833)),
        (250000, "0.155", 18, 15655, 15658, 31793, (12426, 3229)),
        (10000000, "0.0999", 36, 322625, 322625, 1614500, (239375, 83250)),
        (120000, "0", 7, 17143, 17142, 0, (17143, 0)),
    ],
)
def test_annuity_has_the_worked_figures(
    principal: int, rate: str, instalments: int, level: int, last: int, interest: int, first: tuple[int, int]
) -> None:
    schedule = build_schedule(Terms(principal, Decimal(rate), instalments, START))
    assert schedule.instalment_amount == level
    assert [line.payment for line in schedule.lines[:-1]] == [level] * (instalments - 1)
    assert schedule.lines[-1].payment == last
    assert schedule.total_interest == interest
    assert (schedule.lines[0].principal, schedule.lines[0].interest) == first
    assert schedule.total_payment == principal + interest


def lending_club_id(row: dict[str, str]) -> str:
    return f"{row['cohort']} {row['amount']} {row['term_months']}m {row['rate_pct']}%"


LENDING_CLUB = [pytest.param(row, id=lending_club_id(row)) for row in published_csv("lendingclub")]
# Its rate was cut to 6.00 % after the instalment had been fixed.
CUT_RATE = "2018 28000 36m 6.00%"


@pytest.mark.parametrize("row", [param for param in LENDING_CLUB if param.id != CUT_RATE])
def test_rounding_up_gives_lending_clubs_instalments(row: dict[str, str]) -> None:
    rate = Fraction(Decimal(row["rate_pct"])) / 1200
    level = level_instalment(minor(row["amount"]), rate, int(row["term_months"]), Rounding.UP)
    assert level == minor(row["installment"])


def fineract_terms(row: dict[str, Any]) -> Terms:
    try:
        day_count: DayCount | BondDayCount = DayCount(row["day_count"])
    except ValueError:
        day_count = BondDayCount(row["day_count"])
    return Terms(
        principal=minor(row["principal"]),
        annual_rate=Decimal(row["rate_pct"]) / 100,
        instalments=row["instalments"],
        start_date=date.fromisoformat(row["start"]),
        method=ScheduleMethod(row["method"]),
        day_count=day_count,
        every=row["every"],
        unit=PeriodUnit(row["unit"]),
        rounding=Rounding.HALF_EVEN,
        smooth=row["smooth"],
        round_total=row["round_total"],
        multiple=minor(row["multiple"]) if row["multiple"] else None,
    )


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in published("fineract_first_schedules")])
def test_first_schedule_is_fineracts(row: dict[str, Any]) -> None:
    lines = build_schedule(fineract_terms(row)).lines
    expected = [
        (date.fromisoformat(due), minor(principal), minor(interest)) for due, principal, interest in row["rows"]
    ]
    assert [(line.due_date, line.principal, line.interest) for line in lines] == expected


OTHERS = {row["id"]: row for row in published("schedules_other")}


def other_terms(name: str, **changes: object) -> Terms:
    row = OTHERS[name]
    given_terms = Terms(
        principal=minor(row["principal"]),
        annual_rate=Decimal(row["rate_pct"]) / 100,
        instalments=row["n"],
        start_date=date.fromisoformat(row.get("loan_date", "2022-01-01")),
        first_due_date=date.fromisoformat(row["first_payment"]) if "first_payment" in row else None,
        day_count=DayCount.ACT_365 if "loan_date" in row else DayCount.THIRTY_360,
    )
    return replace(given_terms, **changes)


def test_long_first_period_on_actual_days() -> None:
    schedule = build_schedule(other_terms("sce-equalpmt"))
    first, last = schedule.lines[0], schedule.lines[-1]
    assert schedule.instalment_amount == 85692
    assert (first.interest, first.principal, first.balance_after) == (4944, 80748, 921752)
    # The source leaves 0.03 unpaid after the last level payment; here the last payment includes it.
    assert (last.interest, last.principal, last.balance_after) == (326, 85366 + 3, 0)
    assert schedule.total_interest == 25807


def test_fixed_principal_with_a_balloon_on_actual_days() -> None:
    principal_plus = other_terms("sce-principalplus", method=ScheduleMethod.EQUAL_PRINCIPAL)
    due = due_dates(principal_plus)
    factors = rate_factors(principal_plus, (principal_plus.start_date, *due[:-1]), due)
    figures, _ = amortise(principal_plus, 1000000, factors, payment=10000)
    rows = list(zip(*figures, strict=True))
    assert rows[0] == (10000, 6247, 990000)
    assert rows[1] == (10000, 5045, 980000)
    assert rows[-1] == (890000, 4535, 0)
    assert sum(figures.interests) == 58006


def test_single_payment_on_actual_days() -> None:
    single = other_terms("sce-singlepmt", method=ScheduleMethod.BULLET)
    lines = build_schedule(single).lines
    assert [(line.due_date, line.interest, line.principal) for line in lines] == [(date(2022, 12, 31), 12418, 502500)]


def test_payment_in_whole_units_rounded_up() -> None:
    whole_units = other_terms("frappe-personal-20", rounding=Rounding.UP, multiple=100)
    schedule = build_schedule(whole_units)
    assert schedule.instalment_amount == 1505200
    for number, figures in OTHERS["frappe-personal-20"]["expect"]["rows_0dp"].items():
        line = schedule.lines[int(number) - 1]
        rounded = [Decimal(figure).scaleb(-2) for figure in (line.principal, line.interest, line.balance_after)]
        assert [str(figure.quantize(Decimal(1), ROUND_HALF_UP)) for figure in rounded] == figures
    assert round(schedule.total_interest, -2) == 2103400


def test_interest_and_principal_of_a_large_first_instalment() -> None:
    schedule = build_schedule(other_terms("frappe-term-12", rounding=Rounding.UP, multiple=100))
    assert (schedule.lines[0].interest, schedule.lines[0].principal) == (1125000, 7830300)


def test_due_day_one_is_the_first_of_the_months() -> None:
    dates = due_dates(Terms(100, Decimal(0), 12, date(2022, 10, 17), due_day=1))
    assert (dates[0], dates[1], dates[11]) == (date(2022, 11, 1), date(2022, 12, 1), date(2023, 10, 1))


def test_equal_principal_pays_the_same_principal_and_falling_interest() -> None:
    lines = build_schedule(replace(TEN_THOUSAND, method=ScheduleMethod.EQUAL_PRINCIPAL)).lines
    assert [line.principal for line in lines] == [83333] * 11 + [83337]
    assert [line.interest for line in lines[:3]] == [10000, 9167, 8333]
    assert sum(line.interest for line in lines) == 65000


def test_interest_only_ends_with_a_balloon() -> None:
    lines = build_schedule(replace(TEN_THOUSAND, method=ScheduleMethod.INTEREST_ONLY)).lines
    assert [line.payment for line in lines] == [10000] * 11 + [1010000]


def test_bullet_is_one_payment_with_simple_interest() -> None:
    lines = build_schedule(replace(TEN_THOUSAND, method=ScheduleMethod.BULLET)).lines
    assert [(line.due_date, line.principal, line.interest) for line in lines] == [(date(2027, 1, 15), 1000000, 120000)]


def test_flat_charges_interest_on_the_original_principal() -> None:
    schedule = build_schedule(replace(TEN_THOUSAND, method=ScheduleMethod.FLAT))
    assert {line.interest for line in schedule.lines} == {10000}
    assert schedule.instalment_amount == 93333
    assert schedule.lines[-1].payment == 93337


def test_month_ends_keep_the_original_day() -> None:
    dates = due_dates(Terms(100, Decimal(0), 5, date(2024, 1, 31)))
    assert dates == (date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31), date(2024, 6, 30))


def test_weeks_and_days_are_counted_exactly() -> None:
    weekly = Terms(100, Decimal(0), 3, START, every=2, unit=PeriodUnit.WEEK)
    daily = Terms(100, Decimal(0), 3, START, every=10, unit=PeriodUnit.DAY)
    assert due_dates(weekly) == (date(2026, 1, 29), date(2026, 2, 12), date(2026, 2, 26))
    assert due_dates(daily) == (date(2026, 1, 25), date(2026, 2, 4), date(2026, 2, 14))


@pytest.mark.parametrize(
    ("start", "due_day", "first"),
    [
        (date(2026, 1, 20), 5, date(2026, 2, 5)),
        (date(2026, 1, 20), 4, date(2026, 2, 4)),
        (date(2026, 1, 20), 3, date(2026, 3, 3)),
        (date(2026, 1, 15), 15, date(2026, 2, 15)),
        (date(2026, 1, 31), 28, date(2026, 2, 28)),
    ],
)
def test_chosen_due_day_comes_at_least_fifteen_days_after_the_start(start: date, due_day: int, first: date) -> None:
    assert due_dates(Terms(100, Decimal(0), 1, start, due_day=due_day)) == (first,)


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(1, 28), st.sampled_from([1, 15, 31]))
def test_first_period_never_leaves_its_bounds(start: date, due_day: int, least: int) -> None:
    (first,) = due_dates(Terms(100, Decimal(0), 1, start, due_day=due_day, first_period_min_days=least))
    assert first.day == due_day
    assert least <= (first - start).days <= least + 30


def test_days_before_a_chosen_due_day_are_at_least_one_and_at_most_thirty_one() -> None:
    for least in (0, 32):
        with pytest.raises(InvalidTerms, match="1 to 31 days"):
            replace(TEN_THOUSAND, due_day=5, first_period_min_days=least)


def test_long_first_period_adds_the_interest_of_the_extra_days() -> None:
    schedule = build_schedule(replace(TEN_THOUSAND, start_date=date(2026, 1, 10), due_day=20))
    # 20 January to 20 February is the whole month; 10 days before it at 10,000.00 * 12 % * 10 / 365.
    assert schedule.broken_interest == 3288
    assert schedule.lines[0].interest == 13288
    assert schedule.lines[0].principal == 78849
    assert [line.payment for line in schedule.lines[1:11]] == [88849] * 10


def test_short_first_period_saves_the_interest_of_the_missing_days() -> None:
    schedule = build_schedule(replace(TEN_THOUSAND, start_date=date(2026, 1, 20), due_day=5))
    assert schedule.broken_interest == -4932
    assert schedule.lines[0].interest == 5068


def test_actual_day_counts_need_no_broken_interest() -> None:
    schedule = build_schedule(
        replace(TEN_THOUSAND, start_date=date(2026, 1, 10), due_day=20, day_count=DayCount.ACT_365)
    )
    assert schedule.broken_interest == 0
    assert schedule.lines[0].interest == 13479  # 10,000.00 * 12 % * 41 / 365


def test_interest_free_periods_bear_no_interest() -> None:
    schedule = build_schedule(replace(TEN_THOUSAND, interest_free_periods=2))
    assert [line.interest for line in schedule.lines[:2]] == [0, 0]
    assert schedule.lines[2].interest == round(schedule.lines[1].balance_after / 100)
    assert len({line.payment for line in schedule.lines[:-1]}) == 1


def test_principal_free_periods_pay_interest_only() -> None:
    lines = build_schedule(replace(TEN_THOUSAND, principal_free_periods=3)).lines
    assert [(line.principal, line.interest) for line in lines[:3]] == [(0, 10000)] * 3
    assert lines[3].principal > 0
    assert lines[-1].balance_after == 0


def test_a_loan_too_small_for_its_instalments_ends_early() -> None:
    lines = build_schedule(Terms(1000, Decimal(0), 60, START)).lines
    assert [line.payment for line in lines] == [17] * 58 + [14]


@pytest.mark.parametrize(
    ("terms", "plain", "smooth"),
    [
        # 9,000.00 at 7 % over 102 months in whole 5.00: the last of 115.00 is 437.51, of 120.00 110.57.
        (Terms(900000, Decimal("0.07"), 102, START, multiple=500), (11500, 102, 43751), (12000, 99, 11057)),
        # 50.00 at 36 % over 114 months, to the cent.
        (Terms(5000, Decimal("0.36"), 114, START), (155, 114, 510), (156, 111, 18)),
        # 10 over 36 payments are within half a unit of each: nothing to spread.
        (Terms(100000, Decimal("0.0999"), 36, START), (3226, 36, 3236), (3226, 36, 3236)),
        # The last is 46 off, above 60 / 2, but another cent a payment would take it further off.
        (Terms(50000, Decimal("0.24"), 60, START), (1438, 60, 1484), (1438, 60, 1484)),
    ],
)
def test_smoothing_evens_out_a_last_instalment_that_is_far_off(
    terms: Terms, plain: tuple[int, int, int], smooth: tuple[int, int, int]
) -> None:
    for is_smooth, expected in ((False, plain), (True, smooth)):
        schedule = build_schedule(replace(terms, smooth=is_smooth))
        level, count = schedule.instalment_amount, len(schedule.lines)
        assert (level, count, schedule.lines[-1].payment) == expected
        assert {line.payment for line in schedule.lines[:-1]} == {level}
        assert schedule.total_principal == terms.principal


def test_parts_of_a_split_period_add_up_to_the_whole() -> None:
    whole = period_fraction(TEN_THOUSAND, date(2026, 4, 15), date(2026, 5, 15))
    rest = period_fraction(TEN_THOUSAND, date(2026, 4, 25), date(2026, 5, 15))
    assert whole == Fraction(1, 12)
    assert rest == Fraction(1, 12) * Fraction(20, 30)


@pytest.mark.parametrize(
    "change",
    [
        {"principal": 0},
        {"principal": -1},
        {"annual_rate": Decimal("-0.01")},
        {"annual_rate": Decimal("NaN")},
        {"annual_rate": Decimal("100.01")},
        {"instalments": 0},
        {"instalments": 1201},
        {"every": 0},
        {"due_day": 29},
        {"due_day": 0},
        {"due_day": 5, "unit": PeriodUnit.WEEK},
        {"due_day": 5, "first_due_date": date(2026, 2, 5)},
        {"first_due_date": START},
        {"multiple": 0},
        {"interest_free_periods": 13},
        {"principal_free_periods": 12},
        {"day_count": BondDayCount.ACT_ACT_ICMA},
    ],
)
def test_terms_without_a_schedule_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidTerms):
        replace(TEN_THOUSAND, **change)


@settings(deadline=None)
@given(terms)
def test_principal_sums_to_the_loan_and_the_last_balance_is_nil(loan: Terms) -> None:
    lines = build_schedule(loan).lines
    assert sum(line.principal for line in lines) == loan.principal
    assert lines[-1].balance_after == 0
    assert all(line.principal >= 0 and line.interest >= 0 for line in lines)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert all(earlier.due_date == later.period_start for earlier, later in pairwise(lines))


@settings(deadline=None)
@given(terms, st.decimals("0.001", "0.5", places=6))
def test_a_higher_rate_never_costs_less(loan: Terms, more: Decimal) -> None:
    plain = replace(loan, smooth=False, multiple=None, principal=loan.principal + 100000)
    dearer = replace(plain, annual_rate=plain.annual_rate + more)
    # Every figure is rounded by half a minor unit, so cheap short loans may differ by a few.
    slack = loan.instalments + 1
    assert build_schedule(dearer).total_interest >= build_schedule(plain).total_interest - slack


@settings(deadline=None)
@given(st.integers(1, 10**10), st.decimals(0, 1, places=6), st.integers(1, 360))
def test_level_instalment_is_the_exact_annuity_rounded_once(principal: int, rate: Decimal, count: int) -> None:
    periodic = Fraction(rate) / 12
    exact = principal * periodic / (1 - (1 + periodic) ** -count) if periodic else Fraction(principal, count)
    assert level_instalment(principal, periodic, count) == int(exact + Fraction(1, 2))


@pytest.mark.parametrize("months", [36, 60])
def test_random_loans_equal_the_textbook_in_decimal_to_the_cent(months: int) -> None:
    for loan in random_terms(months, 500):
        assert our_lines(loan) == reference_lines(loan), loan


def test_half_a_cent_of_interest_is_rounded_up_whether_the_denominator_is_odd_or_even() -> None:
    # 1 % a month of 50 is exactly one half; 10 and 11 sevenths lie on either side of one and a half.
    assert level_figures(50, RateFactors([1, 1], 100), 26, Rounding.HALF_UP).interests[0] == 1
    assert level_figures(50, RateFactors([1, 1], 100), 26, Rounding.HALF_EVEN).interests[0] == 0
    sevenths = [
        level_figures(balance, RateFactors([1, 1], 7), 6, Rounding.HALF_UP).interests[0] for balance in (10, 11)
    ]
    assert sevenths == [1, 2]


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(1, 60), st.integers(1, 14), st.integers(1, 31))
def test_dates_made_together_are_those_made_one_by_one(first: date, count: int, every: int, day: int) -> None:
    dates = monthly_dates(first, count, every, day)
    assert dates == tuple(add_months(first, index * every, day) for index in range(count))
    for earlier, later in pairwise(dates):
        assert (later.year - earlier.year) * 12 + later.month - earlier.month == every
    assert all(each.day == day or (each.day < day and (each + timedelta(1)).day == 1) for each in dates)

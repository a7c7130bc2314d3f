from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from loans.finance import InstalmentState, Terms, accrued_interest, build_schedule, payoff
from loans.tests.finance.states import states_of

START = date(2026, 1, 15)
LINES = build_schedule(Terms(1000000, Decimal("0.12"), 12, START)).lines


def test_interest_accrues_by_days_and_meets_the_schedule_on_the_due_date() -> None:
    start, due = date(2026, 4, 15), date(2026, 5, 15)
    assert accrued_interest(7611, start, due, date(2026, 4, 14)) == 0
    assert accrued_interest(7611, start, due, start) == 0
    assert accrued_interest(7611, start, due, date(2026, 4, 25)) == 2537
    assert accrued_interest(7611, start, due, due) == 7611
    assert accrued_interest(7611, start, due, date(2026, 6, 30)) == 7611


def test_payoff_inside_a_period_charges_no_future_interest() -> None:
    figure = payoff(states_of(LINES, paid=3), date(2026, 4, 25))
    assert (figure.principal, figure.interest, figure.late_fee) == (761080, 2537, 0)
    assert figure.total == 763617
    assert figure.interest_saved == 36022


def test_payoff_on_the_first_day_is_the_principal() -> None:
    figure = payoff(states_of(LINES), START)
    assert (figure.total, figure.interest_saved) == (1000000, 66186)


def test_payoff_includes_interest_and_fees_that_are_late() -> None:
    late = InstalmentState(1, START, date(2026, 2, 15), 78849, 10000, 4442, interest_paid=4000)
    figure = payoff([late, *states_of(LINES)[1:]], date(2026, 2, 25))
    assert figure.late_fee == 4442
    assert figure.interest == 6000 + 3290  # 92.12 * 10 / 28
    assert figure.principal == 1000000


def test_interest_paid_ahead_in_the_running_period_is_not_asked_again() -> None:
    running = InstalmentState(1, START, date(2026, 2, 14), 78849, 9000, interest_paid=2000)
    assert payoff([running], date(2026, 1, 25)).interest == 1000
    assert payoff([running], date(2026, 1, 20)).interest == 0


@given(st.integers(0, 10**9), st.integers(1, 400), st.integers(-5, 405))
def test_accrual_never_leaves_the_period_and_never_falls(interest: int, length: int, offset: int) -> None:
    due, on = START + timedelta(days=length), START + timedelta(days=offset)
    today = accrued_interest(interest, START, due, on)
    assert 0 <= today <= interest
    assert today <= accrued_interest(interest, START, due, on + timedelta(days=1))

"""Interest inside a period, and the figure that pays a loan off on any day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from loans.finance.types import InstalmentState, PayoffFigure
from p2plending.lib.money import Rounding, round_ratio


def accrued_interest(
    period_interest: int, period_start: date, due_date: date, on: date, rounding: Rounding = Rounding.HALF_UP
) -> int:
    """Interest earned by ``on``: round(period interest * days gone / days of the period), in minor units.

    Nothing before the period, all of it from the due date on, so accrual and schedule agree on that day to the cent.
    76.11 from 15 April to 15 May, on 25 April: 76.11 * 10/30 = 25.37.
    """
    if on <= period_start:
        return 0
    if on >= due_date:
        return period_interest
    return round_ratio(period_interest * (on - period_start).days, (due_date - period_start).days, rounding)


def interest_owed(state: InstalmentState, on: date) -> int:
    """Interest of one instalment earned by ``on`` and not paid; never negative.

    A state that knows its interest of the day says so; otherwise it grows evenly with the days of the period.
    """
    if state.interest_to_date is not None:
        return max(min(state.interest_to_date, state.interest_due) - state.interest_paid, 0)
    return max(accrued_interest(state.interest_due, state.period_start, state.due_date, on) - state.interest_paid, 0)


def payoff(states: Sequence[InstalmentState], on: date, credit: int = 0) -> PayoffFigure:
    """What closes the loan on ``on``: principal outstanding, interest earned and unpaid, late fees. No future interest.

    ``credit`` (minor units) was paid ahead and is kept: that much less is to pay. ``interest_saved`` is the interest of
    the schedule that then is never charged. Balance 7,610.80 with 76.11 of interest in the running period, 10 of 30
    days gone: 7,636.17, and 360.22 saved of the 385.59 still to come.
    """
    interest = sum(interest_owed(state, on) for state in states)
    return PayoffFigure(
        principal=sum(state.principal_unpaid for state in states),
        interest=interest,
        late_fee=sum(state.late_fee_unpaid for state in states),
        interest_saved=sum(state.interest_unpaid for state in states) - interest,
        credit=credit,
    )

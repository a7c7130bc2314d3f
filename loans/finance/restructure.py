"""A new payment plan for what is left of a loan: another day, a pause, smaller payments for a while, more time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise

from loans.finance.enums import PeriodUnit, ScheduleMethod
from loans.finance.errors import InvalidTerms
from loans.finance.periods import shift
from loans.finance.schedule import build_schedule, rebuild_lines
from loans.finance.types import InstalmentLine, Terms

# For what weeks and days come to in months.
PERIODS_A_YEAR = {PeriodUnit.MONTH: 12, PeriodUnit.WEEK: 52, PeriodUnit.DAY: 365}
# The longest pause, the longest time of smaller payments and the longest new plan, in months.
LONGEST_PAUSE, LONGEST_LOWER, LONGEST_PLAN = 3, 12, 120


class RescheduleKind(StrEnum):
    """What changes. The values are those of `loans.enums.collections.PlanOption`."""

    NEW_DUE_DAY = "new_due_day"
    HOLIDAY = "holiday"
    LOWER = "lower"
    LONGER = "longer"


@dataclass(frozen=True, slots=True)
class PlanChange:
    """``due_day`` (1 to 28) for another day; ``payments`` that the pause leaves out, that are smaller, or that the
    whole new plan has; ``amount`` (minor units) of each smaller payment."""

    kind: RescheduleKind
    due_day: int | None = None
    payments: int | None = None
    amount: int | None = None


class PaymentTooSmall(InvalidTerms):
    """A smaller payment must at least pay the interest of its month; ``least`` is that figure."""

    def __init__(self, least: int) -> None:
        super().__init__(f"the payment must be at least {least}")
        self.least = least


def reschedule_dates(
    dates: Sequence[date], change: PlanChange, every: int = 1, unit: PeriodUnit = PeriodUnit.MONTH
) -> tuple[date, ...]:
    """The due dates of the new plan, from those of the old one that are still to come (at least one).

    Another day: the first such day on or after the next due date, as many payments as before. A pause moves all dates
    by the payments that it leaves out. Smaller payments add as many payments as there are smaller ones. More time: so
    many payments from the next due date on. Payments are ``every`` so many of the ``unit``; a pause lasts 3 months at
    most, smaller payments 12, a new plan 120. Raises InvalidTerms: there is no other day of the month for payments by
    weeks or days.
    """
    first, count = dates[0], len(dates)
    anchor = max(day.day for day in dates) if unit is PeriodUnit.MONTH else first.day
    match change.kind:
        case RescheduleKind.NEW_DUE_DAY:
            if unit is not PeriodUnit.MONTH:
                raise InvalidTerms("another day of the month needs payments by the month")
            anchor = _needed(change.due_day, 1, 28)
            candidate = shift(first, 0, 1, PeriodUnit.MONTH, anchor)
            first = candidate if candidate >= first else shift(first, 1, 1, PeriodUnit.MONTH, anchor)
        case RescheduleKind.HOLIDAY:
            left_out = _needed(change.payments, 1, periods_in(LONGEST_PAUSE, every, unit))
            first = shift(first, left_out, every, unit, anchor)
        case RescheduleKind.LOWER:
            count += _needed(change.payments, 1, periods_in(LONGEST_LOWER, every, unit))
        case RescheduleKind.LONGER:
            count = _needed(change.payments, 1, periods_in(LONGEST_PLAN, every, unit))
    return tuple(shift(first, index, every, unit, anchor) for index in range(count))


def periods_in(months: int, every: int, unit: PeriodUnit) -> int:
    """How many whole periods some months hold, at least one; a year has 12 months, 52 weeks or 365 days."""
    return max(months * PERIODS_A_YEAR[unit] // 12 // every, 1)


def reschedule_lines(
    terms: Terms, balance: int, start: date, dates: Sequence[date], change: PlanChange, first_number: int = 1
) -> tuple[InstalmentLine, ...]:
    """The new plan that pays ``balance`` back by the method, rate and day count of ``terms``.

    ``start`` is the day from which interest counts, ``dates`` the due dates of the old plan after it. The payments are
    levelled over all periods, a longer first one too, so a pause costs interest but no lump. Smaller payments come
    first, and the rest is levelled after them.

    4,000.00 at 12 %, four payments to come from 15 June, a pause of two months from 15 May: four payments of 1,045.48,
    interest 181.92 in place of 100.50. Raises InvalidTerms, PaymentTooSmall.
    """
    due = reschedule_dates(dates, change, terms.every, terms.unit)
    if change.kind is not RescheduleKind.LOWER:
        return relevel_lines(terms, balance, start, due, first_number)
    return _lower(_plan_terms(terms, balance, start, due), balance, list(pairwise((start, *due))), change, first_number)


def relevel_lines(
    terms: Terms, balance: int, start: date, dates: Sequence[date], first_number: int = 1
) -> tuple[InstalmentLine, ...]:
    """The plan that pays ``balance`` back on exactly ``dates``, levelled anew from ``start``."""
    plan = _plan_terms(terms, balance, start, dates)
    if plan.method is ScheduleMethod.FLAT:
        lines = build_schedule(plan).lines
        return tuple(line._replace(number=line.number + first_number - 1) for line in lines)
    return rebuild_lines(plan, balance, list(pairwise((start, *dates))), first_number=first_number)


def _plan_terms(terms: Terms, balance: int, start: date, dates: Sequence[date]) -> Terms:
    return replace(
        terms,
        principal=balance,
        start_date=start,
        instalments=len(dates),
        due_day=None,
        first_due_date=dates[0],
        smooth=False,
        interest_free_periods=0,
        principal_free_periods=0,
    )


def _lower(
    plan: Terms, balance: int, bounds: Sequence[tuple[date, date]], change: PlanChange, first_number: int
) -> tuple[InstalmentLine, ...]:
    if plan.method is not ScheduleMethod.ANNUITY:
        raise InvalidTerms("smaller payments need a loan with level payments")
    smaller = _needed(change.payments, 1, periods_in(LONGEST_LOWER, plan.every, plan.unit))
    amount = change.amount or 0
    first = rebuild_lines(plan, balance, bounds, first_number=first_number, payment=amount)[:smaller]
    least = max(line.interest for line in first)
    if amount < least:
        raise PaymentTooSmall(least)
    left = first[-1].balance_after
    if len(first) < smaller or not left:
        return first
    rest = rebuild_lines(plan, left, bounds[smaller:], first_number=first_number + smaller)
    return first + rest


def _needed(value: int | None, low: int, high: int) -> int:
    if value is None or not low <= value <= high:
        raise InvalidTerms(f"the figure must be from {low} to {high}")
    return value

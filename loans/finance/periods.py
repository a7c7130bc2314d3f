"""Due dates, and the part of a year that each repayment period stands for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from loans.finance.daycount import add_months, monthly_dates, year_fraction
from loans.finance.enums import DayCount, PeriodUnit
from loans.finance.types import Terms

_NOMINAL = frozenset({DayCount.THIRTY_360, DayCount.THIRTY_360_US, DayCount.THIRTY_E_360, DayCount.EQUAL_PERIODS})
_DAYS_IN_UNIT = {PeriodUnit.DAY: 1, PeriodUnit.WEEK: 7, PeriodUnit.MONTH: 30}
_UNITS_IN_YEAR = {PeriodUnit.DAY: 365, PeriodUnit.WEEK: 52, PeriodUnit.MONTH: 12}


def shift(start: date, periods: int, every: int, unit: PeriodUnit, day: int | None = None) -> date:
    """``start`` moved by a number of periods of ``every`` units; ``day`` keeps the original day of the month."""
    if unit is PeriodUnit.MONTH:
        return add_months(start, periods * every, day)
    return start + timedelta(days=periods * every * _DAYS_IN_UNIT[unit])


def first_due_date(terms: Terms) -> date:
    """The first due date: as given, or on the chosen due day, or one period after the start.

    With a due day it is the first such day at least ``first_period_min_days`` after the start (plus the further months
    of a longer period). A monthly loan's first period has those days or up to 30 more, 15 to 45: start 20 January, due
    day 5 gives 5 February.
    """
    if terms.first_due_date is not None:
        return terms.first_due_date
    if terms.due_day is None:
        return shift(terms.start_date, 1, terms.every, terms.unit)
    earliest = add_months(terms.start_date, terms.every - 1) + timedelta(days=terms.first_period_min_days)
    candidate = add_months(earliest, 0, terms.due_day)
    return candidate if candidate >= earliest else add_months(candidate, 1, terms.due_day)


def anchor_day(terms: Terms) -> int:
    """The day of the month that due dates keep, whatever shorter months do to them."""
    if terms.first_due_date is not None:
        return terms.first_due_date.day
    return terms.due_day or terms.start_date.day


def due_dates(terms: Terms) -> tuple[date, ...]:
    """All due dates, each counted from the original date: 31 Jan, every month: 28 Feb, 31 Mar, 30 Apr."""
    first = first_due_date(terms)
    if terms.unit is PeriodUnit.MONTH:
        return monthly_dates(first, terms.instalments, terms.every, anchor_day(terms))
    return tuple(shift(first, index, terms.every, terms.unit) for index in range(terms.instalments))


def nominal_ratio(terms: Terms) -> tuple[int, int]:
    """A whole period as a part of a year, whatever its days: numerator and denominator, not in lowest terms.

    In a year of twelve 30-day months a month is 30/360, a week 7/360, a day 1/360; as equal periods 1/12, 1/52, 1/365.
    """
    if terms.day_count is DayCount.EQUAL_PERIODS:
        return terms.every, _UNITS_IN_YEAR[terms.unit]
    return terms.every * _DAYS_IN_UNIT[terms.unit], 360


def nominal_fraction(terms: Terms) -> Fraction:
    """``nominal_ratio`` as one exact figure."""
    return Fraction(*nominal_ratio(terms))


def is_nominal(terms: Terms) -> bool:
    """Whether every whole period counts the same, whatever the calendar says (30/360, equal periods)."""
    return terms.day_count in _NOMINAL


def broken_days(terms: Terms) -> int:
    """Days by which the first period is longer (positive) or shorter (negative) than a whole one; 0 for actual days."""
    if not is_nominal(terms) or (terms.due_day is None and terms.first_due_date is None):
        return 0
    first = first_due_date(terms)
    if first == shift(terms.start_date, 1, terms.every, terms.unit):
        return 0
    return (shift(first, -1, terms.every, terms.unit, anchor_day(terms)) - terms.start_date).days


def is_among_first(terms: Terms, due_date: date, count: int) -> bool:
    """Whether the period that ends on ``due_date`` is one of the loan's first ``count``."""
    if not count:
        return False
    return due_date <= shift(first_due_date(terms), count - 1, terms.every, terms.unit, anchor_day(terms))


def period_fraction(terms: Terms, period_start: date, due_date: date) -> Fraction:
    """Year fraction of the period, or of its rest when it was split at ``period_start``.

    Actual-day conventions count the whole period's days. The 30/360 family takes the nominal length, and for a
    broken first period adds or takes away the odd days at 1/365. A rest gets its part of the whole period by days,
    so that the parts add up to the whole: from 25 April in 15 April to 15 May it is 20/30 of 1/12. An interest-free
    period counts nothing.
    """
    if is_among_first(terms, due_date, terms.interest_free_periods):
        return Fraction(0)
    first = first_due_date(terms)
    if due_date == first:
        whole_start = terms.start_date
    else:
        whole_start = shift(due_date, -1, terms.every, terms.unit, anchor_day(terms))
    if is_nominal(terms):
        whole = nominal_fraction(terms)
        if due_date == first:
            whole = max(whole + Fraction(broken_days(terms), 365), Fraction(0))
    else:
        whole = year_fraction(whole_start, due_date, terms.day_count)
    if period_start == whole_start:
        return whole
    return whole * Fraction((due_date - period_start).days, (due_date - whole_start).days)


@dataclass(frozen=True, slots=True)
class HolidayCalendar:
    """Days on which nobody works: ``weekend`` holds ISO weekdays (6 Saturday, 7 Sunday), ``holidays`` single dates."""

    holidays: Collection[date] = frozenset()
    weekend: Collection[int] = frozenset({6, 7})

    def is_working_day(self, day: date) -> bool:
        """Whether payments can be made on ``day``."""
        return day.isoweekday() not in self.weekend and day not in self.holidays

    def next_working_day(self, day: date) -> date:
        """``day`` itself or the first working day after it. Lateness counts from there; interest does not move.

        Raises ValueError when a year has no working day at all.
        """
        for offset in range(366):
            candidate = day + timedelta(days=offset)
            if self.is_working_day(candidate):
                return candidate
        raise ValueError("the calendar leaves no working day")

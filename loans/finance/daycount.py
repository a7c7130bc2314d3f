"""Day counting: how much of a year lies between two dates.

Conventions as in the ISDA 2006 definitions, section 4.16; fractions are exact.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

from loans.finance.enums import BondDayCount, DayCount

AnyDayCount = DayCount | BondDayCount
_DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def days_between_30_360(
    start: date,
    end: date,
    convention: AnyDayCount = DayCount.THIRTY_360,
    termination_date: date | None = None,
) -> int:
    """Days from ``start`` to ``end`` when every month has 30: 360*dy + 30*dm + (d2 - d1).

    THIRTY_360 is the bond basis (d1 31 becomes 30; d2 31 becomes 30 if d1 is then 30). THIRTY_360_US first takes
    the last of February as 30 (d2 only if d1 is the last of February too). THIRTY_E_360 makes either 31 a 30.
    THIRTY_E_360_ISDA makes either last of a month a 30, except an ``end`` in February that is the
    ``termination_date``. 28 Feb to 31 Aug 2007: 183 on the bond basis, 180 US, 182 on 30E/360, 180 on 30E/360 ISDA.
    Source: ISDA 2006 4.16(f), (g), (h); US end-of-February rule as in the ISDA 30/360 examples sheet of 2008.
    """
    first_day, last_day = start.day, end.day
    match convention:
        case DayCount.THIRTY_360:
            first_day = min(first_day, 30)
            last_day = 30 if last_day == 31 and first_day == 30 else last_day
        case DayCount.THIRTY_360_US:
            if _is_end_of_february(start):
                first_day = 30
                last_day = 30 if _is_end_of_february(end) else last_day
            first_day = min(first_day, 30)
            last_day = 30 if last_day == 31 and first_day == 30 else last_day
        case DayCount.THIRTY_E_360:
            first_day, last_day = min(first_day, 30), min(last_day, 30)
        case BondDayCount.THIRTY_E_360_ISDA:
            first_day = 30 if _is_end_of_month(start) else first_day
            if _is_end_of_month(end) and not (end.month == 2 and end == termination_date):
                last_day = 30
        case _:
            raise ValueError(f"{convention} does not count months of 30 days")
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last_day - first_day


def add_months(start: date, months: int, day: int | None = None) -> date:
    """``start`` moved by whole months, on ``day`` (default: its own), or the month's last day if that is shorter.

    31 January + 1 month is 28 or 29 February. Count always from the original date, never month by month, and
    31 January + 2 months stays 31 March.
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return _days_of_year(year, start.day if day is None else day)[month]


def monthly_dates(first: date, count: int, every: int, day: int) -> tuple[date, ...]:
    """``count`` dates, ``every`` months apart from the month of ``first`` on, each on ``day`` or its month's last."""
    months = first.month - 1 + (count - 1) * every
    years = range(first.year, first.year + months // 12 + 1)
    dates = [each for year in years for each in _days_of_year(year, day)]
    return tuple(dates[first.month - 1 : months + 1 : every])


def year_fraction(
    start: date,
    end: date,
    convention: AnyDayCount,
    *,
    termination_date: date | None = None,
    reference_period: tuple[date, date] | None = None,
) -> Fraction:
    """Exact fraction of a year from ``start`` to ``end``; negative if ``end`` comes first.

    ACT_365 and ACT_360 divide the days by 365 or 360. ACT_ACT (ISDA) divides the days in each calendar year by that
    year's length, the split being at 1 January: 1 Nov 2003 to 1 May 2004 = 61/365 + 121/366. ACT_ACT_YEAR_END splits at
    31 December, so that the night to New Year counts in the year it ends in: 60/365 + 122/366. For bonds: NL_365 leaves
    29 February out, ACT_365_ACTUAL divides by 366 when 29 February lies in the period, ACT_ACT_AFB counts whole years
    back from the end, ACT_ACT_ICMA divides by the days of the ``reference_period`` times its number in a year.
    Source: ISDA 2006 4.16(b) to (h); ISDA memorandum on actual/actual, 1998; the year-end split is Apache Fineract's.
    Raises ValueError without the reference period that ICMA needs, and for EQUAL_PERIODS, which has no dates.
    """
    if end < start:
        return -year_fraction(
            end, start, convention, termination_date=termination_date, reference_period=reference_period
        )
    if convention is BondDayCount.ACT_ACT_ICMA:
        if reference_period is None:
            raise ValueError("actual/actual ICMA needs the reference period")
        return _icma(start, end, *reference_period)
    actual = _ACTUAL.get(convention)
    if actual is not None:
        return actual(start, end)
    return Fraction(days_between_30_360(start, end, convention, termination_date), 360)


def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    return 29 if month == 2 and calendar.isleap(year) else _DAYS_IN_MONTH[month - 1]


def days_in_year(year: int) -> int:
    """366 in a leap year, else 365."""
    return 366 if calendar.isleap(year) else 365


@lru_cache(maxsize=4096)
def _days_of_year(year: int, day: int) -> tuple[date, ...]:
    """One date in each month of a year. Kept, because the schedules of many loans are made of the same few dates."""
    return tuple(date(year, month, min(day, days_in_month(year, month))) for month in range(1, 13))


def _act_act_isda(start: date, end: date) -> Fraction:
    if start.year == end.year:
        return Fraction((end - start).days, days_in_year(start.year))
    first = Fraction((date(start.year + 1, 1, 1) - start).days, days_in_year(start.year))
    last = Fraction((end - date(end.year, 1, 1)).days, days_in_year(end.year))
    return first + (end.year - start.year - 1) + last


def _act_act_year_end(start: date, end: date) -> Fraction:
    """As ISDA's with both dates a day later: a date then stands for the day that it ends."""
    return _act_act_isda(start + timedelta(days=1), end + timedelta(days=1))


def _act_act_afb(start: date, end: date) -> Fraction:
    years, back = 0, end
    while (earlier := _years_before(end, years + 1)) >= start:
        years, back = years + 1, earlier
    return years + Fraction((back - start).days, 365 + bool(_leap_days(start, back)))


def _years_before(day: date, years: int) -> date:
    """The same day that many years before; the last of February stays the last of February."""
    if _is_end_of_february(day):
        return date(day.year - years, 2, days_in_month(day.year - years, 2))
    return day.replace(year=day.year - years)


def _icma(start: date, end: date, reference_start: date, reference_end: date) -> Fraction:
    """A start before the reference period, or an end after it, is counted in periods of the same length beside it."""
    months = 12 * (reference_end.year - reference_start.year) + reference_end.month - reference_start.month
    if start < reference_start:
        before = (add_months(reference_start, -months), reference_start)
        return _icma(start, min(end, reference_start), *before) + (
            _icma(reference_start, end, reference_start, reference_end) if end > reference_start else 0
        )
    if end > reference_end:
        after = (reference_end, add_months(reference_end, months))
        return _icma(max(start, reference_end), end, *after) + (
            _icma(start, reference_end, reference_start, reference_end) if start < reference_end else 0
        )
    return Fraction((end - start).days * months, (reference_end - reference_start).days * 12)


def _leap_days(start: date, end: date) -> int:
    """How many 29 Februaries lie after ``start`` and not after ``end``."""
    return sum(start < date(year, 2, 29) <= end for year in range(start.year, end.year + 1) if calendar.isleap(year))


def _is_end_of_month(day: date) -> bool:
    return day.day == days_in_month(day.year, day.month)


def _is_end_of_february(day: date) -> bool:
    return day.month == 2 and _is_end_of_month(day)


_ACTUAL: dict[AnyDayCount, Callable[[date, date], Fraction]] = {
    DayCount.ACT_365: lambda start, end: Fraction((end - start).days, 365),
    DayCount.ACT_360: lambda start, end: Fraction((end - start).days, 360),
    DayCount.ACT_ACT: _act_act_isda,
    DayCount.ACT_ACT_YEAR_END: _act_act_year_end,
    BondDayCount.NL_365: lambda start, end: Fraction((end - start).days - _leap_days(start, end), 365),
    BondDayCount.ACT_365_ACTUAL: lambda start, end: Fraction(
        (end - start).days, 366 if _leap_days(start, end) else 365
    ),
    BondDayCount.ACT_ACT_AFB: _act_act_afb,
}

"""Day counting: how much of a year lies between two dates.

Conventions as in the ISDA 2006 definitions, section 4.16; fractions are exact.
"""

from __future__ import annotations

import calendar
from datetime import date
from fractions import Fraction

from loans.finance.enums import DayCount

_THIRTY_360 = frozenset({DayCount.THIRTY_360, DayCount.THIRTY_360_US, DayCount.THIRTY_E_360})


def days_between_30_360(start: date, end: date, convention: DayCount = DayCount.THIRTY_360) -> int:
    """Days from ``start`` to ``end`` when every month has 30: 360*dy + 30*dm + (d2 - d1).

    THIRTY_360 is the bond basis (d1 31 becomes 30; d2 31 becomes 30 if d1 is then 30). THIRTY_360_US first takes
    the last of February as 30 (d2 only if d1 is the last of February too). THIRTY_E_360 makes either 31 a 30.
    28 Feb to 31 Aug 2007: 183 on the bond basis, 180 US, 182 on 30E/360.
    Source: ISDA 2006 4.16(f) and (g); US end-of-February rule as in the ISDA 30/360 examples sheet of 2008.
    """
    if convention not in _THIRTY_360:
        raise ValueError(f"{convention} does not count months of 30 days")
    first_day, last_day = start.day, end.day
    if convention is DayCount.THIRTY_360_US and _is_end_of_february(start):
        if _is_end_of_february(end):
            last_day = 30
        first_day = 30
    first_day = min(first_day, 30)
    if last_day == 31 and (first_day == 30 or convention is DayCount.THIRTY_E_360):
        last_day = 30
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last_day - first_day


def year_fraction(start: date, end: date, convention: DayCount) -> Fraction:
    """Exact fraction of a year from ``start`` to ``end``; negative if ``end`` comes first.

    ACT_365 and ACT_360 divide the days by 365 or 360. ACT_ACT (ISDA) divides the days in each calendar year by that
    year's length, the split being at 1 January: 1 Nov 2003 to 1 May 2004 = 61/365 + 121/366.
    Source: ISDA 2006 4.16(b), (d), (e), (f), (g).
    """
    if end < start:
        return -year_fraction(end, start, convention)
    if convention in _THIRTY_360:
        return Fraction(days_between_30_360(start, end, convention), 360)
    if convention is DayCount.ACT_365:
        return Fraction((end - start).days, 365)
    if convention is DayCount.ACT_360:
        return Fraction((end - start).days, 360)
    if start.year == end.year:
        return Fraction((end - start).days, days_in_year(start.year))
    first = Fraction((date(start.year + 1, 1, 1) - start).days, days_in_year(start.year))
    last = Fraction((end - date(end.year, 1, 1)).days, days_in_year(end.year))
    return first + (end.year - start.year - 1) + last


def days_in_year(year: int) -> int:
    """366 in a leap year, else 365."""
    return 366 if calendar.isleap(year) else 365


def _is_end_of_february(day: date) -> bool:
    return day.month == 2 and day.day == calendar.monthrange(day.year, 2)[1]

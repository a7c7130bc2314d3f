"""Lateness: days past due, the bucket they fall into, and the late fee."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from loans.finance.enums import Bucket
from loans.finance.periods import HolidayCalendar
from loans.finance.types import InstalmentState
from p2plending.lib.money import percent_of

DEFAULT_GRACE_DAYS = 15
DEFAULT_AFTER_DAYS = 90
_LAST_DAY_OF_BUCKET = ((30, Bucket.LATE_16_30), (60, Bucket.LATE_31_60))


def days_past_due(states: Sequence[InstalmentState], on: date, holidays: HolidayCalendar | None = None) -> int:
    """Days from the oldest due date with anything unpaid to ``on``; 0 when nothing is late.

    With a calendar of holidays, an instalment due on one of them is late only after the next working day, and is
    counted from there.
    """
    unpaid = [state.due_date for state in states if state.total_unpaid > 0]
    if not unpaid:
        return 0
    oldest = min(unpaid)
    if holidays is not None:
        oldest = holidays.next_working_day(oldest)
    return max((on - oldest).days, 0)


def bucket_for(days: int, grace_days: int = DEFAULT_GRACE_DAYS, default_after: int = DEFAULT_AFTER_DAYS) -> Bucket:
    """The bucket of a number of days past due: 0 current, 1-15 grace, 16-30, 31-60, 61-90, from 91 default."""
    if days <= 0:
        return Bucket.CURRENT
    if days > default_after:
        return Bucket.DEFAULT
    if days <= grace_days:
        return Bucket.GRACE
    return next((bucket for last_day, bucket in _LAST_DAY_OF_BUCKET if days <= last_day), Bucket.LATE_61_90)


def late_fee(unpaid: int, fixed: int, rate: Decimal, cap: int | None = None) -> int:
    """The fee for one late instalment: the larger of ``fixed`` and ``rate`` of what is unpaid of it, up to ``cap``.

    ``unpaid`` is principal and interest without fees (no fee on a fee). 5 % of 888.49, at least 5.00: 44.42.
    """
    if unpaid <= 0:
        return 0
    fee = max(fixed, percent_of(unpaid, rate))
    return fee if cap is None else min(fee, cap)

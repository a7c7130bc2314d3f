from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from loans.finance import Bucket, HolidayCalendar, InstalmentState, bucket_for, days_past_due, late_fee

START = date(2026, 1, 15)


def instalment(due: date, paid: int = 0, fee: int = 0) -> InstalmentState:
    return InstalmentState(1, START, due, 78849, 10000, fee, principal_paid=paid)


def test_days_count_from_the_oldest_unpaid_due_date() -> None:
    states = [instalment(date(2026, 3, 15)), instalment(date(2026, 2, 15))]
    assert days_past_due(states, date(2026, 3, 20)) == 33


def test_nothing_is_late_on_the_due_date_itself() -> None:
    assert days_past_due([instalment(date(2026, 2, 15))], date(2026, 2, 15)) == 0
    assert days_past_due([instalment(date(2026, 2, 15))], date(2026, 2, 16)) == 1


def test_partly_paid_is_still_late_and_settled_is_not() -> None:
    settled = InstalmentState(1, START, date(2026, 2, 15), 78849, 10000, principal_paid=78849, interest_paid=10000)
    assert days_past_due([instalment(date(2026, 2, 15), paid=78848)], date(2026, 2, 25)) == 10
    assert days_past_due([settled], date(2026, 2, 25)) == 0
    assert days_past_due([], date(2026, 2, 25)) == 0


def test_due_on_a_day_off_is_late_only_after_the_next_working_day() -> None:
    # 15 February 2026 is a Sunday; the Monday after it is a holiday here.
    calendar = HolidayCalendar(holidays=frozenset({date(2026, 2, 16)}))
    assert days_past_due([instalment(date(2026, 2, 15))], date(2026, 2, 17), calendar) == 0
    assert days_past_due([instalment(date(2026, 2, 15))], date(2026, 2, 18), calendar) == 1


def test_calendar_without_working_days_is_refused() -> None:
    with pytest.raises(ValueError, match="no working day"):
        HolidayCalendar(weekend=frozenset(range(1, 8))).next_working_day(START)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-3, Bucket.CURRENT),
        (0, Bucket.CURRENT),
        (1, Bucket.GRACE),
        (15, Bucket.GRACE),
        (16, Bucket.LATE_16_30),
        (30, Bucket.LATE_16_30),
        (31, Bucket.LATE_31_60),
        (60, Bucket.LATE_31_60),
        (61, Bucket.LATE_61_90),
        (90, Bucket.LATE_61_90),
        (91, Bucket.DEFAULT),
    ],
)
def test_bucket_of_days_past_due(days: int, bucket: Bucket) -> None:
    assert bucket_for(days) is bucket


def test_product_sets_the_limits_of_grace_and_default() -> None:
    assert bucket_for(6, grace_days=5) is Bucket.LATE_16_30
    assert bucket_for(100, default_after=120) is Bucket.LATE_61_90
    assert bucket_for(61, default_after=60) is Bucket.DEFAULT


def test_late_fee_is_the_larger_of_fixed_and_percent() -> None:
    assert late_fee(88849, 500, Decimal("0.05")) == 4442
    assert late_fee(5000, 500, Decimal("0.05")) == 500


def test_late_fee_stops_at_its_cap_and_needs_something_unpaid() -> None:
    assert late_fee(88849, 500, Decimal("0.05"), cap=2500) == 2500
    assert late_fee(0, 500, Decimal("0.05")) == 0

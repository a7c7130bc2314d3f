"""How late a loan has been, stay by stay."""

from __future__ import annotations

import datetime as dt

from loans.account.holiday_calendars import first_day_of_lateness
from loans.account.terms import LoanTerms
from loans.enums.loan import Bucket
from loans.finance.arrears import bucket_for
from loans.models import Loan, LoanDelinquency
from p2plending.lib.errors import required

# Days past due at which a bucket of fixed size begins; grace and default are numbers of the product.
FIXED_STARTS = (31, 61)


def track_lateness(loan: Loan, terms: LoanTerms, oldest_unpaid_due_date: dt.date | None, today: dt.date) -> None:
    """Write the history of buckets up to `today`: a row for each stay outside "on time", closed when it ends.

    `oldest_unpaid_due_date` is the oldest due date with anything unpaid. Days that were missed are caught up: each row
    begins on the day on which the loan really entered the bucket. Call under the loan's guard, while the loan's columns
    still hold the bucket that was written last.
    """
    if oldest_unpaid_due_date is not None:
        oldest_unpaid_due_date = first_day_of_lateness(oldest_unpaid_due_date, terms.holiday_country)
    current = Bucket(loan.bucket)
    since = required(loan.rolled_forward_to or loan.disbursed_on, "disbursed_on")
    for day, bucket in _changes(terms, oldest_unpaid_due_date, since, today):
        if bucket == current:
            continue
        _close(loan, today=day, days_past_due=_days(oldest_unpaid_due_date, day))
        if bucket != Bucket.CURRENT:
            LoanDelinquency.objects.create(loan=loan, bucket=bucket, from_date=day)
        current = bucket
    days = _days(oldest_unpaid_due_date, today)
    if current != Bucket.CURRENT:
        open_stays = LoanDelinquency.objects.filter(loan=loan, to_date__isnull=True, worst_days_past_due__lt=days)
        open_stays.update(worst_days_past_due=days)


def _changes(
    terms: LoanTerms, oldest_unpaid_due_date: dt.date | None, since: dt.date, today: dt.date
) -> list[tuple[dt.date, Bucket]]:
    """Days after `since` on which time alone moves the loan, and what holds today (a payment may have moved it)."""
    changes = []
    if oldest_unpaid_due_date is not None:
        starts = sorted({1, terms.grace_days + 1, *FIXED_STARTS, terms.default_after_days + 1})
        for days in starts:
            day = oldest_unpaid_due_date + dt.timedelta(days=days)
            if since < day <= today:
                changes.append((day, _bucket(terms, days)))
    changes.append((today, _bucket(terms, _days(oldest_unpaid_due_date, today))))
    return changes


def _close(loan: Loan, *, today: dt.date, days_past_due: int) -> None:
    for stay in LoanDelinquency.objects.filter(loan=loan, to_date__isnull=True):
        stay.to_date = today
        if days_past_due:
            stay.worst_days_past_due = max(stay.worst_days_past_due, days_past_due - 1)
        stay.save(update_fields=["to_date", "worst_days_past_due"])


def _bucket(terms: LoanTerms, days: int) -> Bucket:
    return Bucket(bucket_for(days, terms.grace_days, terms.default_after_days).value)


def _days(oldest_unpaid_due_date: dt.date | None, on: dt.date) -> int:
    return max((on - oldest_unpaid_due_date).days, 0) if oldest_unpaid_due_date else 0

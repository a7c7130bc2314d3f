"""How long an approved identity check counts: until its document expires, and no longer than two years."""

from __future__ import annotations

import calendar
import datetime as dt

from django.utils import timezone

from accounts.enums.people import VerificationStatus
from accounts.models import IdentityVerification

MONTHS_VALID = 24


def lapses_after(verification: IdentityVerification) -> dt.date | None:
    """The last day on which the check counts; None for one that was never decided and names no document."""
    ends = [verification.id_expires_on] if verification.id_expires_on else []
    if verification.decided_at is not None:
        ends.append(_months_later(timezone.localdate(verification.decided_at), MONTHS_VALID))
    return min(ends, default=None)


def is_lapsed(verification: IdentityVerification, today: dt.date) -> bool:
    """Whether the last day has passed, whatever the state says: the job that writes it down may be late."""
    last_day = lapses_after(verification)
    return last_day is not None and last_day < today


def status_on(verification: IdentityVerification, today: dt.date) -> VerificationStatus:
    """The state as it counts on a day: an approved check that has lapsed is expired."""
    status = VerificationStatus(verification.status)
    if status == VerificationStatus.APPROVED and is_lapsed(verification, today):
        return VerificationStatus.EXPIRED
    return status


def approved_before(day: dt.date) -> dt.datetime:
    """The moment before which a check must have been approved to have its last day before `day`."""
    return timezone.make_aware(dt.datetime.combine(_months_later(day, -MONTHS_VALID) + dt.timedelta(1), dt.time.min))


def _months_later(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))

"""What the calendar does to instalments: they fall due, and a late fee is added once. Worked out in memory, so that
a preview sees the loan as it will be; `services.servicing` posts and stores the same."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from loans.account.holiday_calendars import first_day_of_lateness
from loans.account.terms import LoanTerms
from loans.account.unapplied_funds import left_to_pay
from loans.enums.loan import InstalmentStatus
from loans.finance import late_fee
from loans.finance.arrears import bucket_for
from loans.models import Instalment, Loan
from p2plending.lib.money import Rounding, round_ratio

DAYS_OF_YEAR = 365
RATE_PLACES = 6
# Default interest is counted in these parts of a minor unit, so that no fraction of it is ever rounded away.
PARTS_OF_A_UNIT = DAYS_OF_YEAR * 10**RATE_PLACES


@dataclasses.dataclass(frozen=True, slots=True)
class FallsDue:
    """`interest` (minor units) of the instalment becomes a claim on its due date."""

    on: dt.date
    row: Instalment
    interest: int


@dataclasses.dataclass(frozen=True, slots=True)
class LateFee:
    """`fee` (minor units) is added to an instalment that is unpaid after the days of grace."""

    on: dt.date
    row: Instalment
    fee: int


@dataclasses.dataclass(frozen=True, slots=True)
class OverdueInterest:
    """`amount` of default interest for the days after `since` up to `on` is added to an instalment's late fee.

    `carry_before` (parts of a minor unit, PARTS_OF_A_UNIT) was earned before and not charged yet; it may be negative.
    """

    on: dt.date
    row: Instalment
    amount: int
    since: dt.date
    principal: int
    annual_rate: Decimal
    carry_before: int


CalendarEvent = FallsDue | LateFee | OverdueInterest
# Nothing is charged for the days after the first up to the second.
Pause = tuple[dt.date, dt.date]


def apply_calendar(
    rows: Sequence[Instalment], terms: LoanTerms, until: dt.date, pauses: Sequence[Pause]
) -> list[CalendarEvent]:
    """Bring instalments to `until` in memory and return what happened, in the order of the calendar.

    Applying it again gives nothing. The fee falls on the first day after the grace: due date + grace days + 1, or on
    the day after a pause (`late_fee_day`).
    """
    events: list[CalendarEvent] = []
    for row in rows:
        if row.status not in InstalmentStatus.unpaid() or row.due_date > until:
            continue
        interest = row.interest_due - row.interest_removed - row.interest_posted
        if row.status == InstalmentStatus.SCHEDULED or interest:
            row.status = InstalmentStatus.PARTIAL if _is_partly_paid(row) else InstalmentStatus.DUE
            row.interest_posted += interest
            events.append(FallsDue(row.due_date, row, interest))
        charged_on = late_fee_day(row, terms, pauses)
        if row.late_fee_charged_on is None and charged_on <= until:
            base = row.principal_unpaid + row.interest_unpaid
            fee = late_fee(base, terms.late_fee_fixed, terms.late_fee_rate, terms.late_fee_cap)
            row.late_fee_due += fee
            row.late_fee_charged_on, row.late_fee_base = charged_on, base
            events.append(LateFee(charged_on, row, fee))
        events += _charge_overdue_interest(row, terms, until, pauses)
    return sorted(events, key=lambda event: (event.on, event.row.number))


def _charge_overdue_interest(
    row: Instalment, terms: LoanTerms, until: dt.date, pauses: Sequence[Pause]
) -> list[OverdueInterest]:
    """Simple interest a day on late principal, principal × rate × days / 365, from the end of the grace on.

    Half-up of all that was earned, less what was charged before: the fraction is carried, so the figure of a day does
    not depend on how often somebody looked before it. Not for the days of a pause, nor for those after its end (a
    default).
    """
    principal, rate = row.principal_unpaid, terms.default_interest_rate
    if not rate or not principal:
        return []
    since = _end_of_grace(row, terms)
    since = max(since, row.default_interest_to or since)
    a_day = principal * int(rate.scaleb(RATE_PLACES))
    found = []
    for first, last in _outside_pauses(pauses, since, min(until, row.default_interest_until or until)):
        carry = row.default_interest_carry
        earned = carry + a_day * (last - first).days
        amount = round_ratio(earned, PARTS_OF_A_UNIT, Rounding.HALF_UP)
        row.late_fee_due += amount
        row.default_interest_carry = earned - amount * PARTS_OF_A_UNIT
        row.default_interest_to = last
        found.append(OverdueInterest(last, row, amount, first, principal, rate, carry))
    return found


def _outside_pauses(pauses: Sequence[Pause], since: dt.date, until: dt.date) -> list[tuple[dt.date, dt.date]]:
    """The days after `since` up to `until` that are not days of a pause, in spans."""
    spans = []
    for first, last in pauses:
        spans.append((since, min(first, until)))
        since = max(since, last)
    spans.append((since, until))
    return [(first, last) for first, last in spans if first < last]


def _end_of_grace(row: Instalment, terms: LoanTerms) -> dt.date:
    return first_day_of_lateness(row.due_date, terms.holiday_country) + dt.timedelta(days=terms.grace_days)


def late_fee_day(row: Instalment, terms: LoanTerms, pauses: Sequence[Pause]) -> dt.date:
    """The day on which an unpaid instalment gets its fee: after the days of grace, and not while help is asked for."""
    charged_on = _end_of_grace(row, terms) + dt.timedelta(days=1)
    for first, last in pauses:
        if first < charged_on <= last:
            charged_on = last + dt.timedelta(days=1)
    return charged_on


def pauses_of(loan: Loan) -> list[Pause]:
    """The pauses of the loan's charges, in their order."""
    return [(dt.date.fromisoformat(first), dt.date.fromisoformat(last)) for first, last in loan.charge_pauses]


def oldest_unpaid_due_date(rows: Sequence[Instalment]) -> dt.date | None:
    """The oldest due date with anything unpaid: days past due count from it. None when all is paid."""
    return min((row.due_date for row in rows if row.total_unpaid), default=None)


def days_late(oldest_due: dt.date | None, terms: LoanTerms, on: dt.date) -> int:
    """Days past due on a day: from the oldest unpaid due date, or the first working day after it."""
    if oldest_due is None:
        return 0
    return max((on - first_day_of_lateness(oldest_due, terms.holiday_country)).days, 0)


def servicing_columns(
    loan: Loan, rows: Sequence[Instalment], terms: LoanTerms, today: dt.date, *, credit: int | None = None
) -> dict[str, Any]:
    """What the loan's columns of servicing say on `today`, from its instalments and the money paid ahead that it keeps.

    `credit` (minor units) says how much that is where it is not what the loan says. The next payment is what is still
    to pay on the next due date: 0 when that is covered.
    """
    credit = loan.credit_held if credit is None else credit
    unpaid = [row for row in rows if row.total_unpaid]
    days = days_late(oldest_unpaid_due_date(rows), terms, today)
    following, to_pay = left_to_pay(unpaid, credit)[0] if unpaid else (None, None)
    return {
        "principal_outstanding": sum(row.principal_unpaid for row in rows),
        "credit_held": credit,
        "next_due_on": following.due_date if following else None,
        "next_due_amount": to_pay,
        "arrears_amount": sum(row.total_unpaid for row in unpaid if row.due_date < today),
        "days_past_due": days,
        "worst_days_past_due": max(loan.worst_days_past_due, days),
        "bucket": bucket_for(days, terms.grace_days, terms.default_after_days).value,
        "maturity_date": max((row.due_date for row in rows), default=loan.maturity_date),
    }


def _is_partly_paid(row: Instalment) -> bool:
    return bool(row.principal_paid or row.interest_paid or row.late_fee_paid)

"""Instalments brought to a day in memory, whatever the way in which the loan's plan meets money and time."""

from __future__ import annotations

import dataclasses
import datetime as dt

from loans.account.accrual import CalendarEvent, apply_calendar, oldest_unpaid_due_date, pauses_of
from loans.account.payment import PaymentApplication, plan_from_credit
from loans.account.progressive import is_progressive, recalculate_rows
from loans.account.terms import LoanTerms
from loans.models import Instalment, Loan


@dataclasses.dataclass(frozen=True, slots=True)
class BroughtForward:
    """What the calendar did, in order; the payments that money paid ahead made; what is kept of it, in minor units."""

    events: list[CalendarEvent]
    from_credit: list[PaymentApplication]
    credit: int


def brought_forward(
    loan: Loan, terms: LoanTerms, rows: list[Instalment], until: dt.date, *, credit: int | None = None
) -> BroughtForward:
    """Let the calendar act on live instalments up to `until`, in memory; money paid ahead pays on each due date.

    Applying it again, with the `credit` that was left, gives nothing; None is what the loan keeps. Raises PlanOutOfStep
    for a progressive loan whose books don't fit its events.
    """
    if is_progressive(loan, terms):
        return BroughtForward(recalculate_rows(loan, terms, rows, until).calendar, [], 0)
    credit = loan.credit_held if credit is None else credit
    pauses = pauses_of(loan)
    events: list[CalendarEvent] = []
    from_credit: list[PaymentApplication] = []
    while credit and (day := oldest_unpaid_due_date(rows)) is not None and day <= until:
        events += apply_calendar(rows, terms, day, pauses)
        from_credit.append(plan_from_credit(loan, terms, rows, credit=credit, on=day))
        credit -= from_credit[-1].amount
    events += apply_calendar(rows, terms, until, pauses)
    return BroughtForward(events, from_credit, credit)

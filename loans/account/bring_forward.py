"""Instalments brought to a day in memory, whatever the way in which the loan's plan meets money and time."""

from __future__ import annotations

import dataclasses
import datetime as dt

from loans.account.accrual import CalendarEvent, apply_calendar, late_since, pauses_of
from loans.account.payment import RepaymentPlan, plan_from_credit
from loans.account.progressive import bring_rows, is_progressive
from loans.account.terms import LoanTerms
from loans.models import Instalment, Loan


@dataclasses.dataclass(frozen=True, slots=True)
class UpToDate:
    """What the calendar did, in order; the payments that money paid ahead made; what is kept of it, in minor units."""

    events: list[CalendarEvent]
    from_credit: list[RepaymentPlan]
    credit: int


def bring_up_to(
    loan: Loan, terms: LoanTerms, rows: list[Instalment], until: dt.date, *, credit: int | None = None
) -> UpToDate:
    """Let the calendar act on live instalments up to `until`, in memory; money paid ahead pays on each due date.

    Applying it again, with the `credit` that was left, gives nothing; None is what the loan keeps. Raises PlanOutOfStep
    for a progressive loan whose books don't fit its events.
    """
    if is_progressive(loan, terms):
        return UpToDate(bring_rows(loan, terms, rows, until).calendar, [], 0)
    credit = loan.credit_held if credit is None else credit
    pauses = pauses_of(loan)
    events: list[CalendarEvent] = []
    from_credit: list[RepaymentPlan] = []
    while credit and (day := late_since(rows)) is not None and day <= until:
        events += apply_calendar(rows, terms, day, pauses)
        from_credit.append(plan_from_credit(loan, terms, rows, credit=credit, on=day))
        credit -= from_credit[-1].amount
    events += apply_calendar(rows, terms, until, pauses)
    return UpToDate(events, from_credit, credit)

"""Instalments brought to a day in memory, whatever the way in which the loan's plan meets money and time."""

from __future__ import annotations

import datetime as dt

from loans.falling_due import CalendarEvent, apply_calendar
from loans.models import Instalment, Loan
from loans.progressive import bring_rows, is_progressive
from loans.terms import LoanTerms


def bring_up_to(loan: Loan, terms: LoanTerms, rows: list[Instalment], until: dt.date) -> list[CalendarEvent]:
    """Let the calendar act on live instalments up to `until`, in memory; returns what happened, in order.

    Applying it again gives nothing. Raises PlanOutOfStep for a progressive loan whose books don't fit its events.
    """
    if is_progressive(loan, terms):
        return bring_rows(loan, terms, rows, until).calendar
    return apply_calendar(rows, terms, until)

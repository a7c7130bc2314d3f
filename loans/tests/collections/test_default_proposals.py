"""The calendar proposes a default when the loan is late enough and the notice is over; a person declares it."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from loans.models import DefaultNotice, Loan, LoanDefault
from loans.selectors.collections import default_proposals, default_proposed_on, late_loans, proposed_defaults
from loans.services.collections.daily_run import run_collections
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.end_of_day import run_end_of_day
from loans.tests.collections import steps
from loans.tests.servicing.paying import fresh, pay

# Payment 2 of 15 March is the oldest unpaid; more than 90 days late from 14 June on.
LATE_ENOUGH = dt.date(2026, 6, 14)


@pytest.fixture
def late(loan: Loan) -> Loan:
    pay(loan, 888_49, steps.FIRST_DUE)
    return loan


def proposed(loan: Loan, on: dt.date) -> dt.date | None:
    """Since when the default is proposed, as staff see it on a day."""
    bring_loan_forward(loan_id=loan.pk, today=on)
    found = default_proposed_on(loan, on)
    assert [row.pk for row in proposed_defaults(on)] == ([loan.pk] if found else [])
    assert [row.default_proposed_on for row in late_loans(on)] == [found]
    return found


def test_a_default_is_proposed_the_day_after_the_notice(late: Loan, dora: User) -> None:
    bring_loan_forward(loan_id=late.pk, today=LATE_ENOUGH)
    assert proposed(late, dt.date(2026, 6, 14)) is None
    steps.notify(late, dora, dt.date(2026, 6, 15))
    # The notice of 15 June gives until 29 June, that day included.
    assert proposed(late, dt.date(2026, 6, 29)) is None
    assert proposed(late, dt.date(2026, 6, 30)) == dt.date(2026, 6, 30)
    assert proposed(late, dt.date(2026, 7, 20)) == dt.date(2026, 6, 30)


def test_an_early_notice_waits_for_the_days_late(late: Loan, dora: User) -> None:
    steps.notify(late, dora, dt.date(2026, 4, 1))
    assert proposed(late, dt.date(2026, 6, 13)) is None
    assert proposed(late, LATE_ENOUGH) == LATE_ENOUGH
    assert proposed(late, dt.date(2026, 6, 20)) == LATE_ENOUGH


def test_the_calendar_proposes_and_never_declares(late: Loan, dora: User) -> None:
    day = dt.date(2026, 3, 16)
    while day <= dt.date(2026, 7, 31):
        run_end_of_day(today=day)
        run_collections(today=day)
        day += dt.timedelta(days=1)
    notice = DefaultNotice.objects.get()
    assert (notice.sent_on, notice.pay_by) == (dt.date(2026, 5, 31), LATE_ENOUGH)
    assert (fresh(late).status, LoanDefault.objects.count()) == ("active", 0)
    assert proposed(late, dt.date(2026, 7, 31)) == dt.date(2026, 6, 15)
    steps.declare(late, dora, dt.date(2026, 7, 31))
    assert list(default_proposals(dt.date(2026, 8, 1))) == []


def test_a_request_for_help_holds_the_proposal_back(late: Loan, dora: User) -> None:
    steps.notify(late, dora, dt.date(2026, 4, 1))
    assert proposed(late, LATE_ENOUGH) == LATE_ENOUGH
    steps.ask_help(late, late.borrower, LATE_ENOUGH)
    assert proposed(late, dt.date(2026, 6, 15)) is None


def test_paying_the_oldest_ends_the_proposal_and_its_notice_counts_no_more(late: Loan, dora: User) -> None:
    steps.notify(late, dora, dt.date(2026, 4, 1))
    assert proposed(late, LATE_ENOUGH) == LATE_ENOUGH
    pay(late, 932_91, LATE_ENOUGH)
    assert fresh(late).next_due_on == steps.THIRD_DUE
    assert proposed(late, LATE_ENOUGH) is None
    # More than 90 days late again from 15 July on, but that notice was about another payment.
    assert proposed(late, dt.date(2026, 7, 20)) is None

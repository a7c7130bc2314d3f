"""Days pass on a loan: the calendar acts, and money paid ahead pays what falls due on each due date (rule PRE-a)."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from loans.account.accrual import oldest_unpaid_due_date
from loans.account.payment import due_by
from loans.account.terms import LoanTerms
from loans.enums.loan import ExtraMode, RepaymentMethod, RepaymentStatus
from loans.models import Instalment, Loan, Repayment
from loans.services.servicing.accrual_posting import post_calendar
from loans.services.servicing.payment_posting import post_payment
from p2plending.lib.database.references import new_reference


def accrue_until(
    loan: Loan,
    terms: LoanTerms,
    rows: list[Instalment],
    *,
    until: dt.date,
    actor: User | None,
    posted_on: dt.date | None = None,
) -> None:
    """Post and store what the days up to `until` bring to `rows`, in their order; again it changes nothing.

    On each due date money paid ahead pays what falls due, before any late fee, however late this runs. The loan's own
    row is left to the caller. `posted_on` dates the entries when the past is played again. Call under the loan's guard.
    """
    while loan.credit_held and (day := oldest_unpaid_due_date(rows)) is not None and day <= until:
        post_calendar(loan, terms, rows, until=day, actor=actor, posted_on=posted_on)
        _pay_from_credit(loan, terms, rows, day, posted_on)
    post_calendar(loan, terms, rows, until=until, actor=actor, posted_on=posted_on)


def _pay_from_credit(
    loan: Loan, terms: LoanTerms, rows: list[Instalment], on: dt.date, posted_on: dt.date | None
) -> None:
    repayment = Repayment(
        reference=new_reference("RP"),
        loan=loan,
        payer_id=loan.borrower_id,
        amount=min(loan.credit_held, due_by(rows, on)),
        method=RepaymentMethod.CREDIT,
        extra_mode=ExtraMode.CREDIT,
        value_date=on,
        status=RepaymentStatus.DECLARED,
        # Nobody is told again of what is only worked out again.
        is_told=posted_on is not None,
    )
    post_payment(loan, terms, repayment, rows, on=on, posted_on=posted_on or on, actor=None)

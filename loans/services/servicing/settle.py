"""A payment settled: posted on the day on which it counts, and the loan brought to today after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from accounts.models import User
from loans.account.accrual import late_since, servicing_columns
from loans.account.payment import RepaymentPlan
from loans.account.terms import LoanTerms
from loans.enums.loan import LoanEvent, LoanStatus
from loans.models import Instalment, Loan, Repayment
from loans.services.servicing.delinquency import track_lateness
from loans.services.servicing.elapsed_days import post_elapsed_days
from loans.services.servicing.lifecycle import move_loan, require_state
from loans.services.servicing.payment_posting import post_payment
from p2plending.lib.required import required


def settle_repayment(
    loan: Loan,
    repayment: Repayment,
    rows: list[Instalment],
    *,
    on: dt.date,
    actor: User | None,
    today: dt.date,
) -> RepaymentPlan:
    """Allocate, split and post a payment that counts on `on`, then bring the loan to `today`.

    `repayment` may be new; it becomes CONFIRMED with its figures and its entry. The last cent closes the loan and its
    notes. The loan's row is written, with its version. Call under the loan's guard with its live instalments. Raises
    InsufficientBalance for a wallet too empty.
    """
    terms = LoanTerms.from_json(loan.frozen_terms)
    if loan.status in LoanStatus.owing():
        post_elapsed_days(loan, terms, rows, until=on, actor=None)
        _note_lateness(loan, terms, rows, on)
    repayment.is_told = False
    plan = post_payment(loan, terms, repayment, rows, on=on, posted_on=on, actor=actor)
    if loan.status in LoanStatus.owing():
        bring_loan_to(loan, terms, plan.rows, closed_on=on if plan.closes_loan else None, actor=actor, today=today)
    return plan


def _note_lateness(loan: Loan, terms: LoanTerms, rows: Sequence[Instalment], on: dt.date) -> None:
    """Days that nobody looked at before the payment belong to the history of lateness too."""
    if on <= required(loan.rolled_forward_to or loan.disbursed_on, "disbursed_on"):
        return
    track_lateness(loan, terms, late_since(rows), on)
    columns = servicing_columns(loan, rows, terms, on)
    loan.bucket, loan.worst_days_past_due = columns["bucket"], columns["worst_days_past_due"]
    loan.rolled_forward_to = on


def bring_loan_to(
    loan: Loan,
    terms: LoanTerms,
    rows: list[Instalment],
    *,
    closed_on: dt.date | None,
    actor: User | None,
    today: dt.date,
    posted_on: dt.date | None = None,
) -> None:
    """Bring the loan from its payments to `today` and write its columns, state and history.

    `closed_on` is the day of the payment that left nothing to pay; `posted_on` dates what the calendar posts when the
    past is played again. Call under the loan's guard.
    """
    if closed_on is None:
        post_elapsed_days(loan, terms, rows, until=today, actor=None, posted_on=posted_on)
    track_lateness(loan, terms, late_since(rows), today)
    columns = servicing_columns(loan, rows, terms, today)
    columns["schedule_version"] = loan.schedule_version
    columns["rolled_forward_to"] = max(loan.rolled_forward_to or today, today)
    columns |= {"version": loan.version, "replays": loan.replays}
    if closed_on is not None:
        columns["closed_on"] = closed_on
        move_loan(loan, LoanEvent.REPAY_ALL, actor=actor, today=today, **columns)
        return
    # The payment and its entry say who paid what; the loan stays where it is.
    require_state(loan, LoanEvent.PAY)
    for name, value in columns.items():
        setattr(loan, name, value)
    loan.save(update_fields=[*columns, "updated_at"])

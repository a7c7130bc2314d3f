"""A payment applied: the loan accrues to the day on which it counts, it is posted, and the loan comes to today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from accounts.models import User
from loans.account.accrual import oldest_unpaid_due_date, servicing_columns
from loans.account.payment import PaymentApplication, due_by
from loans.account.terms import LoanTerms
from loans.enums.loan import ExtraMode, LoanEvent, LoanStatus, RepaymentMethod, RepaymentStatus
from loans.models import Instalment, Loan, Repayment
from loans.services.servicing.accrual_posting import post_calendar
from loans.services.servicing.delinquency import track_lateness
from loans.services.servicing.lifecycle import move_loan, require_state
from loans.services.servicing.payment_posting import post_payment
from p2plending.lib.database.references import new_reference
from p2plending.lib.errors import required


def post_and_bring_forward(
    loan: Loan,
    repayment: Repayment,
    rows: list[Instalment],
    *,
    on: dt.date,
    actor: User | None,
    today: dt.date,
) -> PaymentApplication:
    """Allocate, split and post a payment that counts on `on`, then bring the loan to `today`.

    `repayment` may be new; it becomes CONFIRMED with its figures and its entry. The last cent closes the loan and its
    notes. The loan's row is written, with its version. Call under the loan's guard with its live instalments. Raises
    InsufficientBalance for a wallet too empty.
    """
    terms = LoanTerms.from_json(loan.frozen_terms)
    if loan.status in LoanStatus.owing():
        accrue_until(loan, terms, rows, until=on, actor=None)
        _note_lateness(loan, terms, rows, on)
    repayment.is_told = False
    plan = post_payment(loan, terms, repayment, rows, on=on, posted_on=on, actor=actor)
    if loan.status in LoanStatus.owing():
        bring_forward_after_payment(
            loan, terms, plan.rows, closed_on=on if plan.closes_loan else None, actor=actor, today=today
        )
    return plan


def _note_lateness(loan: Loan, terms: LoanTerms, rows: Sequence[Instalment], on: dt.date) -> None:
    """Days that nobody looked at before the payment belong to the history of lateness too."""
    if on <= required(loan.rolled_forward_to or loan.disbursed_on, "disbursed_on"):
        return
    track_lateness(loan, terms, oldest_unpaid_due_date(rows), on)
    columns = servicing_columns(loan, rows, terms, on)
    loan.bucket, loan.worst_days_past_due = columns["bucket"], columns["worst_days_past_due"]
    loan.rolled_forward_to = on


def bring_forward_after_payment(
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
        accrue_until(loan, terms, rows, until=today, actor=None, posted_on=posted_on)
    track_lateness(loan, terms, oldest_unpaid_due_date(rows), today)
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

"""A payment found late: it counts on the day on which it was made, and what came after is worked out again."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.approvals.permissions import require_staff
from accounts.services.audit import record
from accounts.services.idempotency import once
from ledger.services.closed_period import require_open_period
from ledger.services.large_sums import require_below_ceiling
from loans.account.terms import LoanTerms
from loans.enums.loan import LoanStatus, RepaymentMethod, RepaymentStatus
from loans.models import Loan, Repayment
from loans.services.approvals.large_payments import require_for_one
from loans.services.repayments.record import (
    AmountTooSmall,
    BeforeDisbursement,
    DateInFuture,
    NothingToPay,
    OwnPayment,
)
from loans.services.servicing.cure import cure_if_paid
from loans.services.servicing.locking import lock_current_loan
from loans.services.servicing.reprocessing import post_backdated_payment
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.errors import Refused, required


class NotInThePast(Refused):
    """A payment of today is no backdated payment."""

    code = "not_in_the_past"
    default_message = _("Give a date before today.")


@once(model=Repayment, operation="loans.record_backdated_repayment")
def record_backdated_repayment(
    *,
    loan_id: int,
    amount: int,
    value_date: dt.date,
    bank_reference: str,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> Repayment:
    """Enter money (minor units) that reached us on `value_date`, in the past: it is allocated on that day.

    Late fees that were charged after it are worked out again, and so are later payments (each a reversal and a new
    payment). Raises NothingToPay, AmountTooSmall, AboveCeiling, TwoPeopleNeeded, BeforeDisbursement, NotInThePast,
    PeriodClosed, OwnPayment, StaffOnly, PlanAgreedSince.
    """
    loan = lock_current_loan(loan_id, today)
    return enter_payment(loan, amount, value_date, bank_reference, actor=actor, today=today)


def enter_payment(
    loan: Loan, amount: int, value_date: dt.date, bank_reference: str, *, actor: User | None, today: dt.date
) -> Repayment:
    """The steps of `record_backdated_repayment`. Call under the loan's guard, with the loan brought to `today`."""
    _require_possible(loan, amount, value_date, actor, today)
    terms = LoanTerms.from_json(loan.frozen_terms)
    repayment = Repayment(
        reference=new_reference("RP"),
        loan=loan,
        payer_id=loan.borrower_id,
        amount=amount,
        method=RepaymentMethod.DECLARED,
        value_date=value_date,
        bank_reference=bank_reference,
        status=RepaymentStatus.DECLARED,
        decided_by=actor,
        decided_at=clock.now(),
        found_on=today,
        is_told=False,
    )
    narrative = _t("Payment %(reference)s of an earlier day was found") % {"reference": repayment.reference}
    later = post_backdated_payment(loan, terms, repayment, narrative=narrative, actor=actor, today=today)
    cure_if_paid(loan, actor=actor, today=today)
    record(
        action="loans.repayment.backdated",
        actor=actor,
        subject_type="repayment",
        subject_reference=repayment.reference,
        data={
            "amount": amount,
            "value_date": str(value_date),
            "worked_out_again": [payment.reference for payment in later],
        },
    )
    return repayment


def _require_possible(loan: Loan, amount: int, value_date: dt.date, actor: User | None, today: dt.date) -> None:
    require_staff(actor)
    if actor is not None and actor.pk == loan.borrower_id:
        raise OwnPayment
    if loan.status not in LoanStatus.owing():
        raise NothingToPay(status=loan.status)
    if amount <= 0:
        raise AmountTooSmall
    require_below_ceiling(amount)
    if value_date > today:
        raise DateInFuture(today=today)
    if value_date == today:
        raise NotInThePast(today=today)
    if value_date < required(loan.disbursed_on, "disbursed_on"):
        raise BeforeDisbursement(paid_out_on=loan.disbursed_on)
    require_open_period(value_date)
    require_for_one(loan.borrower, amount, actor=actor, today=today)

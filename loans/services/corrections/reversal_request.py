"""Undoing a payment takes two people: one asks, another agrees, because lenders' money goes back with it."""

from __future__ import annotations

import datetime as dt

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.services.idempotency import once
from loans.enums.loan import RepaymentStatus
from loans.enums.permissions import DECIDE_REPAYMENTS
from loans.models import Loan, Repayment
from loans.services.approvals.permissions import require_loan_permission
from loans.services.approvals.request import request_undoing
from loans.services.corrections.reversal import require_reversible, undo_payment
from loans.services.servicing.locking import lock_current_loan


@once(model=ApprovalRequest, operation="loans.request_reversal")
def request_reversal(
    *, repayment_id: int, reason: str, actor: User | None, idempotency_key: str, today: dt.date
) -> ApprovalRequest:
    """Ask a second person to undo a payment that bounced. Nothing is posted yet.

    Raises StaffOnly, MissingPermission, OwnLoan, NotReversible, InvalidTransition, ReversalReasonMissing, AlreadyAsked,
    NoMaker.
    """
    found = Repayment.objects.get(pk=repayment_id)
    loan = lock_current_loan(found.loan_id, today)
    require_loan_permission(actor, DECIDE_REPAYMENTS, loan)
    repayment = Repayment.objects.get(pk=repayment_id)
    require_reversible(loan, repayment, reason.strip(), actor)
    return request_undoing(loan, ApprovalKind.REVERSAL, repayment, reason=reason, actor=actor, today=today)


def payment_to_undo(approval: ApprovalRequest) -> Repayment:
    """The payment that a request is about, as it stands now: one worked out again since is the same money."""
    rows = Repayment.objects.select_related("loan", "payer", "entry")
    payment = rows.get(reference=approval.payload["repayment"])
    while payment.status == RepaymentStatus.REPLACED:
        payment = rows.get(replaces=payment)
    return payment


def apply_reversal(loan: Loan, approval: ApprovalRequest, *, actor: User, today: dt.date) -> Repayment:
    """Do what was approved (rule REV). Call under the loan's guard, rolled forward to `today`.

    Raises NotReversible when the payment was undone since, OwnPaymentReversal, InvalidTransition, PlanAgreedSince.
    """
    repayment = payment_to_undo(approval)
    return undo_payment(loan, repayment.pk, reason=approval.reason, actor=actor, today=today)

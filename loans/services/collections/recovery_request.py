"""Asking a second person to record so much recovered money that one may not enter it alone."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.services.idempotency import once
from loans.enums.loan import RepaymentMethod
from loans.enums.permissions import RECORD_RECOVERIES
from loans.models import Loan, Recovery
from loans.services.approvals.permissions import require_loan_permission
from loans.services.approvals.request import request_loan_approval
from loans.services.collections.recovery import enter_recovery, preview_recovery, require_date
from loans.services.servicing.locking import lock_current_loan


@once(model=ApprovalRequest, operation="loans.request_recovery")
def request_recovery(
    *,
    loan_id: int,
    amount: int,
    value_date: dt.date,
    bank_reference: str,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> ApprovalRequest:
    """Ask a second person to record `amount` minor units that arrived after a loss. Nothing is posted yet.

    Raises StaffOnly, MissingPermission, OwnLoan, NothingLost, AmountTooSmall, AboveCeiling, MoreThanLost, DateInFuture,
    BeforeLoss, PeriodClosed, AlreadyAsked.
    """
    loan = lock_current_loan(loan_id, today)
    require_loan_permission(actor, RECORD_RECOVERIES, loan)
    preview_recovery(loan_id=loan.pk, amount=amount)
    require_date(loan, RepaymentMethod.DECLARED, value_date, today)
    payload = {"amount": amount, "value_date": value_date.isoformat(), "bank_reference": bank_reference}
    reason = _("Found in our account")
    return request_loan_approval(
        loan, ApprovalKind.RECEIPT, payload, effect=amount, reason=reason, actor=actor, today=today
    )


def apply_recovery(loan: Loan, request: ApprovalRequest, *, actor: User, today: dt.date) -> Recovery:
    """Record what was approved (rule RCV). Call under the loan's guard. Raises as `record_recovery`."""
    asked = request.payload
    value_date = dt.date.fromisoformat(asked["value_date"])
    return enter_recovery(
        loan, asked["amount"], RepaymentMethod.DECLARED, value_date, asked["bank_reference"], actor=actor, today=today
    )

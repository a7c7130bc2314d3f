"""What two people decide about loans: each kind of request with its effect, and asking again with today's figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind, ApprovalState
from accounts.models import ApprovalRequest, User
from accounts.services.approvals.requests import Effect, end_request, require_waiting
from accounts.services.idempotency import once
from loans.account.balances import OutstandingBalance
from loans.enums.permissions import WORK_COLLECTIONS
from loans.models import Loan, Repayment
from loans.services.approvals.approved_figures import FiguresChanged, require_approved_figures
from loans.services.approvals.permissions import require_loan_permission
from loans.services.collections.recovery_request import apply_recovery
from loans.services.collections.settlement import (
    ask_settlement_again,
    expire_settlement,
    open_settlement,
    preview_settlement,
    refuse_settlement,
)
from loans.services.collections.write_off import apply_write_off, ask_write_off_again
from loans.services.corrections.recovery_reversal import apply_recovery_reversal
from loans.services.corrections.reversal_request import apply_reversal
from loans.services.repayments.record import settle_found
from loans.services.servicing.locking import lock_current_loan, lock_owing_loan, require_owing
from p2plending.lib.database.transactions import lock_guard, run_dry
from p2plending.lib.errors import Refused


class FiguresStand(Refused):
    """What was asked for is still what is owed: it waits for the second person."""

    code = "figures_stand"
    status = 409
    default_message = _("What is owed has not changed. The request waits for a second person.")


def loan_of(request: ApprovalRequest) -> Loan:
    """The loan that a request is about."""
    return Loan.objects.select_related("borrower").get(reference=request.subject_reference)


def lock_loan_of(request: ApprovalRequest, today: dt.date) -> Loan:
    """The same, brought up to `today` under its guard."""
    return lock_current_loan(loan_of(request).pk, today)


def lock_payment_of(request: ApprovalRequest, _today: dt.date) -> tuple[Loan, Repayment]:
    """The payment that a request is about, with its loan, under their guards."""
    found = Repayment.objects.get(reference=request.subject_reference)
    loan = lock_guard(Loan.objects.filter(pk=found.loan_id))
    return loan, lock_guard(Repayment.objects.filter(pk=found.pk))


def apply_payment(
    locked: tuple[Loan, Repayment], request: ApprovalRequest, *, actor: User, today: dt.date
) -> Repayment:
    """Confirm the payment that was approved. Raises AlreadyDecided, and as `confirm_repayment`."""
    loan, repayment = locked
    value_date = dt.date.fromisoformat(request.payload["value_date"])
    return settle_found(loan, repayment, value_date, actor=actor, today=today)


def _while_owing(apply: Callable[..., object]) -> Callable[..., object]:
    def approve(loan: Loan, request: ApprovalRequest, *, actor: User | None, today: dt.date) -> object:
        require_owing(loan)
        return apply(loan, request, actor=actor, today=today)

    return approve


def _effect(approve: Callable[..., object], **others: Any) -> Effect:
    return Effect("loan", "loans.loan", lock_loan_of, approve, **others)


# The loan of a payment or recovery that came back may have been closed, for example by that very payment.
EFFECTS: dict[ApprovalKind, Effect] = {
    ApprovalKind.WRITE_OFF: _effect(_while_owing(apply_write_off)),
    ApprovalKind.SETTLEMENT: _effect(_while_owing(open_settlement), refuse=refuse_settlement, expire=expire_settlement),
    ApprovalKind.REVERSAL: _effect(apply_reversal),
    ApprovalKind.RECOVERY: _effect(apply_recovery_reversal),
    ApprovalKind.RECEIPT: _effect(apply_recovery),
    ApprovalKind.PAYMENT: Effect("repayment", "loans.repayment", lock_payment_of, apply_payment),
}
# Which figures change by themselves, so that the same may have to be asked for again.
ASKED_AGAIN: dict[ApprovalKind, Callable[..., ApprovalRequest]] = {
    ApprovalKind.WRITE_OFF: ask_write_off_again,
    ApprovalKind.SETTLEMENT: ask_settlement_again,
}


@once(model=ApprovalRequest, operation="loans.ask_again")
def ask_again(*, approval_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> ApprovalRequest:
    """Ask for the same thing with today's figures, because what is owed has changed; the old request ends as REPLACED.

    Whoever asks again is the one who asks: another person must decide. Raises StaffOnly, MissingPermission, OwnLoan,
    RequestDecided, FiguresStand, LoanNotOwing, and what asking for the thing itself refuses.
    """
    found = ApprovalRequest.objects.get(pk=approval_id)
    make = ASKED_AGAIN.get(ApprovalKind(found.kind))
    if make is None:
        raise FiguresStand
    loan = lock_owing_loan(loan_of(found).pk, today)
    request = lock_guard(ApprovalRequest.objects.filter(pk=approval_id))
    require_loan_permission(actor, WORK_COLLECTIONS, loan)
    require_waiting(request, today)
    if not _has_changed(loan, request, today):
        raise FiguresStand
    end_request(request, ApprovalState.REPLACED, actor=None, today=today)
    return make(loan, request, actor=actor, today=today)


def owed_today(approval: ApprovalRequest, today: dt.date) -> OutstandingBalance:
    """What the loan of a waiting request owes today, part by part: the posting's own figures, nothing written.

    Raises LoanNotOwing.
    """
    return run_dry(lambda: preview_settlement(lock_owing_loan(loan_of(approval).pk, today), today))


def _has_changed(loan: Loan, request: ApprovalRequest, today: dt.date) -> bool:
    try:
        require_approved_figures(request, preview_settlement(loan, today))
    except FiguresChanged:
        return True
    return False

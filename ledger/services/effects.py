"""What requests for a second person about deposits and withdrawals do."""

from __future__ import annotations

import datetime as dt

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.services.approvals.requests import Effect, StartingPointChanged
from ledger.enums.books import WithdrawalStatus
from ledger.models import Withdrawal
from ledger.services.deposits import apply_confirmation, lock_deposit_of
from ledger.services.withdrawal_checks import require_target
from ledger.services.withdrawals import let_go
from p2plending.lib.database.transactions import lock_guard


def _lock_withdrawal_of(request: ApprovalRequest, _today: dt.date) -> Withdrawal:
    return lock_guard(Withdrawal.objects.filter(reference=request.subject_reference))


def _apply_sending(withdrawal: Withdrawal, request: ApprovalRequest, *, actor: User, today: dt.date) -> Withdrawal:
    """Approve what two people looked at. Raises InvalidTransition, StartingPointChanged, and as `let_go`."""
    require_target(withdrawal, WithdrawalStatus.APPROVED)
    asked = request.payload
    if (withdrawal.iban_last4, withdrawal.account_holder) != (asked["account_ends"], asked["account_holder"]):
        raise StartingPointChanged
    return let_go(withdrawal, asked["to_send"], actor, today)


EFFECTS: dict[ApprovalKind, Effect] = {
    ApprovalKind.DEPOSIT: Effect("deposit", "ledger.deposit", lock_deposit_of, apply_confirmation),
    ApprovalKind.WITHDRAWAL: Effect("withdrawal", "ledger.withdrawal", _lock_withdrawal_of, _apply_sending),
}

"""Stopping a loan while something about it is looked into, and letting it go on."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from loans.enums.loan import LoanStatus
from loans.enums.permissions import FREEZE_LOANS
from loans.models import Loan
from loans.services.approvals.permissions import require_loan_permission
from loans.services.collections.waivers import ReasonMissing
from loans.services.servicing.lifecycle import record_step
from loans.services.servicing.locking import lock_current_loan
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import InvalidTransition


def freezable() -> tuple[LoanStatus, ...]:
    """States in which a loan can be stopped: from the application to the last payment."""
    return (*(status for status in LoanStatus.application() if status != LoanStatus.DRAFT), *LoanStatus.owing())


def freeze_loan(*, loan_id: int, reason: str, actor: User | None, today: dt.date) -> Loan:
    """Take the loan off the marketplace: nobody lends or asks, nothing is paid out, no automatic payment is taken.

    The borrower may pay. Raises StaffOnly, MissingPermission, OwnLoan, ReasonMissing, InvalidTransition when it is
    frozen already, or closed.
    """
    return _switch(loan_id, True, reason, actor, today)


def unfreeze_loan(*, loan_id: int, reason: str, actor: User | None, today: dt.date) -> Loan:
    """Let the loan go on. Raises as `freeze_loan`, InvalidTransition unless it is frozen."""
    return _switch(loan_id, False, reason, actor, today)


def _switch(loan_id: int, is_frozen: bool, reason: str, actor: User | None, today: dt.date) -> Loan:
    def run() -> Loan:
        loan = lock_current_loan(loan_id, today)
        require_loan_permission(actor, FREEZE_LOANS, loan)
        if not reason.strip():
            raise ReasonMissing
        event = "frozen" if is_frozen else "unfrozen"
        if loan.is_frozen == is_frozen or (is_frozen and loan.status not in freezable()):
            raise InvalidTransition(status=loan.status, event=event)
        loan.is_frozen = is_frozen
        loan.save(update_fields=["is_frozen", "updated_at"])
        record_step(loan, event, actor=actor, reason=reason.strip()[:500])
        return loan

    return run_money(run)

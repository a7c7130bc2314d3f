"""Asking a second person about a loan."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.services.approvals.requests import request_approval
from loans.models import Loan, Recovery, Repayment


def request_loan_approval(
    loan: Loan,
    kind: ApprovalKind,
    payload: dict[str, Any],
    *,
    effect: int | None = None,
    reason: str,
    actor: User | None,
    today: dt.date,
) -> ApprovalRequest:
    """Put `payload` before a second person who is not the borrower. Call under the loan's guard.

    `effect` is the money that would move, in minor units. Raises AlreadyAsked, NoMaker.
    """
    return request_approval(
        kind,
        loan.reference,
        payload,
        before={"status": str(loan.status)},
        effect=effect,
        about=loan.borrower,
        reason=reason,
        actor=actor,
        today=today,
    )


def request_undoing(
    loan: Loan,
    kind: ApprovalKind,
    received: Repayment | Recovery,
    *,
    reason: str,
    actor: User | None,
    today: dt.date,
) -> ApprovalRequest:
    """Ask a second person to undo money that came in and went back. Call under the loan's guard.

    The request names what is to be undone by what it is, `repayment` or `recovery`. Raises AlreadyAsked, NoMaker.
    """
    payload = {
        str(received._meta.model_name): received.reference,
        "amount": received.amount,
        "value_date": received.value_date.isoformat(),
    }
    return request_loan_approval(
        loan, kind, payload, effect=received.amount, reason=reason.strip(), actor=actor, today=today
    )

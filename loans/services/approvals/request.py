"""Asking a second person about a loan."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.services.approvals.requests import request_approval
from loans.models import Loan


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

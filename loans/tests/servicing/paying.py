"""Short ways to pay, for the tests of this folder."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import ApprovalRequest, User
from accounts.services.approvals.requests import approve_request, refuse_request
from ledger.selectors import balance
from loans.enums.loan import RepaymentMethod
from loans.models import Loan, Repayment
from loans.services.corrections.reversal_request import request_reversal
from loans.services.repayments.record import confirm_repayment, record_repayment
from p2plending.lib.errors import Refused
from p2plending.tests.support.world import new_key


def pay(loan: Loan, amount: int, on: dt.date, **changes: Any) -> Repayment:
    """From the borrower's wallet, on the day."""
    asked = {
        "loan_id": loan.pk,
        "amount": amount,
        "method": RepaymentMethod.WALLET,
        "value_date": on,
        "actor": loan.borrower,
        "idempotency_key": new_key(),
        "today": on,
    }
    return record_repayment(**(asked | changes))


def declare(loan: Loan, amount: int, sent_on: dt.date, today: dt.date | None = None) -> Repayment:
    """Money that the borrower says to have transferred."""
    return pay(loan, amount, sent_on, method=RepaymentMethod.DECLARED, today=today or sent_on)


def confirm(repayment: Repayment, value_date: dt.date, staff: User, today: dt.date) -> Repayment:
    """Staff find the money."""
    return confirm_repayment(
        repayment_id=repayment.pk, value_date=value_date, actor=staff, idempotency_key=new_key(), today=today
    )


def ask_to_undo(
    repayment: Repayment, staff: User | None, today: dt.date, reason: str = "The bank returned it."
) -> ApprovalRequest:
    """The first of the two people that it takes to undo a payment."""
    return request_reversal(
        repayment_id=repayment.pk, reason=reason, actor=staff, idempotency_key=new_key(), today=today
    )


def bounce(repayment: Repayment, staff: User, second: User, today: dt.date) -> Repayment:
    """Undo a payment: one asks, the second agrees; what can't be undone is put away, and its refusal is raised."""
    asked = ask_to_undo(repayment, staff, today)
    decision: dict[str, Any] = {"approval_id": asked.pk, "actor": second, "today": today}
    try:
        approve_request(idempotency_key=new_key(), **decision)
    except Refused:
        refuse_request(note="It stays.", idempotency_key=new_key(), **decision)
        raise
    return Repayment.objects.get(pk=repayment.pk)


def available(*users: User) -> list[int]:
    """What stands in each wallet."""
    return [balance("C2100", user) for user in users]


def fresh(loan: Loan) -> Loan:
    """The loan as stored now."""
    return Loan.objects.get(pk=loan.pk)

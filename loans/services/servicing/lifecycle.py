"""The one way from state to state: table, columns, history and audit move together."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.audit import record
from loans.enums.loan import LOAN_TRANSITIONS, LoanEvent, LoanStatus
from loans.models import Loan, LoanTransition
from p2plending.lib.database.transactions import require_transaction
from p2plending.lib.errors import InvalidTransition, NotPermitted


class NotYourLoan(NotPermitted):
    """Somebody else's application."""

    code = "not_your_loan"
    default_message = _("Only the borrower of this loan can do this.")


def move_loan(
    loan: Loan,
    event: LoanEvent,
    *,
    actor: User | None,
    today: dt.date,
    reason: str = "",
    **fields: Any,
) -> Loan:
    """Move the loan by `event`, writing `fields` with it, a LoanTransition and an audit event.

    Call under the loan's guard. Raises InvalidTransition when the table has no way from here by this event.
    """
    require_transaction()
    source = LoanStatus(loan.status)
    target = LOAN_TRANSITIONS.get((source, event))
    if target is None:
        raise InvalidTransition(status=source.value, event=event.value)
    loan.status = target
    loan.open_application_of = loan.borrower_id if target in LoanStatus.application() else None
    for name, value in fields.items():
        setattr(loan, name, value)
    loan.save(update_fields=["status", "open_application_of", "updated_at", *fields])
    LoanTransition.objects.create(
        loan=loan,
        event=event,
        from_status=source,
        to_status=target,
        actor=actor,
        reason=reason,
        business_date=today,
    )
    record_step(loan, event.value, actor=actor, reason=reason, data={"from": source.value, "to": target.value})
    return loan


def record_step(
    loan: Loan, action: str, *, actor: User | None, reason: str = "", data: dict[str, Any] | None = None
) -> None:
    """An audit event about the loan. Call under the loan's guard."""
    record(
        action=f"loans.loan.{action}",
        actor=actor,
        subject_type="loan",
        subject_reference=loan.reference,
        reason=reason,
        data=data,
    )


def require_borrower(loan: Loan, actor: User | None) -> None:
    """Raises NotYourLoan unless `actor` is the loan's borrower."""
    if actor is None or actor.pk != loan.borrower_id:
        raise NotYourLoan


def require_state(loan: Loan, event: LoanEvent) -> None:
    """Raises InvalidTransition when `event` leads nowhere from the loan's state: before anything else is looked at."""
    if (LoanStatus(loan.status), event) not in LOAN_TRANSITIONS:
        raise InvalidTransition(status=str(loan.status), event=event.value)

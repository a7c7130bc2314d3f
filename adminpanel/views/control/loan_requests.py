"""What a request for a second person shows when it is about a loan."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums.people import ApprovalKind, ApprovalState
from accounts.models import ApprovalRequest
from adminpanel.views.money.reprocessing import shown_replay
from loans.models import Loan
from loans.services.approvals.approved_figures import PARTS, figures_of, waiting_payment
from loans.services.corrections.preview import preview_reversal
from loans.services.corrections.recovery_reversal import recovery_to_undo
from loans.services.corrections.reversal_request import payment_to_undo
from loans.services.decisions import owed_today
from loans.services.servicing.locking import LoanNotOwing
from p2plending.lib import clock
from p2plending.lib.web.requests import AuthenticatedRequest

PART_WORDS = {
    "principal": gettext_lazy("Principal"),
    "interest": gettext_lazy("Interest"),
    "late_fee": gettext_lazy("Late fees"),
}
# Requests whose figures are what the loan owes, which changes by itself.
OWED = (ApprovalKind.WRITE_OFF, ApprovalKind.SETTLEMENT)


def about_loan(request: AuthenticatedRequest, row: ApprovalRequest, loan: Loan) -> dict[str, Any]:
    """The context of a request about `loan`: its figures then and now, or the payment or recovery to undo."""
    return {"loan": loan, **_asked(row, loan, clock.business_date()), **_to_undo(request, row)}


def _asked(row: ApprovalRequest, loan: Loan, today: dt.date) -> dict[str, Any]:
    """The figures that were asked for, and beside them what is owed today as long as nobody has decided."""
    if row.kind not in OWED:
        return {"is_changed": False}
    asked = {part: row.payload.get(part, 0) for part in PARTS}
    now = _owed_today(row, today)
    figures: list[tuple[str | Promise, Any, Any]] = [
        (PART_WORDS[part], asked[part], now and now[part]) for part in PARTS
    ]
    figures.append((_("Owed in all"), sum(asked.values()), now and sum(now.values())))
    return {
        "figures": figures,
        "agreed_amount": row.payload.get("amount"),
        "is_changed": now is not None and now != asked,
        "has_today": now is not None,
        "waiting_payment": waiting_payment(loan) if now is not None else None,
    }


def _owed_today(row: ApprovalRequest, today: dt.date) -> dict[str, int] | None:
    if row.state != ApprovalState.PENDING:
        return None
    try:
        return figures_of(owed_today(row, today))
    except LoanNotOwing:
        return None


def _to_undo(request: AuthenticatedRequest, row: ApprovalRequest) -> dict[str, Any]:
    """The payment or recovery to undo, and what it changes as long as nobody has decided."""
    if row.kind == ApprovalKind.RECOVERY:
        return {"recovery": recovery_to_undo(row)}
    if row.kind != ApprovalKind.REVERSAL:
        return {}
    payment = payment_to_undo(row)
    if row.state != ApprovalState.PENDING:
        return {"payment": payment}
    shown = shown_replay(
        lambda: preview_reversal(
            repayment_id=payment.pk, reason=row.reason, actor=request.user, today=clock.business_date()
        )
    )
    return {"payment": payment, **shown}

"""Payments on loans that people say to have sent: found or not found."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest
from adminpanel.permissions import DECIDE_REPAYMENTS, VIEW_REPAYMENTS
from adminpanel.selectors import repayment_queue
from adminpanel.views.money.receipts import ReceiptPages
from loans.enums.loan import RepaymentStatus
from loans.models import Repayment
from loans.selectors.access import REPAYMENTS
from loans.selectors.collections import waiting_request
from loans.services.corrections.reversal_request import payment_to_undo
from loans.services.repayments.record import confirm_repayment, reject_repayment
from p2plending.lib.web.requests import AuthenticatedRequest


class RepaymentPages(ReceiptPages[Repayment]):
    """Money that borrowers pay back by transfer."""

    page_name = subject = "repayment"
    queue_name = "repayment_queue"
    queue_title = gettext_lazy("Loan payments waiting")
    rule = REPAYMENTS
    related = ("loan", "payer", "entry", "decided_by")
    states = RepaymentStatus
    duty = DECIDE_REPAYMENTS
    confirm_words = gettext_lazy("Confirm payment")
    confirmed_words = gettext_lazy("Payment %(reference)s confirmed and passed on to the lenders.")
    rejected_words = gettext_lazy("Payment %(reference)s marked as not found. The person is told.")

    def waiting(self) -> QuerySet[Repayment]:
        return repayment_queue()

    def is_own(self, request: AuthenticatedRequest, row: Repayment) -> bool:
        return row.payer_id == request.user.pk

    def declared_on(self, row: Repayment) -> dt.date:
        return row.value_date

    def confirm_it(self, row: Repayment, **told: Any) -> Repayment:
        return confirm_repayment(repayment_id=row.pk, **told)

    def reject_it(self, row: Repayment, **told: Any) -> object:
        return reject_repayment(repayment_id=row.pk, **told)

    def shown(self, request: AuthenticatedRequest, row: Repayment) -> dict[str, Any]:
        return {**super().shown(request, row), "asked": _asked_to_undo(row)}


PAGES = RepaymentPages()

queue = PAGES.queue_view(VIEW_REPAYMENTS)
repayment = PAGES.row_view(VIEW_REPAYMENTS)
confirm = PAGES.confirm_view()
reject = PAGES.reject_view()


def _asked_to_undo(row: Repayment) -> ApprovalRequest | None:
    """The request to undo this payment that waits for a second person."""
    request = waiting_request(row.loan, ApprovalKind.REVERSAL)
    return request if request is not None and payment_to_undo(request).pk == row.pk else None

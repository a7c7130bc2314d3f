"""Payments that came back, and payments that were found late: what they change is shown before it is done."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from adminpanel.forms.payments import BackdatedPaymentForm, ReversePaymentForm
from adminpanel.permissions import DECIDE_REPAYMENTS, permission_required
from adminpanel.views.money.reprocessing import shown_replay
from adminpanel.views.pages import decide, desk_page
from loans.enums.loan import LoanStatus
from loans.models import Loan, Repayment
from loans.selectors.access import LOANS, REPAYMENTS
from loans.selectors.reprocessing import ReplayPreview
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.corrections.preview import preview_backdated_repayment, preview_reversal
from loans.services.corrections.reversal_request import request_reversal
from p2plending.lib import clock
from p2plending.lib.web.actions import who_and_when
from p2plending.lib.web.decorators import get_or_post
from p2plending.lib.web.requests import AuthenticatedRequest


@get_or_post
@permission_required(DECIDE_REPAYMENTS)
def reverse_payment(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    rows = REPAYMENTS.visible_to(request.user).select_related("loan", "payer", "entry")
    row = get_object_or_404(rows, reference=reference, entry__isnull=False)
    if request.method != "POST":
        return _reverse_page(request, row, ReversePaymentForm())
    form = ReversePaymentForm(request.POST)
    return decide(
        request,
        form,
        lambda told: request_reversal(repayment_id=row.pk, reason=told["reason"], **who_and_when(request, told)),
        done=_("A second person is asked. Nothing has moved yet."),
        target=lambda: reverse("admin:repayment", args=[reference]),
        again=lambda status: _reverse_page(request, row, form, status),
    )


@get_or_post
@permission_required(DECIDE_REPAYMENTS)
def enter_payment(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    # A payment that closed the loan may be sent again.
    states = LoanStatus.disbursed() if request.method == "POST" else LoanStatus.owing()
    loan = get_object_or_404(LOANS.visible_to(request.user), reference=reference, status__in=states)
    today = clock.business_date()
    if request.method != "POST":
        return _enter_page(request, loan, BackdatedPaymentForm(today=today))
    form = BackdatedPaymentForm(request.POST, today=today)

    def asked(told: dict[str, Any]) -> dict[str, Any]:
        payment = {name: told[name] for name in ("amount", "value_date", "bank_reference")}
        return {**payment, "loan_id": loan.pk, "actor": request.user, "today": today}

    def check(told: dict[str, Any]) -> HttpResponse | None:
        if told["confirmed"]:
            return None
        return _check_page(request, loan, form, preview_backdated_repayment(**asked(told)))

    return decide(
        request,
        form,
        lambda told: record_backdated_repayment(**asked(told), idempotency_key=told["form_key"]),
        done=_("The payment counts on its day. What came after it was worked out again."),
        target=lambda: reverse("admin:loan_review", args=[reference]),
        again=lambda status: _enter_page(request, loan, form, status),
        check=check,
    )


def _reverse_page(
    request: AuthenticatedRequest, row: Repayment, form: ReversePaymentForm, status: int = 200
) -> HttpResponse:
    ctx = {
        "title": _("Undo payment %(reference)s") % {"reference": row.reference},
        "row": row,
        "form": form,
        **shown_replay(
            lambda: preview_reversal(
                repayment_id=row.pk, reason=row.reference, actor=request.user, today=clock.business_date()
            )
        ),
    }
    return desk_page(request, "payment_reverse", ctx, status)


def _enter_page(
    request: AuthenticatedRequest, loan: Loan, form: BackdatedPaymentForm, status: int = 200
) -> HttpResponse:
    return desk_page(request, "payment_enter", {"title": _enter_title(loan), "loan": loan, "form": form}, status)


def _check_page(
    request: AuthenticatedRequest, loan: Loan, form: BackdatedPaymentForm, preview: ReplayPreview
) -> HttpResponse:
    ctx = {"title": _enter_title(loan), "loan": loan, "form": form, **shown_replay(lambda: preview)}
    return desk_page(request, "payment_enter_check", ctx)


def _enter_title(loan: Loan) -> str:
    return _("Enter a payment of an earlier day on %(loan)s") % {"loan": loan.reference}

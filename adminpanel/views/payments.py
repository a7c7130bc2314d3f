"""Payments that came back, and payments that were found late."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from adminpanel.forms.payments import BackdatedPaymentForm, ReversePaymentForm
from adminpanel.permissions import DECIDE_REPAYMENTS, permission_required
from adminpanel.views.pages import decide, desk_page
from loans.enums import LoanStatus
from loans.models import Loan, Repayment
from loans.selectors.servicing import reversal_effect
from loans.services.backdating import record_backdated_repayment
from loans.services.reversal import reverse_repayment
from p2plending.lib import clock
from p2plending.lib.decorators import get_or_post


@get_or_post
@permission_required(DECIDE_REPAYMENTS)
def reverse_payment(request: HttpRequest, reference: str) -> HttpResponse:
    rows = Repayment.objects.select_related("loan", "payer", "entry")
    row = get_object_or_404(rows, reference=reference, entry__isnull=False)
    if request.method != "POST":
        return _reverse_page(request, row, ReversePaymentForm())
    form = ReversePaymentForm(request.POST)
    return decide(
        request,
        form,
        lambda cleaned: reverse_repayment(
            repayment_id=row.pk,
            reason=cleaned["reason"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        done=_("Payment %(reference)s is undone. Everybody concerned is told.") % {"reference": reference},
        target=lambda: reverse("admin:repayment", args=[reference]),
        again=lambda status: _reverse_page(request, row, form, status),
    )


@get_or_post
@permission_required(DECIDE_REPAYMENTS)
def enter_payment(request: HttpRequest, reference: str) -> HttpResponse:
    loan = get_object_or_404(Loan, reference=reference, status__in=LoanStatus.owing())
    today = clock.business_date()
    if request.method != "POST":
        return _enter_page(request, loan, BackdatedPaymentForm(today=today))
    form = BackdatedPaymentForm(request.POST, today=today)
    return decide(
        request,
        form,
        lambda cleaned: record_backdated_repayment(
            loan_id=loan.pk,
            amount=cleaned["amount"],
            value_date=cleaned["value_date"],
            bank_reference=cleaned["bank_reference"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=today,
        ),
        done=_("The payment counts on its day. What came after it was worked out again."),
        target=lambda: reverse("admin:loan_review", args=[reference]),
        again=lambda status: _enter_page(request, loan, form, status),
    )


def _reverse_page(request: HttpRequest, row: Repayment, form: ReversePaymentForm, status: int = 200) -> HttpResponse:
    ctx = {
        "title": _("Undo payment %(reference)s") % {"reference": row.reference},
        "row": row,
        "effect": reversal_effect(row),
        "form": form,
    }
    return desk_page(request, "payment_reverse", ctx, status)


def _enter_page(request: HttpRequest, loan: Loan, form: BackdatedPaymentForm, status: int = 200) -> HttpResponse:
    title = _("Enter a payment of an earlier day on %(loan)s") % {"loan": loan.reference}
    return desk_page(request, "payment_enter", {"title": title, "loan": loan, "form": form}, status)

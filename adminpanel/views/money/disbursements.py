"""Signed loans that wait to be paid out: the worker does it, or a person here."""

from __future__ import annotations

from django import forms
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from adminpanel.forms.decisions import DisburseForm
from adminpanel.permissions import PAY_OUT_LOANS, VIEW_LOANS, permission_required
from adminpanel.selectors import disbursement_queue
from adminpanel.views.pages import decide, desk_page, page_of
from loans.enums.loan import CommitmentStatus, LoanStatus
from loans.models import Loan
from loans.selectors.access import LOANS
from loans.services.funding.disbursement import disburse_loan
from p2plending.lib import clock
from p2plending.lib.web.actions import who_and_when
from p2plending.lib.web.decorators import get_only, get_or_post
from p2plending.lib.web.requests import AuthenticatedRequest


@get_only
@permission_required(VIEW_LOANS)
def queue(request: AuthenticatedRequest) -> HttpResponse:
    ctx = {
        "title": _("Loans to pay out"),
        "page": page_of(request, disbursement_queue()),
        "now": clock.now(),
        "may_decide": request.user.has_perm(PAY_OUT_LOANS),
    }
    return desk_page(request, "payouts", ctx)


@get_or_post
@permission_required(PAY_OUT_LOANS)
def disburse(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    priced = LOANS.visible_to(request.user).select_related("borrower").filter(status__in=LoanStatus.priced())
    loan = get_object_or_404(priced, reference=reference)
    if request.method != "POST":
        return _page(request, loan, DisburseForm(), 200)
    form = DisburseForm(request.POST)
    return decide(
        request,
        form,
        lambda told: disburse_loan(loan_id=loan.pk, **who_and_when(request, told)),
        done=_("%(reference)s paid out. The money is in the borrower's wallet.") % {"reference": reference},
        target=lambda: reverse("admin:loan_review", args=[reference]),
        again=lambda status: _page(request, loan, form, status),
    )


def _page(request: AuthenticatedRequest, loan: Loan, form: forms.Form, status: int) -> HttpResponse:
    held = loan.commitments.filter(status__in=CommitmentStatus.holding())
    ctx = {
        "title": _("Pay out %(loan)s") % {"loan": loan.reference},
        "loan": loan,
        "reserved": held.aggregate(total=Sum("amount"))["total"] or 0,
        "is_waiting": loan.status == LoanStatus.FUNDED and loan.signed_at is not None,
        "form": form,
    }
    return desk_page(request, "pay_out", ctx, status)

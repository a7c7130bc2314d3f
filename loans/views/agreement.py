"""Reading, signing and printing the agreement."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from accounts.enums.people import Role
from loans.enums.loan import LoanStatus
from loans.forms.loan import SignForm
from loans.models import Loan, LoanAgreement
from loans.selectors.documents.agreement import agreement_for
from loans.services.funding.agreement import sign_agreement
from loans.views.own import own_loan
from p2plending.lib.context import current_request
from p2plending.lib.web.actions import run_action, who_and_when
from p2plending.lib.web.decorators import get_only, get_or_post, role_required
from p2plending.lib.web.requests import AuthenticatedRequest


@get_or_post
@role_required(Role.BORROWER)
def sign(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    found = own_loan(request, reference)
    agreement = _agreement_or_404(found)
    form = SignForm(request.POST if request.method == "POST" else None)
    if request.method == "GET" and (found.status != LoanStatus.FUNDED or found.signed_at):
        return redirect("loans:agreement", reference)
    context = {"loan": found, "agreement": agreement, "form": form}
    return run_action(
        request,
        form,
        lambda told: sign_agreement(
            loan_id=found.pk,
            typed_name=told["typed_name"],
            ip_address=current_request().ip_address,
            **who_and_when(request, told),
        ),
        then=lambda _signed: redirect("loans:loan", reference),
        again=lambda status: render(request, "loans/sign.html", context, status=status),
    )


@get_only
@role_required(Role.BORROWER, Role.LENDER, Role.STAFF)
def agreement(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    found = agreement_for(request.user, reference)
    if found is None:
        raise Http404
    context = {"found": found, "loan": found.loan, "agreement": found.agreement}
    return render(request, "loans/agreement.html", context)


def _agreement_or_404(found: Loan) -> LoanAgreement:
    try:
        return found.agreement
    except LoanAgreement.DoesNotExist as error:
        raise Http404 from error

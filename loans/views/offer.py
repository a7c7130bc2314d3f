"""The borrower decides about an offer, or about a smaller loan."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from loans.forms.loan import AcceptOfferForm, SmallerLoanForm
from loans.models import Loan
from loans.services.funding.offer import accept_offer, accept_smaller_loan, decline_smaller_loan
from loans.views.loan import loan_page
from loans.views.own import own_loan
from p2plending.lib.web.actions import run_action, who_and_when
from p2plending.lib.web.decorators import post_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest


@post_only
@role_required(Role.BORROWER)
def accept(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    found = own_loan(request, reference)
    form = AcceptOfferForm(request.POST)
    return run_action(
        request,
        form,
        lambda told: accept_offer(loan_id=found.pk, **who_and_when(request, told)),
        done=_("You accepted the offer. Your request is open to lenders."),
        then=lambda _accepted: redirect("loans:loan", reference),
        again=lambda status: loan_page(request, own_loan(request, reference), form=form, status=status),
    )


@post_only
@role_required(Role.BORROWER)
def decide_smaller(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    found = own_loan(request, reference)
    form = SmallerLoanForm(request.POST)

    def answer(told: dict[str, Any]) -> Loan:
        service = accept_smaller_loan if told["decision"] == "accept" else decline_smaller_loan
        return service(loan_id=found.pk, **who_and_when(request, told))

    return run_action(
        request,
        form,
        answer,
        then=lambda _decided: redirect("loans:loan", reference),
        again=lambda status: loan_page(request, own_loan(request, reference), form=form, status=status),
    )

"""The borrower decides about an offer, or about a smaller loan."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from loans.forms.loan import AcceptOfferForm, SmallerLoanForm
from loans.services.funding.offer import accept_offer, accept_smaller_loan, decline_smaller_loan
from loans.views.loan import loan_page
from loans.views.own import own_loan
from p2plending.lib.clock import business_date
from p2plending.lib.errors import Refused
from p2plending.lib.web.decorators import post_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest


@post_only
@role_required(Role.BORROWER)
def accept(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    found = own_loan(request, reference)
    form = AcceptOfferForm(request.POST)
    if form.is_valid():
        try:
            accept_offer(
                loan_id=found.pk,
                actor=request.user,
                idempotency_key=form.cleaned_data["form_key"],
                today=business_date(),
            )
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("You accepted the offer. Your request is open to lenders."))
            return redirect("loans:loan", reference)
    return loan_page(request, own_loan(request, reference), form=form, status=422)


@post_only
@role_required(Role.BORROWER)
def decide_smaller(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    found = own_loan(request, reference)
    form = SmallerLoanForm(request.POST)
    if form.is_valid():
        service = accept_smaller_loan if form.cleaned_data["decision"] == "accept" else decline_smaller_loan
        try:
            service(
                loan_id=found.pk,
                actor=request.user,
                idempotency_key=form.cleaned_data["form_key"],
                today=business_date(),
            )
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect("loans:loan", reference)
    return loan_page(request, own_loan(request, reference), form=form, status=422)

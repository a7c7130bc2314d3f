"""Automatic payment, and giving a loan back in its first days."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from ledger.selectors import wallet_summary
from loans.forms.servicing import AutopayForm, WithdrawLoanForm
from loans.models import Loan
from loans.services.repayments.right_of_withdrawal import give_loan_back, withdrawal_figures
from loans.services.servicing.autopay import set_autopay
from loans.views.own import own_loan
from p2plending.lib.clock import business_date
from p2plending.lib.web.actions import run_action, run_or_say, who_and_when
from p2plending.lib.web.decorators import get_or_post, post_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest


@post_only
@role_required(Role.BORROWER)
def switch_autopay(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference)
    form = AutopayForm(request.POST)
    form.is_valid()
    return run_or_say(
        request,
        lambda: set_autopay(loan_id=loan.pk, is_on=form.cleaned_data["is_on"], actor=request.user),
        done=lambda changed: _("Automatic payment is on.") if changed.autopay else _("Automatic payment is off."),
        then=lambda: redirect("loans:loan", reference),
    )


@get_or_post
@role_required(Role.BORROWER)
def withdraw_loan(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference)
    if request.method != "POST":
        return _withdrawal_page(request, loan, WithdrawLoanForm())
    form = WithdrawLoanForm(request.POST)
    return run_action(
        request,
        form,
        lambda told: give_loan_back(loan_id=loan.pk, confirmed=told["confirmed"], **who_and_when(request, told)),
        then=lambda paid: redirect("loans:repayment", reference, paid.reference),
        again=lambda status: _withdrawal_page(request, loan, form, status),
    )


def _withdrawal_page(
    request: AuthenticatedRequest, loan: Loan, form: WithdrawLoanForm, status: int = 200
) -> HttpResponse:
    figures = withdrawal_figures(loan, business_date())
    if figures is not None:
        form.show_sum(figures.to_pay)
    wallet = wallet_summary(request.user)
    context = {
        "loan": loan,
        "form": form,
        "figures": figures,
        "missing": max(figures.from_wallet - wallet.available, 0) if figures else 0,
    }
    return render(request, "loans/servicing/give_back.html", context, status=status)

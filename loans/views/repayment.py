"""Paying back: how much, check, done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from accounts.views.kept_answers import first_values, kept_answers, open_check_page, open_done_page, sent_before
from ledger.bank_details.accounts import client_account
from ledger.selectors import wallet_summary
from loans.enums.loan import ExtraMode, LoanStatus, RepaymentMethod
from loans.forms.servicing import ConfirmPaymentForm, PayForm, PaymentKind
from loans.models import Loan
from loans.selectors.servicing import amounts_due, payoff_figure, payoff_of, repayment_of, standing_on
from loans.services.repayments.record import WalletPaysToday, payment_choices, record_repayment
from loans.views.own import own_loan
from loans.wording.schedule import schedule_wording
from p2plending.lib.clock import business_date
from p2plending.lib.errors import required
from p2plending.lib.web.actions import refusals_on
from p2plending.lib.web.decorators import get_only, get_or_post, role_required
from p2plending.lib.web.forms import add_refusal
from p2plending.lib.web.requests import AuthenticatedRequest


@get_or_post
@role_required(Role.BORROWER)
def pay(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference, LoanStatus.disbursed())
    if loan.status not in LoanStatus.owing():
        return redirect("loans:loan", reference)
    today = business_date()
    if request.method != "POST":
        asked = {"kind": PaymentKind.NEXT, "method": RepaymentMethod.WALLET} | request.GET.dict()
        return _form_page(request, loan, _form(loan, today, initial=asked | first_values(request)))
    form = _form(loan, today, data=request.POST)
    if not form.is_valid():
        return _form_page(request, loan, form, status=422)
    return open_check_page(request, "loans:pay_check", reference)


@get_or_post
@role_required(Role.BORROWER)
def pay_check(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference, LoanStatus.disbursed())
    if (sent := sent_before(request)) is not None:
        return sent
    today = business_date()
    if request.method != "POST":
        return _kept_check_page(request, loan, today)
    form = ConfirmPaymentForm(request.POST)
    if not form.is_valid():
        return _form_page(request, loan, _form(loan, today, data=request.POST), status=422)
    told = form.cleaned_data
    with refusals_on(form, add_refusal):
        try:
            recorded = record_repayment(
                loan_id=loan.pk,
                amount=told["amount"],
                method=RepaymentMethod(told["method"]),
                value_date=told["value_date"],
                bank_reference=told["bank_reference"],
                extra_mode=_mode(told),
                actor=request.user,
                idempotency_key=told["form_key"],
                today=today,
            )
        except WalletPaysToday:
            return _another_day_page(request, loan, form, today)
        return open_done_page(request, told["form_key"], "loans:repayment", reference, recorded.reference)
    return _refused_page(request, loan, form)


@get_only
@role_required(Role.BORROWER)
def repayment(request: AuthenticatedRequest, reference: str, repayment_reference: str) -> HttpResponse:
    loan = own_loan(request, reference, LoanStatus.disbursed())
    found = repayment_of(loan, repayment_reference)
    if found is None:
        raise Http404
    context = {
        "loan": loan,
        "repayment": found,
        "words": schedule_wording(loan),
    }
    return render(request, "loans/servicing/repayment.html", context)


def _kept_check_page(request: AuthenticatedRequest, loan: Loan, today: dt.date) -> HttpResponse:
    """The check page of the answers that its address names; the form when they are gone or no longer fit."""
    kept = kept_answers(request)
    if kept is None or loan.status not in LoanStatus.owing():
        return redirect("loans:pay", loan.reference)
    form = _form(loan, today, data=kept)
    if not form.is_valid():
        return _form_page(request, loan, form, status=422)
    told = form.cleaned_data | {"amount": form.cleaned_data["to_pay"]}
    return _check_page(request, loan, ConfirmPaymentForm(initial=told), told)


def _form(loan: Loan, today: dt.date, **kwargs: Any) -> PayForm:
    standing = standing_on(loan, today)
    due, figure = amounts_due(standing, today), payoff_of(standing, today)
    return PayForm(
        due=due, payoff=figure, today=today, paid_out_on=required(loan.disbursed_on, "disbursed_on"), **kwargs
    )


def _mode(told: dict[str, Any]) -> ExtraMode | None:
    return ExtraMode(told["extra_mode"]) if told.get("extra_mode") else None


def _form_page(request: AuthenticatedRequest, loan: Loan, form: PayForm, status: int = 200) -> HttpResponse:
    context = {
        "loan": loan,
        "form": form,
        "wallet": wallet_summary(request.user),
        "words": schedule_wording(loan),
        "client_account": client_account(),
    }
    return render(request, "loans/servicing/pay.html", context, status=status)


def _check_page(
    request: AuthenticatedRequest, loan: Loan, form: ConfirmPaymentForm, told: dict[str, Any], status: int = 200
) -> HttpResponse:
    previews = payment_choices(loan, told["amount"], business_date())
    wallet = wallet_summary(request.user)
    is_wallet = told["method"] == RepaymentMethod.WALLET
    chosen = next((one for one in previews if one.plan.mode == told.get("extra_mode")), previews[0])
    context = {
        "loan": loan,
        "form": form,
        "told": told,
        "words": schedule_wording(loan),
        "previews": previews,
        "chosen": chosen,
        "is_wallet": is_wallet,
        "was_lowered": told.get("asked", told["amount"]) > told["amount"],
        "wallet_before": wallet.available,
        "wallet_after": wallet.available - told["amount"],
        "is_short": is_wallet and wallet.available < told["amount"],
    }
    return render(request, "loans/servicing/pay_check.html", context, status=status)


def _another_day_page(
    request: AuthenticatedRequest, loan: Loan, form: ConfirmPaymentForm, today: dt.date
) -> HttpResponse:
    """The check page with today's date and figures, after midnight; what paid the loan off that day does so today."""
    told = form.cleaned_data
    if told["amount"] == payoff_figure(loan, told["value_date"]).total:
        told["amount"] = payoff_figure(loan, today).total
    told["value_date"] = today
    form.add_error(None, _("A new day has begun since you opened this page. Check today's figures and pay again."))
    return _refused_page(request, loan, form)


def _refused_page(request: AuthenticatedRequest, loan: Loan, form: ConfirmPaymentForm) -> HttpResponse:
    """The check page with what changed; when nothing is owed any more, the form's error on the first page."""
    if loan.status in LoanStatus.owing():
        return _check_page(request, loan, form, form.cleaned_data, status=422)
    context = {"loan": loan, "form": form}
    return render(request, "loans/servicing/nothing_to_pay.html", context, status=422)

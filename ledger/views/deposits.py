"""Adding money: tell us, check, follow."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.enums.people import Role
from accounts.selectors.eligibility import Action, blocking_refusal
from accounts.views.kept_answers import answers_to_check, first_values, open_check_page, open_done_page, sent_before
from ledger.bank_details.accounts import client_account
from ledger.enums.books import DepositStatus, PaymentMethod
from ledger.forms import DepositForm
from ledger.selectors import deposit_of, similar_deposit
from ledger.services.deposits import cancel_deposit, declare_deposit
from ledger.views.requests import cancel_request, follow
from p2plending.lib.clock import business_date
from p2plending.lib.web.actions import run_action, who_and_when
from p2plending.lib.web.decorators import get_only, get_or_post, role_required
from p2plending.lib.web.requests import AuthenticatedRequest


@get_or_post
@role_required(Role.BORROWER, Role.LENDER)
def add(request: AuthenticatedRequest) -> HttpResponse:
    today = business_date()
    if request.method != "POST":
        return _form_page(request, DepositForm(initial=first_values(request), today=today))
    form = DepositForm(request.POST, today=today)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    return open_check_page(request, "ledger:add_check")


@get_or_post
@role_required(Role.BORROWER, Role.LENDER)
def add_check(request: AuthenticatedRequest) -> HttpResponse:
    if (sent := sent_before(request)) is not None:
        return sent
    answers = answers_to_check(request)
    if answers is None:
        return redirect("ledger:add")
    today = business_date()
    form = DepositForm(answers, today=today)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    if request.method != "POST":
        return _check_page(request, form)
    return run_action(
        request,
        form,
        lambda told: declare_deposit(
            user=request.user,
            **{name: told[name] for name in ("amount", "sent_on", "method", "bank_reference")},
            **who_and_when(request, told),
        ),
        then=lambda declared: open_done_page(
            request, form.cleaned_data["form_key"], "ledger:deposit", declared.reference
        ),
        again=lambda status: _check_page(request, form, status),
    )


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def deposit(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    return follow(request, "deposit", deposit_of(request.user, reference), template="ledger/deposit.html")


@get_or_post
@role_required(Role.BORROWER, Role.LENDER)
def cancel(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    row = deposit_of(request.user, reference)
    return cancel_request(
        request,
        "deposit",
        row,
        template="ledger/deposit_cancel.html",
        while_in=DepositStatus.DECLARED,
        cancel=cancel_deposit,
    )


def _form_page(request: AuthenticatedRequest, form: DepositForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "blocked": blocking_refusal(request.user, Action.DEPOSIT),
        "client_account": client_account(),
        "payment_reference": request.user.member_number,
    }
    return render(request, "ledger/add.html", context, status=status)


def _check_page(request: AuthenticatedRequest, form: DepositForm, status: int = 200) -> HttpResponse:
    told = form.cleaned_data
    twin = similar_deposit(
        user=request.user,
        amount=told["amount"],
        sent_on=told["sent_on"],
        bank_reference=told["bank_reference"],
    )
    context = {"form": form, "told": told, "method": PaymentMethod(told["method"]).label, "twin": twin}
    return render(request, "ledger/add_check.html", context, status=status)

"""Taking money out: ask, check, follow."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.enums.people import Role
from accounts.selectors.eligibility import Action, blocking_refusal
from accounts.selectors.people import verification_of
from accounts.services.idempotency import was_done
from accounts.services.sign_in.proof import TooManyTries, WrongCode, WrongPassword, is_fresh, proved_at, require_proof
from accounts.services.sign_in.second_step import has_second_step
from accounts.views.kept_answers import answers_to_check, first_values, open_check_page, open_done_page, sent_before
from ledger.bank_details.iban import bank_of
from ledger.enums.books import WithdrawalStatus
from ledger.forms import ProofForm, WithdrawalForm
from ledger.models import Withdrawal
from ledger.selectors import wallet_summary, withdrawal_of
from ledger.services.withdrawals import REQUEST, cancel_withdrawal, request_withdrawal
from ledger.views.requests import cancel_request, follow
from p2plending.lib.errors import Refused
from p2plending.lib.web.actions import run_action, who_and_when
from p2plending.lib.web.decorators import get_only, get_or_post, role_required
from p2plending.lib.web.forms import add_refusal, add_refusal_above
from p2plending.lib.web.requests import AuthenticatedRequest


@get_or_post
@role_required(Role.BORROWER, Role.LENDER)
def take_out(request: AuthenticatedRequest) -> HttpResponse:
    wallet = wallet_summary(request.user)
    if request.method != "POST":
        initial = {"account_holder": request.user.full_name} | first_values(request)
        if request.GET.get("amount") == "all":
            initial["amount"] = wallet.available
        return _form_page(request, WithdrawalForm(initial=initial))
    form = WithdrawalForm(request.POST, wallet=wallet)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    return open_check_page(request, "ledger:take_out_check")


@get_or_post
@role_required(Role.BORROWER, Role.LENDER)
def take_out_check(request: AuthenticatedRequest) -> HttpResponse:
    if (sent := sent_before(request)) is not None:
        return sent
    answers = answers_to_check(request)
    if answers is None:
        return redirect("ledger:take_out")
    form = WithdrawalForm(answers)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    if request.method != "POST":
        return _check_page(request, form)
    proof = _proof_form(request, form.cleaned_data["form_key"])
    if proof is not None and not proof.is_valid():
        return _check_page(request, form, status=422, proof=proof)

    def ask(told: dict[str, Any]) -> Withdrawal:
        if proof is not None:
            require_proof(request, request.user, signed_in_at=0, **proof.cleaned_data)
        return request_withdrawal(
            user=request.user,
            amount=told["amount"],
            account_holder=told["account_holder"],
            **dataclasses.asdict(form.account()),
            **who_and_when(request, told),
        )

    def show(sent: WithdrawalForm, refusal: Refused) -> None:
        if proof is not None and isinstance(refusal, WrongCode | WrongPassword | TooManyTries):
            add_refusal(proof, refusal)
        else:
            add_refusal_above(sent, refusal)

    return run_action(
        request,
        form,
        ask,
        then=lambda requested: open_done_page(
            request, form.cleaned_data["form_key"], "ledger:withdrawal", requested.reference
        ),
        again=lambda status: _check_page(request, form, status, proof),
        show=show,
        spoken={TooManyTries.status},
    )


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def withdrawal(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    return follow(request, "withdrawal", withdrawal_of(request.user, reference), template="ledger/withdrawal.html")


@get_or_post
@role_required(Role.BORROWER, Role.LENDER)
def cancel(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    row = withdrawal_of(request.user, reference)
    return cancel_request(
        request,
        "withdrawal",
        row,
        template="ledger/withdrawal_cancel.html",
        while_in=WithdrawalStatus.REQUESTED,
        cancel=cancel_withdrawal,
    )


def _form_page(request: AuthenticatedRequest, form: WithdrawalForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "wallet": wallet_summary(request.user),
        "blocked": blocking_refusal(request.user, Action.WITHDRAW),
    }
    return render(request, "ledger/take_out.html", context, status=status)


def _proof_form(request: AuthenticatedRequest, key: str) -> ProofForm | None:
    """The form that asks who it is; None after a fresh sign-in, and when the money was asked for already."""
    if is_fresh(proved_at(request)) or was_done(operation=REQUEST, key=key, actor=request.user):
        return None
    return ProofForm(request.POST or None, with_code=has_second_step(request.user))


def _check_page(
    request: AuthenticatedRequest, form: WithdrawalForm, status: int = 200, proof: ProofForm | None = None
) -> HttpResponse:
    wanted = form.cleaned_data
    wallet = wallet_summary(request.user)
    context = {
        "form": form,
        "wanted": wanted,
        "bank": bank_of(wanted["iban"]) if wanted.get("iban") else "",
        "account_end": form.account().last4,
        "proof": proof or _proof_form(request, wanted["form_key"]),
        "checked_name": verification_of(request.user).legal_name,
        "wallet": wallet,
        "available_after": wallet.available - wanted["amount"],
    }
    return render(request, "ledger/take_out_check.html", context, status=status)

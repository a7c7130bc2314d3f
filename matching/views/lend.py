"""Lending in three pages: the amount, the check page with every figure, and what was done."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from accounts.selectors.eligibility import Action, blocking_refusal
from accounts.views.kept_answers import PARAMETER, open_done_page, sent_before
from ledger.selectors import wallet_summary
from loans.enums.loan import CommitmentSource, CommitmentStatus, LoanStatus
from loans.models import Commitment, Loan
from loans.selectors.access import COMMITMENTS
from loans.selectors.listing import commitment_limits, loan_of_lending_form
from loans.services.funding.commitments import place_commitment, withdraw_commitment
from matching.forms import AmountForm, LendForm
from matching.selectors.listing import exposure_of, planned_earnings
from matching.selectors.marketplace import similar_loans
from matching.selectors.positions import facts_of
from matching.views.market import listing_or_404, rows_of
from matching.wording import WAYS_OUT
from p2plending.lib.clock import business_date
from p2plending.lib.errors import Refused
from p2plending.lib.formatting import format_money
from p2plending.lib.money import format_plain
from p2plending.lib.web.actions import refusals_on, run_action, who_and_when
from p2plending.lib.web.decorators import get_only, get_or_post, role_required
from p2plending.lib.web.forms import KeyedForm, new_form_key
from p2plending.lib.web.requests import AuthenticatedRequest


@get_or_post
@role_required(Role.LENDER)
def lend(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    if (sent := sent_before(request)) is not None:
        return sent
    if request.method != "POST":
        return _show_check(request, listing_or_404(request, reference), AmountForm(request.GET or None))
    loan = _loan_of_form_or_404(request, reference)
    form = LendForm(request.POST)
    if not form.is_valid():
        amount = form.cleaned_data.get("amount")
        if amount is None:
            return _show_check(request, loan, AmountForm(request.POST))
        return _check_page(request, loan, amount, form, status=422)
    with refusals_on(form) as attempt:
        commitment = place_commitment(
            loan_id=loan.pk,
            lender=request.user,
            amount=form.cleaned_data["amount"],
            source=_source(form),
            **who_and_when(request, form.cleaned_data),
        )
        return open_done_page(request, form.cleaned_data["form_key"], "matching:lent", reference, commitment.reference)
    return _refused_page(request, loan, form, attempt.refusal)


def _source(form: LendForm) -> CommitmentSource:
    return CommitmentSource.SUGGESTION if form.cleaned_data["from_suggestion"] else CommitmentSource.MANUAL


def _loan_of_form_or_404(request: AuthenticatedRequest, reference: str) -> Loan:
    try:
        return loan_of_lending_form(request.user, reference)
    except Loan.DoesNotExist as error:
        raise Http404 from error


def _show_check(request: AuthenticatedRequest, loan: Loan, amount_form: AmountForm) -> HttpResponse:
    """The check page for the amount that was typed; without a usable one, the box for it again."""
    if not amount_form.is_bound or "amount" not in amount_form.data:
        return _amount_page(request, loan, AmountForm())
    if not amount_form.is_valid():
        return _amount_page(request, loan, amount_form)
    amount = amount_form.cleaned_data["amount"]
    if not blocking_refusal(request.user, Action.LEND):
        problem = commitment_limits(loan, request.user).problem_with(amount)
        if problem:
            amount_form.add_error("amount", problem)
            return _amount_page(request, loan, amount_form)
    if PARAMETER not in request.GET:
        # With its key in the address, so that Back from the page after it leads to what was done.
        return redirect(f"{request.path}?{request.GET.urlencode()}&{urlencode({PARAMETER: new_form_key()})}")
    first = {"amount": amount, "from_suggestion": request.GET.get("via") == "suggestion"}
    form = LendForm(initial=first | {"form_key": request.GET[PARAMETER]})
    return _check_page(request, loan, amount, form)


def _amount_page(request: AuthenticatedRequest, loan: Loan, form: AmountForm) -> HttpResponse:
    limits = commitment_limits(loan, request.user)
    context = {
        "loan": loan,
        "form": form,
        "limits": limits,
        "way_out": WAYS_OUT[limits.binding],
        "gate": blocking_refusal(request.user, Action.LEND),
    }
    return render(request, "matching/lend_amount.html", context, status=422 if form.is_bound else 200)


def _refused_page(request: AuthenticatedRequest, loan: Loan, form: LendForm, refusal: Refused | None) -> HttpResponse:
    """The same page with what changed and the amount that would do; the used form stays unused."""
    loan.refresh_from_db()
    best = commitment_limits(loan, request.user).maximum
    shown = min(best, form.cleaned_data["amount"]) if best else form.cleaned_data["amount"]
    sent: Any = form.data  # what a browser sent: it is not changed, a copy can be
    form.data = sent = sent.copy()
    sent["amount"] = format_plain(shown, settings.CURRENCY_EXPONENT)
    sent["form_key"] = new_form_key()
    sent.pop("understood", None)
    return _check_page(request, loan, shown, form, status=422, refusal=refusal)


def _check_page(
    request: AuthenticatedRequest,
    loan: Loan,
    amount: int,
    form: LendForm,
    *,
    status: int = 200,
    refusal: Refused | None = None,
) -> HttpResponse:
    today = business_date()
    limits = commitment_limits(loan, request.user)
    context: dict[str, Any] = {
        "loan": loan,
        "form": form,
        "refusal": refusal,
        "amount": amount,
        "limits": limits,
        "gate": blocking_refusal(request.user, Action.LEND),
        "may_send": loan.status == LoanStatus.LISTED and limits.maximum >= min(amount, limits.minimum) > 0,
        "net_rate": facts_of(loan).net_rate,
        "wallet": wallet_summary(request.user),
        "exposure": exposure_of(request.user, loan, amount),
        "earnings": planned_earnings(loan, amount, today) if amount <= loan.principal else None,
    }
    context["available_after"] = context["wallet"].available - amount
    if loan.status != LoanStatus.LISTED or not loan.remaining_amount:
        context["similar"] = rows_of(similar_loans(loan, request.user, today), today)
    return render(request, "matching/lend_check.html", context, status=status)


@get_only
@role_required(Role.LENDER)
def lent(request: AuthenticatedRequest, reference: str, commitment_reference: str) -> HttpResponse:
    commitment = _commitment_or_404(request, reference, commitment_reference)
    context = {"commitment": commitment, "loan": commitment.loan, "wallet": wallet_summary(request.user)}
    return render(request, "matching/lent.html", context)


@get_or_post
@role_required(Role.LENDER)
def withdraw(request: AuthenticatedRequest, reference: str, commitment_reference: str) -> HttpResponse:
    commitment = _commitment_or_404(request, reference, commitment_reference)
    form = KeyedForm(request.POST if request.method == "POST" else None)
    if request.method == "GET" and commitment.status not in CommitmentStatus.holding():
        return redirect("matching:lent", reference, commitment.reference)
    context = {"commitment": commitment, "loan": commitment.loan, "form": form}
    return run_action(
        request,
        form,
        lambda told: withdraw_commitment(commitment_id=commitment.pk, **who_and_when(request, told)),
        done=_("%(amount)s is back in your wallet.") % {"amount": format_money(commitment.amount)},
        then=lambda _withdrawn: redirect("matching:listing", reference),
        again=lambda status: render(request, "matching/take_back.html", context, status=status),
    )


def _commitment_or_404(request: AuthenticatedRequest, reference: str, commitment_reference: str) -> Commitment:
    own = COMMITMENTS.own_of(request.user).select_related("loan")
    return get_object_or_404(own, loan__reference=reference, reference=commitment_reference)

"""A loan's page for its borrower, state by state, and the address that sends each reader to their own page of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from accounts.selectors.eligibility import Action, blocking_refusal
from loans.account.pricing import quote_of_loan
from loans.account.terms import LoanTerms
from loans.enums.loan import DeclineReason, LoanStatus
from loans.enums.permissions import VIEW_LOANS
from loans.forms.loan import AcceptOfferForm, AnswerForm, SmallerLoanForm
from loans.models import Loan
from loans.selectors.access import ASKED_ABOUT, LISTINGS
from loans.selectors.collections import loss_of
from loans.selectors.explanations.changes import changes_of
from loans.selectors.listing import public_profile
from loans.selectors.loan import factor_rows, questions_for_borrower, score_tips, timeline_of
from loans.selectors.servicing import repaying_context
from loans.services.collections.recovery import missing_amount
from loans.services.origination.application import withdraw_application
from loans.services.origination.review import answer_request
from loans.services.repayments.right_of_withdrawal import withdrawal_figures
from loans.views.hardship import trouble_context
from loans.views.own import own_loan
from loans.wording.terms import cost_words
from p2plending.lib.clock import business_date
from p2plending.lib.errors import required
from p2plending.lib.web.actions import run_action, who_and_when
from p2plending.lib.web.decorators import get_only, get_or_post, post_only, role_required
from p2plending.lib.web.forms import KeyedForm
from p2plending.lib.web.requests import AuthenticatedRequest

PARTIALS: dict[str, str] = {
    LoanStatus.SUBMITTED: "loans/states/_review.html",
    LoanStatus.UNDER_REVIEW: "loans/states/_review.html",
    LoanStatus.INFO_REQUESTED: "loans/states/_info_requested.html",
    LoanStatus.OFFERED: "loans/states/_offer.html",
    LoanStatus.LISTED: "loans/states/_listed.html",
    LoanStatus.PARTIAL_OFFER: "loans/states/_partial_offer.html",
    LoanStatus.FUNDED: "loans/states/_funded.html",
    LoanStatus.ACTIVE: "loans/servicing/_repaying.html",
    LoanStatus.DEFAULTED: "loans/servicing/_repaying.html",
    LoanStatus.REJECTED: "loans/states/_declined.html",
    LoanStatus.REPAID: "loans/states/_closed.html",
    LoanStatus.SETTLED: "loans/states/_closed.html",
    LoanStatus.WRITTEN_OFF: "loans/states/_closed.html",
}
ENDED = "loans/states/_ended.html"


@get_only
@login_required
def by_reference(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    if request.user.role == Role.BORROWER:
        return redirect("loans:loan", own_loan(request, reference).reference)
    loan = LISTINGS.visible_to(request.user).filter(reference=reference).first()
    if loan is None:
        # Who asked a question was told of the answer with a link, which leads somewhere when the request has ended.
        ended = get_object_or_404(ASKED_ABOUT.visible_to(request.user), reference=reference)
        messages.info(request, _("“%(title)s” is not open any more.") % {"title": ended.title})
        return redirect("matching:marketplace")
    if request.user.role == Role.STAFF and request.user.has_perm(VIEW_LOANS):
        return redirect("admin:loans_loan_change", loan.pk)
    return redirect("matching:listing", loan.reference)


@get_only
@role_required(Role.BORROWER)
def loan(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    found = own_loan(request, reference)
    if found.status == LoanStatus.DRAFT:
        return redirect("loans:apply_start")
    return loan_page(request, found)


def loan_page(
    request: AuthenticatedRequest, found: Loan, *, form: Any = None, question_reference: str = "", status: int = 200
) -> HttpResponse:
    """The page of the loan's state, with a form that was refused in its place."""
    context = {
        "loan": found,
        "partial": PARTIALS.get(found.status, ENDED),
        "timeline": timeline_of(found),
        "form": form,
        "question_reference": question_reference,
        "may_withdraw": found.status in LoanStatus.application(),
        "today": business_date(),
        "changes": changes_of(found) if found.disbursed_on else [],
    }
    context |= _state_context(request, found, form)
    return render(request, "loans/loan.html", context, status=status)


def _state_context(request: AuthenticatedRequest, found: Loan, form: Any) -> dict[str, Any]:
    today = business_date()
    if found.status == LoanStatus.OFFERED:
        quote = quote_of_loan(found, required(found.offered_on, "offered_on"))
        return {
            "form": form or AcceptOfferForm(),
            "quote": quote,
            "costs": cost_words(LoanTerms.from_json(found.frozen_terms), payment=quote.instalment_amount),
            "factors": factor_rows(found.assessment),
            "tips": score_tips(found.assessment.factors),
            "blocked": blocking_refusal(request.user, Action.APPLY),
            "is_over": required(found.offer_expires_on, "offer_expires_on") < today,
        }
    if found.status == LoanStatus.LISTED:
        return {"questions": questions_for_borrower(found), "profile": public_profile(found)}
    if found.status == LoanStatus.PARTIAL_OFFER:
        return {
            "form": form or SmallerLoanForm(),
            "asked": quote_of_loan(found, today),
            "smaller": quote_of_loan(found, today, found.funded_amount),
        }
    if found.status == LoanStatus.INFO_REQUESTED:
        return {"form": form or AnswerForm()}
    if found.status in LoanStatus.owing():
        give_back = {"give_back": withdrawal_figures(found, today)}
        return repaying_context(found, today) | give_back | trouble_context(found, today)
    if found.status in (LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF):
        return {"loss": loss_of(found), "missing": missing_amount(found)}
    if found.status == LoanStatus.REJECTED:
        return {"reasons": [DeclineReason(code).label for code in found.decline_reasons], "tips": _decline_tips(found)}
    return {}


def _decline_tips(found: Loan) -> list[Any]:
    assessment = getattr(found, "assessment", None)
    return score_tips(assessment.factors) if assessment else []


@post_only
@role_required(Role.BORROWER)
def answer_info(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    found = own_loan(request, reference)
    form = AnswerForm(request.POST)
    return run_action(
        request,
        form,
        lambda told: answer_request(loan_id=found.pk, answer=told["answer"], actor=request.user, today=business_date()),
        then=lambda _answered: redirect("loans:loan", reference),
        again=lambda status: loan_page(request, found, form=form, status=status),
    )


@get_or_post
@role_required(Role.BORROWER)
def withdraw(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    found = own_loan(request, reference)
    form = KeyedForm(request.POST if request.method == "POST" else None)
    if request.method == "GET" and found.status not in LoanStatus.application():
        return redirect("loans:loan", reference)

    def page(status: int) -> HttpResponse:
        context = {"loan": own_loan(request, reference), "form": form}
        return render(request, "loans/withdraw.html", context, status=status)

    return run_action(
        request,
        form,
        lambda told: withdraw_application(loan_id=found.pk, **who_and_when(request, told)),
        then=lambda _withdrawn: redirect("loans:loan", reference),
        again=page,
    )

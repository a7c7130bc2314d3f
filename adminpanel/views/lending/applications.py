"""Loan applications: the queue, one application with its scorecard, and what an underwriter decides."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.selectors.people import audit_trail
from adminpanel.forms.decisions import AskApplicantForm, CloseListingForm, DeclineForm, OfferForm
from adminpanel.forms.people import FreezeForm, ReasonForm
from adminpanel.permissions import CLOSE_LISTINGS, PAY_OUT_LOANS, REVIEW_APPLICATIONS, VIEW_LOANS, permission_required
from adminpanel.selectors import application_queue
from adminpanel.views.pages import Decision, decide, desk_page, page_of, with_tried
from loans.account.pricing import annual_rate_of, quote_for
from loans.enums.loan import Grade, LoanStatus
from loans.enums.permissions import FREEZE_LOANS, READ_LOAN_DOCUMENTS
from loans.finance import Quote
from loans.models import GradeTerms, Loan
from loans.selectors.access import LOANS
from loans.selectors.documents.supporting import documents_of
from loans.selectors.listing import public_profile
from loans.selectors.loan import factor_rows
from loans.services.collections.freezing import freezable
from loans.services.notices.origination import declined_letter
from loans.services.origination.review import (
    MOST_GRADE_STEPS,
    ask_applicant,
    cancel_listing,
    decline_application,
    make_offer,
    take_application,
)
from p2plending.lib import clock
from p2plending.lib.formatting import format_money, format_percent
from p2plending.lib.web.decorators import get_only, post_only
from p2plending.lib.web.requests import AuthenticatedRequest

HISTORY_LENGTH = 20


@dataclasses.dataclass(frozen=True, slots=True)
class OfferOption:
    """One grade that may be offered, with its price today."""

    terms: GradeTerms
    annual_rate: Any
    quoted: Quote
    is_scored: bool

    @property
    def words(self) -> str:
        words = _("%(grade)s: %(rate)s a year, %(monthly)s a month, %(net)s paid out") % {
            "grade": self.terms.grade,
            "rate": format_percent(self.annual_rate, 2),
            "monthly": format_money(self.quoted.instalment_amount),
            "net": format_money(self.quoted.net_received),
        }
        return _("%(words)s (by the scorecard)") % {"words": words} if self.is_scored else words


@get_only
@permission_required(VIEW_LOANS)
def queue(request: HttpRequest) -> HttpResponse:
    ctx = {"title": _("Loan applications waiting"), "page": page_of(request, application_queue()), "now": clock.now()}
    return desk_page(request, "loan_queue", ctx)


@get_only
@permission_required(VIEW_LOANS)
def review(request: HttpRequest, reference: str) -> HttpResponse:
    return loan_page(request, reference)


@post_only
@permission_required(REVIEW_APPLICATIONS)
def take(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = _loan(request, reference)
    return _step(
        request,
        loan,
        "take",
        forms.Form(request.POST),
        lambda _cleaned: take_application(loan_id=loan.pk, actor=request.user, today=clock.business_date()),
        _("You review %(reference)s now.") % {"reference": reference},
        target=lambda: reverse("admin:loan_review", args=[reference]),
    )


@post_only
@permission_required(REVIEW_APPLICATIONS)
def offer(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = _loan(request, reference)
    return _step(
        request,
        loan,
        "offer",
        _offer_form(loan, clock.business_date(), request.POST),
        lambda cleaned: make_offer(
            loan_id=loan.pk,
            grade=cleaned["grade"],
            reason=cleaned["reason"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        _("Offer for %(reference)s made. The applicant is told.") % {"reference": reference},
    )


@post_only
@permission_required(REVIEW_APPLICATIONS)
def ask(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = _loan(request, reference)
    return _step(
        request,
        loan,
        "ask",
        AskApplicantForm(request.POST, today=clock.business_date(), auto_id="ask_%s"),
        lambda cleaned: ask_applicant(
            loan_id=loan.pk,
            question=cleaned["question"],
            due_on=cleaned["due_on"],
            actor=request.user,
            today=clock.business_date(),
        ),
        _("Question about %(reference)s sent.") % {"reference": reference},
    )


@post_only
@permission_required(REVIEW_APPLICATIONS)
def decline(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    """The first POST shows the letter; the second, from there, declines."""
    loan = _loan(request, reference)
    form = DeclineForm(request.POST, auto_id="decline_%s")
    if form.is_valid() and not form.cleaned_data["confirmed"]:
        title, body = declined_letter(form.cleaned_data["reasons"], form.cleaned_data["note"])
        ctx = {"title": _("Decline %(loan)s") % {"loan": reference}, "loan": loan, "form": form}
        return desk_page(request, "decline_check", ctx | {"letter_title": title, "letter_body": body})
    return _step(
        request,
        loan,
        "decline",
        form,
        lambda cleaned: decline_application(
            loan_id=loan.pk,
            reasons=cleaned["reasons"],
            note=cleaned["note"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        _("%(reference)s declined. The applicant is told why.") % {"reference": reference},
    )


@post_only
@permission_required(CLOSE_LISTINGS)
def close(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = _loan(request, reference)
    return _step(
        request,
        loan,
        "close",
        CloseListingForm(request.POST, auto_id="close_%s"),
        lambda cleaned: cancel_listing(
            loan_id=loan.pk,
            reason=cleaned["reason"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        _("%(reference)s closed. Lenders have their money back.") % {"reference": reference},
        target=lambda: reverse("admin:loan_review", args=[reference]),
    )


def _loan(request: HttpRequest, reference: str) -> Loan:
    rows = LOANS.visible_to(request.user).select_related("borrower", "product", "reviewer", "assessment")
    return get_object_or_404(rows.exclude(status=LoanStatus.DRAFT), reference=reference)


def _step(
    request: HttpRequest,
    loan: Loan,
    name: str,
    form: forms.Form,
    step: Callable[[dict[str, Any]], object],
    done: str,
    *,
    target: Callable[[], str] | None = None,
) -> HttpResponse:
    return decide(
        request,
        form,
        step,
        done=done,
        target=target or _following,
        again=lambda status: loan_page(request, loan.reference, name, form, status),
    )


def _following() -> str:
    row = application_queue().first()
    return reverse("admin:loan_review", args=[row.reference]) if row else reverse("admin:loan_queue")


def _offer_options(loan: Loan, today: dt.date) -> list[OfferOption]:
    letters = Grade.values
    scored = loan.assessment.grade
    if not scored:
        return []
    options = []
    for terms in loan.product.grades.order_by("grade"):
        if abs(letters.index(terms.grade) - letters.index(scored)) <= MOST_GRADE_STEPS:
            quoted = quote_for(loan.product, terms, loan.principal, loan.term_months, today, loan.due_day)
            rate = annual_rate_of(loan.product, terms, loan.term_months)
            options.append(OfferOption(terms, rate, quoted, terms.grade == scored))
    return options


def _offer_form(loan: Loan, today: dt.date, data: Any = None) -> OfferForm:
    grades = [(option.terms.grade, option.words) for option in _offer_options(loan, today)]
    return OfferForm(data, scored=loan.assessment.grade, grades=grades, auto_id="offer_%s")


def _decisions(request: HttpRequest, loan: Loan, today: dt.date) -> list[Decision]:
    def path(name: str) -> str:
        return reverse(f"admin:loan_{name}", args=[loan.reference])

    decline_it = Decision(
        "decline", _("Decline"), _("See the letter"), path("decline"), DeclineForm(auto_id="decline_%s"), danger=True
    )
    found = []
    if request.user.has_perm(REVIEW_APPLICATIONS):
        if loan.status == LoanStatus.SUBMITTED:
            take_it = Decision("take", _("Review it"), _("Take this application"), path("take"), forms.Form())
            found = [take_it, decline_it]
        if loan.status == LoanStatus.UNDER_REVIEW:
            ask_form = AskApplicantForm(today=today, auto_id="ask_%s")
            found = [
                Decision("offer", _("Make an offer"), _("Make the offer"), path("offer"), _offer_form(loan, today)),
                Decision("ask", _("Ask the applicant"), _("Send the question"), path("ask"), ask_form),
                decline_it,
            ]
    if loan.status in LoanStatus.holding_commitments() and request.user.has_perm(CLOSE_LISTINGS):
        close_form = CloseListingForm(auto_id="close_%s")
        found.append(
            Decision("close", _("Close this request"), _("Close the request"), path("close"), close_form, danger=True)
        )
    return [*found, *_freezing(loan, path)] if request.user.has_perm(FREEZE_LOANS) else found


def _freezing(loan: Loan, path: Callable[[str], str]) -> list[Decision]:
    if loan.is_frozen:
        form = ReasonForm(auto_id="unfreeze_%s")
        return [Decision("unfreeze", _("Let this loan go on"), _("Unfreeze"), path("unfreeze"), form)]
    if loan.status not in freezable():
        return []
    form = FreezeForm(auto_id="freeze_%s")
    return [Decision("freeze", _("Freeze this loan"), _("Freeze"), path("freeze"), form, danger=True)]


def loan_page(
    request: HttpRequest, reference: str, tried: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    """One loan as staff see it, whatever its state."""
    loan = _loan(request, reference)
    today = clock.business_date()
    is_own = loan.borrower_id == request.user.pk
    assessment = getattr(loan, "assessment", None)
    ctx = {
        "title": loan.reference,
        "loan": loan,
        "profile": public_profile(loan),
        "assessment": assessment,
        "factors": factor_rows(assessment) if assessment else [],
        "decisions": [] if is_own else with_tried(_decisions(request, loan, today), tried, form),
        "tried": tried,
        "failed": form,
        "is_own": is_own,
        "can_pay_out": loan.status == LoanStatus.FUNDED
        and loan.signed_at is not None
        and request.user.has_perm(PAY_OUT_LOANS),
        "documents": documents_of(loan),
        "may_read_documents": request.user.has_perm(READ_LOAN_DOCUMENTS),
        "may_check_documents": not is_own
        and request.user.has_perm(REVIEW_APPLICATIONS)
        and request.user.has_perm(READ_LOAN_DOCUMENTS),
        "history": audit_trail("loan", loan.reference)[:HISTORY_LENGTH],
    }
    return desk_page(request, "loan_review", ctx, status)

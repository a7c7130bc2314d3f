"""Loan applications: the queue, one application with its scorecard, and what an underwriter decides."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adminpanel.forms.decisions import AskApplicantForm, CloseListingForm, DeclineForm, OfferForm
from adminpanel.forms.people import FreezeForm, ReasonForm
from adminpanel.permissions import CLOSE_LISTINGS, PAY_OUT_LOANS, REVIEW_APPLICATIONS, VIEW_LOANS
from adminpanel.selectors import application_queue
from adminpanel.views.pages import Decision, desk_page
from adminpanel.views.rows import QueuePages, Step
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
from p2plending.lib.web.actions import who_and_when
from p2plending.lib.web.requests import AuthenticatedRequest


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


class LoanPages(QueuePages[Loan]):
    """One loan as staff see it, whatever its state. Those that wait for an underwriter are the queue."""

    page_name = "loan_review"
    subject = "loan"
    queue_name = "loan_queue"
    queue_title = gettext_lazy("Loan applications waiting")
    rule = LOANS
    related = ("borrower", "product", "reviewer", "assessment")

    def waiting(self) -> QuerySet[Loan]:
        return application_queue()

    def rows(self, request: AuthenticatedRequest) -> QuerySet[Loan]:
        return super().rows(request).exclude(status=LoanStatus.DRAFT)

    def is_own(self, request: AuthenticatedRequest, row: Loan) -> bool:
        return row.borrower_id == request.user.pk

    def shown(self, request: AuthenticatedRequest, row: Loan) -> dict[str, Any]:
        assessment = getattr(row, "assessment", None)
        may_read = request.user.has_perm(READ_LOAN_DOCUMENTS)
        return {
            "loan": row,
            "profile": public_profile(row),
            "assessment": assessment,
            "factors": factor_rows(assessment) if assessment else [],
            "can_pay_out": row.status == LoanStatus.FUNDED
            and row.signed_at is not None
            and request.user.has_perm(PAY_OUT_LOANS),
            "documents": documents_of(row),
            "may_read_documents": may_read,
            "may_check_documents": may_read
            and not self.is_own(request, row)
            and request.user.has_perm(REVIEW_APPLICATIONS),
        }

    def offered(self, request: AuthenticatedRequest, row: Loan, shown: dict[str, Any]) -> list[Decision]:
        if shown["is_own"]:
            return []
        today = clock.business_date()

        def path(name: str) -> str:
            return self.address(row, f"loan_{name}")

        decline_it = Decision(
            "decline",
            _("Decline"),
            _("See the letter"),
            path("decline"),
            DeclineForm(auto_id="decline_%s"),
            danger=True,
        )
        found = []
        if request.user.has_perm(REVIEW_APPLICATIONS):
            if row.status == LoanStatus.SUBMITTED:
                take_it = Decision("take", _("Review it"), _("Take this application"), path("take"), forms.Form())
                found = [take_it, decline_it]
            if row.status == LoanStatus.UNDER_REVIEW:
                ask_form = AskApplicantForm(today=today, auto_id="ask_%s")
                found = [
                    Decision("offer", _("Make an offer"), _("Make the offer"), path("offer"), _offer_form(row, today)),
                    Decision("ask", _("Ask the applicant"), _("Send the question"), path("ask"), ask_form),
                    decline_it,
                ]
        if row.status in LoanStatus.holding_commitments() and request.user.has_perm(CLOSE_LISTINGS):
            close_form = CloseListingForm(auto_id="close_%s")
            found.append(
                Decision(
                    "close", _("Close this request"), _("Close the request"), path("close"), close_form, danger=True
                )
            )
        return [*found, *_freezing(row, path)] if request.user.has_perm(FREEZE_LOANS) else found


PAGES = LoanPages()

queue = PAGES.queue_view(VIEW_LOANS)
review = PAGES.row_view(VIEW_LOANS)


@PAGES.decision("take", REVIEW_APPLICATIONS)
def take(request: AuthenticatedRequest, loan: Loan) -> Step:
    return Step(
        forms.Form(request.POST),
        lambda _told: take_application(loan_id=loan.pk, actor=request.user, today=clock.business_date()),
        _("You review %(reference)s now.") % {"reference": loan.reference},
        stays=True,
    )


@PAGES.decision("offer", REVIEW_APPLICATIONS)
def offer(request: AuthenticatedRequest, loan: Loan) -> Step:
    return Step(
        _offer_form(loan, clock.business_date(), request.POST),
        lambda told: make_offer(
            loan_id=loan.pk,
            grade=told["grade"],
            reason=told["reason"],
            **who_and_when(request, told),
        ),
        _("Offer for %(reference)s made. The applicant is told.") % {"reference": loan.reference},
    )


@PAGES.decision("ask", REVIEW_APPLICATIONS)
def ask(request: AuthenticatedRequest, loan: Loan) -> Step:
    return Step(
        AskApplicantForm(request.POST, today=clock.business_date(), auto_id="ask_%s"),
        lambda told: ask_applicant(
            loan_id=loan.pk,
            question=told["question"],
            due_on=told["due_on"],
            actor=request.user,
            today=clock.business_date(),
        ),
        _("Question about %(reference)s sent.") % {"reference": loan.reference},
    )


@PAGES.decision("decline", REVIEW_APPLICATIONS)
def decline(request: AuthenticatedRequest, loan: Loan) -> Step:
    """The first POST shows the letter; the second, from there, declines."""
    form = DeclineForm(request.POST, auto_id="decline_%s")

    def letter(told: dict[str, Any]) -> HttpResponse | None:
        if told["confirmed"]:
            return None
        title, body = declined_letter(told["reasons"], told["note"])
        ctx = {"title": _("Decline %(loan)s") % {"loan": loan.reference}, "loan": loan, "form": form}
        return desk_page(request, "decline_check", ctx | {"letter_title": title, "letter_body": body})

    return Step(
        form,
        lambda told: decline_application(
            loan_id=loan.pk, reasons=told["reasons"], note=told["note"], **who_and_when(request, told)
        ),
        _("%(reference)s declined. The applicant is told why.") % {"reference": loan.reference},
        check=letter,
    )


@PAGES.decision("close", CLOSE_LISTINGS)
def close(request: AuthenticatedRequest, loan: Loan) -> Step:
    return Step(
        CloseListingForm(request.POST, auto_id="close_%s"),
        lambda told: cancel_listing(
            loan_id=loan.pk,
            reason=told["reason"],
            **who_and_when(request, told),
        ),
        _("%(reference)s closed. Lenders have their money back.") % {"reference": loan.reference},
        stays=True,
    )


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


def _freezing(loan: Loan, path: Callable[[str], str]) -> list[Decision]:
    if loan.is_frozen:
        form = ReasonForm(auto_id="unfreeze_%s")
        return [Decision("unfreeze", _("Let this loan go on"), _("Unfreeze"), path("unfreeze"), form)]
    if loan.status not in freezable():
        return []
    form = FreezeForm(auto_id="freeze_%s")
    return [Decision("freeze", _("Freeze this loan"), _("Freeze"), path("freeze"), form, danger=True)]

"""The market and its loans: read by everybody, asked about by lenders."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.enums.people import Role
from accounts.selectors.eligibility import Action, blocking_refusal
from loans.enums.loan import LoanStatus, Purpose, QuestionStatus
from loans.models import Loan
from loans.selectors.listing import commitment_limits, listing_for, public_profile
from loans.selectors.loan import questions_on_listing
from loans.services.origination.questions import ask_question
from matching.enums.mandates import MandateStatus, RiskTolerance
from matching.forms import ENDS_CHOICES, HISTORY_CHOICES, TERM_LABELS, AmountForm, FilterForm, QuestionForm
from matching.selectors.listing import (
    exposure_of,
    my_reservations,
    planned_earnings,
)
from matching.selectors.mandates import mandate_of, risk_profile_of
from matching.selectors.marketplace import (
    ENDING_SOON_DAYS,
    NEW_DAYS,
    Filters,
    MarketCounts,
    market_counts,
    matching_loans,
    open_loans,
    quiet_market,
)
from matching.selectors.positions import facts_of
from matching.wording import WAYS_OUT, days_left, factors_in_words, who_borrows
from p2plending.lib.clock import business_date
from p2plending.lib.errors import required
from p2plending.lib.formatting import format_money, format_percent
from p2plending.lib.web.actions import run_action
from p2plending.lib.web.decorators import get_only, post_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest

PAGE_SIZE = 8
EXAMPLE_AMOUNT = 100_00
PARAMETER_OF = {
    "grades": "grade",
    "terms": "term",
    "needed_min": "needed",
    "ends_within": "ends",
    "is_new": "new",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A loan in a list, with what is worked out for it."""

    loan: Loan
    net_rate: Any
    who: str
    left: str
    is_new: bool
    ends_soon: bool


def rows_of(loans: Any, today: dt.date) -> list[Row]:
    return [
        Row(
            loan=loan,
            net_rate=facts_of(loan).net_rate,
            who=who_borrows(loan),
            left=days_left((loan.listing_ends_on - today).days),
            is_new=(today - loan.listed_on).days < NEW_DAYS,
            ends_soon=(loan.listing_ends_on - today).days <= ENDING_SOON_DAYS,
        )
        for loan in loans
    ]


@get_only
def marketplace(request: AuthenticatedRequest) -> HttpResponse:
    today = business_date()
    form = FilterForm(request.GET)
    is_valid = form.is_valid()
    filters = form.filters()
    viewer = request.user if request.user.is_authenticated else None
    lender = viewer if viewer is not None and viewer.is_lender else None
    profile = risk_profile_of(lender) if lender is not None else None
    mandate = mandate_of(lender) if lender is not None else None
    fitting = tuple(RiskTolerance(profile.tolerance).target_mix) if profile else ()
    loans = open_loans(today, viewer)
    counts = market_counts(loans, filters, today, fitting)
    form.offer(counts)
    page = Paginator(matching_loans(loans, filters, today, form.sort_key()), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "form": form,
        "counts": counts,
        "page": page,
        "rows": rows_of(page.object_list, today),
        "chips": _chips(request.GET, filters),
        "views": _views(counts, fitting, filters),
        "tightest": _tightest(request.GET, filters, counts),
        "quiet": None if counts.open_loans else quiet_market(),
        "is_lender": lender is not None,
        "rule_is_on": mandate is not None and mandate.status == MandateStatus.ACTIVE,
        "grade_rows": [(letter, counts.by_grade[letter], letter in filters.grades) for letter in counts.by_grade],
        "term_rows": [
            (band, TERM_LABELS[band], counts.by_term[band], band in filters.terms) for band in counts.by_term
        ],
    }
    return render(request, "matching/marketplace.html", context, status=200 if is_valid else 422)


def _words_of(name: str, filters: Filters) -> str:
    value = getattr(filters, name)
    words = {
        "grades": lambda: ngettext("Grade %(list)s", "Grades %(list)s", len(value)) % {"list": ", ".join(value)},
        "rate_min": lambda: _("Rate from %(rate)s") % {"rate": format_percent(value, 2)},
        "rate_max": lambda: _("Rate up to %(rate)s") % {"rate": format_percent(value, 2)},
        "terms": lambda: ", ".join(str(TERM_LABELS[band]) for band in value),
        "purpose": lambda: str(Purpose(value).label),
        "amount_min": lambda: _("Loans from %(amount)s") % {"amount": format_money(value, whole=True)},
        "amount_max": lambda: _("Loans up to %(amount)s") % {"amount": format_money(value, whole=True)},
        "needed_min": lambda: _("Still needs %(amount)s") % {"amount": format_money(value, whole=True)},
        "history": lambda: str(dict(HISTORY_CHOICES)[value]),
        "ends_within": lambda: _("Ends within %(time)s") % {"time": dict(ENDS_CHOICES)[str(value)]},
        "is_new": lambda: _("New this week"),
        "hide_mine": lambda: _("Without loans I am in"),
    }
    return words[name]()


def _without(query: QueryDict, name: str) -> str:
    rest = query.copy()
    for parameter in (PARAMETER_OF.get(name, name), "page"):
        rest.pop(parameter, None)
    return f"?{rest.urlencode()}"


def _chips(query: QueryDict, filters: Filters) -> list[dict[str, str]]:
    return [{"words": _words_of(name, filters), "url": _without(query, name)} for name in filters.active]


def _tightest(query: QueryDict, filters: Filters, counts: MarketCounts) -> dict[str, Any] | None:
    if counts.matching or not counts.tightest:
        return None
    name = counts.tightest
    return {"words": _words_of(name, filters), "url": _without(query, name), "count": counts.without[name]}


def _views(counts: MarketCounts, fitting: tuple[str, ...], filters: Filters) -> list[dict[str, Any]]:
    views = [("", _("All open loans"), counts.open_loans, Filters())]
    if fitting:
        query = "&".join(f"grade={letter}" for letter in fitting)
        views.append((query, _("Fits my risk profile"), counts.fitting, Filters(grades=fitting)))
    careful = Filters(grades=("A", "B"), terms=("1", "2"))
    views.append(("grade=A&grade=B&term=1&term=2", _("A and B, up to 3 years"), counts.careful, careful))
    views.append(("new=on", _("New this week"), counts.new, Filters(is_new=True)))
    return [
        {"url": f"?{query}", "words": words, "count": count, "is_current": filters == view}
        for query, words, count, view in views
    ]


@get_only
def listing(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = listing_or_404(request, reference)
    return render(request, "matching/listing.html", listing_context(request, loan, QuestionForm()))


def listing_context(request: AuthenticatedRequest, loan: Loan, question_form: QuestionForm) -> dict[str, Any]:
    """What the page of a loan shows to this viewer."""
    today = business_date()
    viewer = request.user
    lender = viewer if viewer.is_authenticated and viewer.role == Role.LENDER else None
    amount_form = AmountForm(request.GET if "amount" in request.GET else None)
    amount = amount_form.cleaned_data["amount"] if amount_form.is_valid() else EXAMPLE_AMOUNT
    shown = min(amount, loan.principal)
    context = {
        "loan": loan,
        "profile": public_profile(loan),
        "net_rate": facts_of(loan).net_rate,
        "is_open": loan.status == LoanStatus.LISTED and required(loan.listing_ends_on, "listing_ends_on") >= today,
        "left": days_left((required(loan.listing_ends_on, "listing_ends_on") - today).days),
        "amount": shown,
        "amount_form": amount_form,
        "earnings": planned_earnings(loan, shown, today),
        "factors": factors_in_words(loan.assessment.factors) if hasattr(loan, "assessment") else [],
        "may_read_story": viewer.is_authenticated,
        "is_lender": lender is not None,
        "form": question_form,
    }
    if viewer.is_authenticated:
        context["questions"] = questions_on_listing(loan, viewer)
        context["held"], context["refused"] = QuestionStatus.HELD, QuestionStatus.REFUSED
    if lender is not None:
        limits = commitment_limits(loan, lender)
        context |= {
            "limits": limits,
            "limit_problem": limits.problem_with(amount) if amount_form.is_valid() else limits.reason,
            "way_out": WAYS_OUT[limits.binding],
            "gate": blocking_refusal(lender, Action.LEND),
            "exposure": exposure_of(lender, loan, shown),
            "reservations": list(my_reservations(lender, loan)),
        }
    return context


@post_only
@role_required(Role.LENDER)
def ask(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = listing_or_404(request, reference)
    form = QuestionForm(request.POST)
    return run_action(
        request,
        form,
        lambda told: ask_question(
            loan_id=loan.pk, author=request.user, text=told["text"], actor=request.user, today=business_date()
        ),
        done=lambda question: _asked(question.status),
        then=lambda _question: redirect("matching:listing", reference),
        again=lambda status: render(
            request, "matching/listing.html", listing_context(request, loan, form), status=status
        ),
    )


def _asked(status: str) -> str:
    if status == QuestionStatus.HELD:
        return _("Your question looks as if it had contact details in it. We check it before others can read it.")
    return _("Your question is on the page. The borrower has been told.")


def listing_or_404(request: AuthenticatedRequest, reference: str) -> Loan:
    try:
        return listing_for(request.user, reference)
    except Loan.DoesNotExist as error:
        raise Http404 from error

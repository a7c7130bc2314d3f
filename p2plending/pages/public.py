"""Pages that need no account."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.enums.agreed_terms import RISKS, TERMS
from loans.account.pricing import annual_rate_of, assumed_grade_terms, quote_for
from loans.account.terms import LoanTerms, frozen_terms
from loans.finance import Quote, net_rate
from loans.forms.application import QuoteForm
from loans.models import GradeTerms, Loan, LoanProduct
from loans.selectors.products import default_product
from loans.selectors.statistics import PlatformFigures, platform_figures
from loans.wording.schedule import order_words
from loans.wording.terms import cost_words
from matching.engine.allocation import Claim, Limits, distribute
from matching.selectors.marketplace import Filters, matching_loans, open_loans
from p2plending.lib import charts
from p2plending.lib.clock import business_date
from p2plending.lib.errors import required
from p2plending.lib.formatting import format_day, format_money
from p2plending.lib.money import floor_percent_of
from p2plending.lib.rules.values import PlatformRules, platform_rules
from p2plending.lib.web.forms import form_field
from p2plending.pages.public_charts import grade_rows, late_timeline, results_picture, shared_picture

FIGURES_LIVE_SECONDS = 300
EXAMPLE_MONTHS = 24
NEWEST_LOANS = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Price:
    """What a grade costs a borrower and leaves to a lender, with the example loan worked out."""

    grade: str
    annual_rate: Decimal
    fee_rate: Decimal
    expected_loss_rate: Decimal
    net_rate: Decimal
    example: Quote


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """One lender in the worked example of sharing out, in the order of their turn."""

    letter: str
    most: int
    first_round: int
    given: int


@require_GET
def welcome(request: HttpRequest) -> HttpResponse:
    today = business_date()
    product = default_product()
    newest = matching_loans(open_loans(today), Filters(), today, "newest")
    ctx = {
        "product": product,
        "quote_form": _quote_form(product) if product else None,
        "figures": _figures(today),
        "newest": [_newest(loan) for loan in newest[:NEWEST_LOANS]],
        "shared": shared_picture(),
        "results": results_picture(today),
    }
    return render(request, "public/welcome.html", ctx)


@require_GET
def text_page(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, f"public/{name}.html", {"terms": TERMS, "risks": RISKS})


@require_GET
def how_it_works(request: HttpRequest) -> HttpResponse:
    product = default_product()
    terms = _terms(product) if product else None
    order = order_words(terms, follows=terms.is_progressive) if terms else ""
    ctx = {"product": product, "rules": platform_rules(), "order": order}
    ctx["late_timeline"] = late_timeline(product) if product else ""
    return render(request, "public/how_it_works.html", ctx)


@require_GET
def lend(request: HttpRequest) -> HttpResponse:
    """What lending is, what it costs, and what each grade has earned and lost."""
    today = business_date()
    product, figures = default_product(), _figures(today)
    ctx = {
        "product": product,
        "rules": platform_rules(),
        "figures": figures,
        "rows": grade_rows(figures, product),
        "results": results_picture(today),
        "prices": _price_list(product, today)["prices"] if product else [],
    }
    return render(request, "public/lend.html", ctx)


@require_GET
def fees(request: HttpRequest) -> HttpResponse:
    product = default_product()
    ctx = {"product": product, "months": EXAMPLE_MONTHS, **(_price_list(product, business_date()) if product else {})}
    return render(request, "public/fees.html", ctx)


@require_GET
def matching_policy(request: HttpRequest) -> HttpResponse:
    rules = platform_rules()
    return render(request, "public/matching_policy.html", {"rules": rules, **_sharing_example(rules)})


@require_GET
def statistics(request: HttpRequest) -> HttpResponse:
    figures = _figures(business_date())
    return render(request, "public/statistics.html", {"figures": figures, "volume": _volume(figures)})


def _figures(today: dt.date) -> PlatformFigures:
    figures: Any = caches["pages"].get_or_set(
        f"public-figures:{today}", lambda: platform_figures(today), FIGURES_LIVE_SECONDS
    )
    return cast(PlatformFigures, figures)  # what the function above made, now or earlier


def _quote_form(product: LoanProduct) -> QuoteForm:
    form = QuoteForm(
        product=product, initial={"requested_amount": _example_amount(product), "term_months": EXAMPLE_MONTHS}
    )
    months = form_field(form, "term_months", forms.ChoiceField)
    offered: Any = months.choices  # pairs of a number and its words
    months.choices = [
        (term, ngettext("%(months)s month", "%(months)s months", term) % {"months": term}) for term, _label in offered
    ]
    return form


def _example_amount(product: LoanProduct) -> int:
    """A fifth of the largest amount, on a step that may be asked for."""
    amount = product.max_amount // 5 // product.amount_step * product.amount_step
    return max(amount, product.min_amount)


def _newest(loan: Loan) -> dict[str, Any]:
    return {
        "loan": loan,
        "net_rate": net_rate(
            required(loan.annual_rate, "annual_rate"),
            required(loan.servicing_fee_rate, "servicing_fee_rate"),
            required(loan.expected_loss_rate, "expected_loss_rate"),
        ),
    }


def _price_list(product: LoanProduct, today: dt.date) -> dict[str, Any]:
    amount, terms = _example_amount(product), _terms(product)
    months = min(max(EXAMPLE_MONTHS, product.min_term_months), product.max_term_months)
    prices = [_price(product, grade_terms, amount, months, today) for grade_terms in product.grades.all()]
    example = prices[len(prices) // 2] if prices else None
    interest = example.example.schedule.lines[0].interest if example else 0
    monthly = example.example.instalment_amount if example else 0
    return {
        "amount": amount,
        "months": months,
        "prices": prices,
        "example": example,
        "interest": interest,
        "servicing_fee": floor_percent_of(interest, product.servicing_fee_rate),
        "costs": cost_words(terms, payment=monthly) if terms else [],
    }


def _terms(product: LoanProduct) -> LoanTerms | None:
    """The terms of the product that no grade changes; None for one that lends to no grade."""
    grade_terms = assumed_grade_terms(product)
    return LoanTerms.from_json(frozen_terms(product, grade_terms)) if grade_terms else None


def _price(product: LoanProduct, grade_terms: GradeTerms, amount: int, months: int, today: dt.date) -> Price:
    rate = annual_rate_of(product, grade_terms, months)
    return Price(
        grade=grade_terms.grade,
        annual_rate=rate,
        fee_rate=grade_terms.origination_fee_rate,
        expected_loss_rate=grade_terms.expected_loss_rate,
        net_rate=net_rate(rate, product.servicing_fee_rate, grade_terms.expected_loss_rate),
        example=quote_for(product, grade_terms, amount, months, today),
    )


def _sharing_example(rules: PlatformRules) -> dict[str, Any]:
    """Four rules and one loan, shared out by the code that shares out real loans."""
    least = rules.min_commitment
    room = 6 * least
    mosts = (8 * least, 4 * least, least + 2 * rules.commitment_step, 0)
    limits = Limits(least, rules.commitment_step, Decimal(1), room, 0)
    claims = [Claim(number, most) for number, most in enumerate(mosts) if most]
    given = distribute(claims, room=room, remaining=room, limits=limits)
    shares = [
        Share(letter, most, least if given.get(number) else 0, given.get(number, 0))
        for number, (letter, most) in enumerate(zip("ABCD", mosts, strict=True))
    ]
    return {"room": room, "shares": shares}


def _volume(figures: PlatformFigures) -> dict[str, Any]:
    months = [format_day(month, "month") for month, _lent in figures.lent_by_month]
    amounts = [lent for _month, lent in figures.lent_by_month]
    labels = [format_day(month, "month").split()[0] for month, _lent in figures.lent_by_month]
    series = (charts.Series(_("Lent"), "c1", amounts),)
    return {
        "chart": charts.stacked_bars(title_id="volume", labels=labels, series=series),
        "columns": (_("Month"), _("Lent")),
        "rows": [(month, format_money(amount, whole=True)) for month, amount in zip(months, amounts, strict=True)],
    }

"""The calculator: the same figures as the real thing, nothing stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from loans.account.pricing import ASSUMED_GRADE, PricedTerm, assumed_grade_terms, priced_terms
from loans.account.terms import LoanTerms, frozen_terms
from loans.forms.application import QuoteForm
from loans.models import GradeTerms, LoanProduct
from loans.selectors.products import chosen_product, offered_products, term_choices
from loans.wording.terms import early_words
from p2plending.lib.clock import business_date
from p2plending.lib.money import format_plain
from p2plending.lib.web.decorators import get_only
from p2plending.lib.web.requests import AuthenticatedRequest

FIELDS = ("product", "requested_amount", "term_months", "grade")
START_AMOUNT, START_MONTHS = 5_000_00, 24


@get_only
def quote(request: AuthenticatedRequest) -> HttpResponse:
    products = offered_products()
    product = chosen_product(products, request.GET.get("product"))
    if product is None:
        return render(request, "loans/not_offered.html", {})
    asked = _start(product) | {name: value for name, value in request.GET.items() if name in FIELDS}
    form = QuoteForm(asked, product=product, products=products)
    if not form.is_valid():
        return render(request, "loans/quote.html", {"form": form, "product": product}, status=422)
    grades = {terms.grade: terms for terms in product.grades.all()}
    grade_terms = grades.get(form.cleaned_data["grade"]) or next(iter(grades.values()))
    context = {"form": form, "product": product, "grades": grades.values(), "early": _early(product, grade_terms)}
    context |= plans_context(product, grade_terms, form.cleaned_data)
    kept: dict[str, object] = {
        name: asked[name] for name in ("product", "requested_amount", "term_months") if name in asked
    }
    context["apply_url"] = f"{reverse('loans:apply_amount')}?{urlencode(kept)}"
    return render(request, "loans/quote.html", context)


def start_of(product: LoanProduct) -> tuple[int, int]:
    """Amount (minor units) and months that a quote begins with: 5,000.00 over two years, or what is nearest to that."""
    amount = min(max(START_AMOUNT, product.min_amount), product.max_amount)
    return amount, min(term_choices(product), key=lambda months: abs(months - START_MONTHS))


def _start(product: LoanProduct) -> dict[str, str]:
    amount, months = start_of(product)
    written = format_plain(amount, settings.CURRENCY_EXPONENT)
    grade_terms = assumed_grade_terms(product)
    return {
        "product": product.code,
        "requested_amount": written,
        "term_months": str(months),
        "grade": grade_terms.grade if grade_terms else ASSUMED_GRADE,
    }


def _early(product: LoanProduct, grade_terms: GradeTerms) -> str:
    return early_words(LoanTerms.from_json(frozen_terms(product, grade_terms)))


def plans_context(
    product: LoanProduct, grade_terms: GradeTerms, asked: Mapping[str, Any]
) -> dict[str, list[PricedTerm] | PricedTerm]:
    """The comparison and the chosen one of it, for quote and application.

    A product with a number of payments of its own has one plan, whatever the months: there is nothing to compare.
    """
    chosen = asked["term_months"]
    terms = [chosen] if product.payment_count else sorted({*term_choices(product), chosen})
    plans = priced_terms(product, grade_terms, asked["requested_amount"], terms, business_date(), asked.get("due_day"))
    return {"plans": plans, "chosen": next(plan for plan in plans if plan.term_months == chosen)}

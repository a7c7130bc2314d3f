"""The calculator: the same figures as the real thing, nothing stored."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from loans.forms.application import QuoteForm
from loans.models import GradeTerms, LoanProduct
from loans.quoting import PricedTerm, priced_terms
from loans.selectors.products import default_product, term_choices
from loans.term_words import early_words
from loans.terms import LoanTerms, frozen_terms
from p2plending.lib.clock import business_date
from p2plending.lib.decorators import get_only

START = {"requested_amount": "5000.00", "term_months": "24", "grade": "B"}


@get_only
def quote(request: HttpRequest) -> HttpResponse:
    product = default_product()
    if product is None:
        return render(request, "loans/not_offered.html", {})
    asked = START | {name: value for name, value in request.GET.items() if name in START}
    form = QuoteForm(asked, product=product)
    if not form.is_valid():
        return render(request, "loans/quote.html", {"form": form, "product": product}, status=422)
    grades = {terms.grade: terms for terms in product.grades.all()}
    grade_terms = grades.get(form.cleaned_data["grade"]) or next(iter(grades.values()))
    context = {"form": form, "product": product, "grades": grades.values(), "early": _early(product, grade_terms)}
    context |= plans_context(product, grade_terms, form.cleaned_data)
    kept = {"requested_amount": asked["requested_amount"], "term_months": asked["term_months"]}
    context["apply_url"] = f"{reverse('loans:apply_amount')}?{urlencode(kept)}"
    return render(request, "loans/quote.html", context)


def _early(product: LoanProduct, grade_terms: GradeTerms) -> str:
    return early_words(LoanTerms.from_json(frozen_terms(product, grade_terms)))


def plans_context(
    product: LoanProduct, grade_terms: GradeTerms, asked: dict[str, int | None]
) -> dict[str, list[PricedTerm] | PricedTerm]:
    """The comparison and the chosen one of it, for quote and application.

    A product with a number of payments of its own has one plan, whatever the months: there is nothing to compare.
    """
    chosen = asked["term_months"]
    terms = [chosen] if product.payment_count else sorted({*term_choices(product), chosen})
    plans = priced_terms(product, grade_terms, asked["requested_amount"], terms, business_date(), asked.get("due_day"))
    return {"plans": plans, "chosen": next(plan for plan in plans if plan.term_months == chosen)}

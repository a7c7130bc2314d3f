"""What a change of a loan product does to an example loan, before it is kept."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adminpanel.services.products import Draft
from loans.account.pricing import annual_rate_of, quote_for
from loans.finance import FinanceError, Quote
from loans.models import GradeTerms, LoanProduct

EXAMPLE_MONTHS = 24


@dataclasses.dataclass(frozen=True, slots=True)
class Priced:
    """What the example loan costs: rate a year, payment and fee in minor units, effective rate."""

    annual_rate: Decimal
    quote: Quote


@dataclasses.dataclass(frozen=True, slots=True)
class Example:
    """One loan of a grade, now and after the change; None where the product has no such grade or no such loan."""

    grade: str
    amount: int
    months: int
    before: Priced | None
    after: Priced | None


def examples_of(
    product: LoanProduct | None, values: Mapping[str, Any], grades: Mapping[str, Mapping[str, Any]], today: dt.date
) -> list[Example]:
    """An example loan in every grade: a fifth of the largest amount over two years, or what is nearest to that."""
    draft = Draft(product, values, grades)
    amount, months = _example(draft.product)
    standing = {terms.grade: terms for terms in Draft(product, {}, {}).grades} if product is not None else {}
    return [
        Example(
            terms.grade,
            amount,
            months,
            _price(product, standing.get(terms.grade), amount, months, today),
            _price(draft.product, terms, amount, months, today),
        )
        for terms in draft.grades
    ]


def _example(product: LoanProduct) -> tuple[int, int]:
    step = product.amount_step or 1
    amount = max(product.max_amount // 5 // step * step, product.min_amount)
    return amount, min(max(EXAMPLE_MONTHS, product.min_term_months), product.max_term_months)


def _price(
    product: LoanProduct | None, terms: GradeTerms | None, amount: int, months: int, today: dt.date
) -> Priced | None:
    if product is None or terms is None:
        return None
    is_offered = (
        product.min_amount <= amount <= product.max_amount
        and product.min_term_months <= months <= product.max_term_months
    )
    if not is_offered:
        return None
    try:
        return Priced(annual_rate_of(product, terms, months), quote_for(product, terms, amount, months, today))
    except FinanceError:
        return None

"""The price of a loan: one way to it for calculator, application, offer, agreement and schedule."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from loans.account.terms import LoanTerms, frozen_terms, schedule_terms
from loans.finance import Grade as FinanceGrade
from loans.finance import Quote, quote_terms, rate_for
from loans.models import GradeTerms, Loan, LoanProduct
from p2plending.lib.errors import required

ASSUMED_GRADE = "B"


def grade_terms_of(product: LoanProduct, grade: str) -> GradeTerms:
    """The product's terms of a grade. Raises GradeTerms.DoesNotExist for a grade that it does not lend to."""
    return product.grades.get(grade=grade)


def assumed_grade_terms(product: LoanProduct) -> GradeTerms | None:
    """The grade that a quote assumes before anything is known: B, or the best one that the product has."""
    by_grade = {terms.grade: terms for terms in product.grades.all()}
    return by_grade.get(ASSUMED_GRADE) or next(iter(by_grade.values()), None)


def annual_rate_of(product: LoanProduct, grade_terms: GradeTerms, term_months: int) -> Decimal:
    """Rate a year as a fraction: base + margin of the grade + add-on for each begun year above the first."""
    grade = FinanceGrade(grade_terms.grade)
    return rate_for(grade, term_months, product.base_rate, {grade: grade_terms.margin}, product.term_addon)


def quote_for(
    product: LoanProduct,
    grade: str | GradeTerms,
    amount: int,
    term_months: int,
    start_date: dt.date,
    due_day: int | None = None,
) -> Quote:
    """What `amount` (minor units) over `term_months` costs a borrower of `grade` when paid out on `start_date`."""
    grade_terms = grade if isinstance(grade, GradeTerms) else grade_terms_of(product, grade)
    terms = LoanTerms.from_json(frozen_terms(product, grade_terms))
    rate = annual_rate_of(product, grade_terms, term_months)
    return _price(terms, rate, amount, term_months, start_date, due_day)


def quote_of_loan(loan: Loan, start_date: dt.date, amount: int | None = None) -> Quote:
    """The same for a loan that has its offer: by its frozen terms and rate, for its principal or a smaller `amount`."""
    terms = LoanTerms.from_json(loan.frozen_terms)
    principal = loan.principal if amount is None else amount
    annual_rate = required(loan.annual_rate, "annual_rate")
    return _price(terms, annual_rate, principal, loan.term_months, start_date, loan.due_day)


@dataclasses.dataclass(frozen=True, slots=True)
class PricedTerm:
    """A quote with what it was asked for: what a card or a row of a comparison shows."""

    grade: str
    term_months: int
    annual_rate: Decimal
    fee_rate: Decimal
    quote: Quote


def priced_terms(
    product: LoanProduct,
    grade_terms: GradeTerms,
    amount: int,
    terms: Sequence[int],
    start_date: dt.date,
    due_day: int | None = None,
) -> list[PricedTerm]:
    """The same amount over several lengths, side by side."""
    return [
        PricedTerm(
            grade=grade_terms.grade,
            term_months=months,
            annual_rate=annual_rate_of(product, grade_terms, months),
            fee_rate=grade_terms.origination_fee_rate,
            quote=quote_for(product, grade_terms, amount, months, start_date, due_day),
        )
        for months in terms
    ]


def _price(
    terms: LoanTerms, annual_rate: Decimal, amount: int, term_months: int, start_date: dt.date, due_day: int | None
) -> Quote:
    asked = schedule_terms(
        terms,
        annual_rate=annual_rate,
        principal=amount,
        term_months=term_months,
        start_date=start_date,
        due_day=due_day,
    )
    return quote_terms(asked, terms.origination_fee_rate)

"""Hard filters are inclusive at their limits."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from matching.engine.eligibility import Criteria, LoanFacts, Reason, reason_against
from matching.enums.mandates import DecisionReason

LOAN = LoanFacts(
    grade="B",
    annual_rate=Decimal("0.12"),
    net_rate=Decimal("0.092"),
    term_months=36,
    purpose="home",
    borrower_id=1,
    principal=6_000_00,
    remaining=6_000_00,
)
CRITERIA = Criteria(grades=frozenset("AB"), min_rate=Decimal("0.12"), max_term_months=36)


def test_a_loan_at_every_limit_passes() -> None:
    assert reason_against(LOAN, CRITERIA) is None


def test_a_grade_that_was_not_chosen_is_never_lent_to() -> None:
    assert reason_against(replace(LOAN, grade="C"), CRITERIA) is Reason.GRADE


def test_a_rate_below_the_lowest_is_named() -> None:
    assert reason_against(replace(LOAN, annual_rate=Decimal("0.1199")), CRITERIA) is Reason.RATE_LOW


def test_a_term_above_the_longest_is_named() -> None:
    assert reason_against(replace(LOAN, term_months=37), CRITERIA) is Reason.TERM


def test_every_reason_of_the_engine_has_words() -> None:
    assert {reason.value for reason in Reason} <= set(DecisionReason.values)

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from loans.finance import AffordabilityOutcome, Grade, ScoreInputs, affordability, net_rate, rate_for, score

BEST = ScoreInputs(
    dti=Decimal("0.15"),
    disposable_ratio=Decimal(4),
    employment_months=60,
    amount_to_income=Decimal("0.10"),
    repaid_loans=2,
    max_days_past_due=5,
    is_income_verified=True,
    is_address_verified=True,
    is_homeowner=True,
)
WORST = ScoreInputs(
    dti=Decimal("0.46"),
    disposable_ratio=Decimal("1.4"),
    employment_months=5,
    amount_to_income=Decimal("0.51"),
    max_days_past_due=31,
)


def points(inputs: ScoreInputs, code: str) -> int:
    return next(factor.points for factor in score(inputs).factors if factor.code == code)


def test_best_application_has_all_hundred_points() -> None:
    result = score(BEST)
    assert (result.points, result.grade, result.reject_codes) == (100, Grade.A, ())
    assert sum(factor.max_points for factor in result.factors) == 100


def test_worst_application_is_rejected_with_its_four_main_reasons() -> None:
    result = score(WORST)
    assert (result.points, result.grade) == (0, None)
    assert result.reject_codes == ("dti", "disposable", "history", "employment")


def test_default_on_the_platform_rejects_whatever_the_points() -> None:
    result = score(replace(BEST, has_defaulted=True))
    assert (result.grade, result.reject_codes) == (None, ("earlier_default",))
    assert result.points == 80


@pytest.mark.parametrize(
    ("dti", "expected"),
    [("0.15", 25), ("0.16", 20), ("0.25", 20), ("0.26", 12), ("0.35", 12), ("0.36", 5), ("0.45", 5), ("0.46", 0)],
)
def test_points_of_debt_to_income(dti: str, expected: int) -> None:
    assert points(replace(BEST, dti=Decimal(dti)), "dti") == expected


@pytest.mark.parametrize(
    ("ratio", "expected"), [("4", 20), ("3.9", 14), ("2.5", 14), ("2.4", 7), ("1.5", 7), ("1.4", 0)]
)
def test_points_of_disposable_income(ratio: str, expected: int) -> None:
    assert points(replace(BEST, disposable_ratio=Decimal(ratio)), "disposable") == expected


@pytest.mark.parametrize(("months", "expected"), [(60, 15), (59, 11), (24, 11), (23, 6), (6, 6), (5, 0)])
def test_points_of_employment(months: int, expected: int) -> None:
    assert points(replace(BEST, employment_months=months), "employment") == expected


@pytest.mark.parametrize(
    ("ratio", "expected"), [("0.10", 10), ("0.11", 7), ("0.25", 7), ("0.26", 3), ("0.5", 3), ("0.6", 0)]
)
def test_points_of_amount_to_income(ratio: str, expected: int) -> None:
    assert points(replace(BEST, amount_to_income=Decimal(ratio)), "amount_to_income") == expected


@pytest.mark.parametrize(
    ("repaid", "late", "expected"), [(2, 5, 20), (2, 6, 14), (1, 0, 14), (0, 0, 6), (3, 31, 0), (1, 30, 14)]
)
def test_points_of_history_on_the_platform(repaid: int, late: int, expected: int) -> None:
    assert points(replace(BEST, repaid_loans=repaid, max_days_past_due=late), "history") == expected


@pytest.mark.parametrize(
    ("change", "total", "grade"),
    [
        ({"repaid_loans": 0}, 86, Grade.A),
        ({"max_days_past_due": 31}, 80, Grade.A),
        ({"max_days_past_due": 31, "is_homeowner": False}, 78, Grade.B),
        ({"dti": Decimal("0.5"), "repaid_loans": 1, "is_income_verified": False}, 64, Grade.C),
        ({"dti": Decimal("0.5"), "disposable_ratio": Decimal(1), "repaid_loans": 0}, 41, Grade.D),
        ({"dti": Decimal("0.5"), "disposable_ratio": Decimal(1), "max_days_past_due": 31}, 35, Grade.E),
    ],
)
def test_grade_follows_from_the_points(change: dict[str, object], total: int, grade: Grade) -> None:
    result = score(replace(BEST, **change))
    assert (result.points, result.grade) == (total, grade)


def test_affordable_loan_passes() -> None:
    result = affordability(income=300000, expenses=150000, debt_service=20000, instalment=88849)
    assert (result.dti, result.disposable) == (Decimal("0.362830"), 130000)
    assert (result.outcome, result.codes) == (AffordabilityOutcome.PASS, ())


@pytest.mark.parametrize(
    ("instalment", "outcome", "codes"),
    [
        (99999, AffordabilityOutcome.PASS, ()),
        (100000, AffordabilityOutcome.REFER, ("debt_high",)),
        (130000, AffordabilityOutcome.REFER, ("debt_high",)),
        (130001, AffordabilityOutcome.DECLINE, ("debt_too_high",)),
    ],
)
def test_debt_to_income_refers_and_declines(
    instalment: int, outcome: AffordabilityOutcome, codes: tuple[str, ...]
) -> None:
    result = affordability(income=300000, expenses=50000, debt_service=20000, instalment=instalment)
    assert (result.outcome, result.codes) == (outcome, codes)


def test_too_little_left_declines() -> None:
    exactly = affordability(income=300000, expenses=190000, debt_service=0, instalment=100000)
    a_cent_less = affordability(income=300000, expenses=190001, debt_service=0, instalment=100000)
    assert exactly.outcome is AffordabilityOutcome.PASS
    assert (a_cent_less.outcome, a_cent_less.codes) == (AffordabilityOutcome.DECLINE, ("too_little_left",))


def test_no_income_declines_without_a_ratio() -> None:
    result = affordability(income=0, expenses=0, debt_service=0, instalment=100)
    assert (result.dti, result.outcome, result.codes) == (None, AffordabilityOutcome.DECLINE, ("no_income",))


@pytest.mark.parametrize(
    ("grade", "months", "rate"),
    [
        (Grade.A, 12, "0.080"),
        (Grade.B, 36, "0.120"),
        (Grade.C, 13, "0.155"),
        (Grade.D, 24, "0.195"),
        (Grade.E, 60, "0.250"),
    ],
)
def test_rate_of_a_grade_and_term(grade: Grade, months: int, rate: str) -> None:
    assert rate_for(grade, months) == Decimal(rate)


def test_net_rate_takes_the_fee_on_interest_and_the_expected_loss_off() -> None:
    assert net_rate(Decimal("0.12"), Decimal("0.05"), Decimal("0.022")) == Decimal("0.092")

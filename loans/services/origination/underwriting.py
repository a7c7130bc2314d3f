"""Affordability, score, grade and reasons of an application, worked out once and frozen."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q

from accounts.enums.people import DocumentKind, DocumentStatus
from accounts.models import IdentityDocument
from loans.account.pricing import annual_rate_of, quote_for
from loans.account.terms import monthly_amount
from loans.enums.loan import DeclineReason, LoanStatus
from loans.finance import (
    Affordability,
    AffordabilityOutcome,
    AffordabilityThresholds,
    Grade,
    ScoreInputs,
    ScoreResult,
    affordability,
    score,
)
from loans.finance.scorecard import SCORECARD_V1
from loans.models import CreditAssessment, GradeTerms, Loan
from p2plending.lib.database.transactions import require_transaction
from p2plending.lib.errors import required
from p2plending.lib.rules.values import PlatformRules, platform_rules

MONTHS = 12
# A late payer is somebody who was more than this many days late once; the scorecard uses the same limit.
BAD_DAYS_PAST_DUE = SCORECARD_V1.history_bad_days_past_due
MOST_REASONS = 4
RATIO = Decimal("0.000001")
LARGEST_RATIO = Decimal(99999)

REASON_OF_CODE = {
    "no_income": DeclineReason.INCOME_NOT_SHOWN,
    "debt_too_high": DeclineReason.DEBT_RATIO,
    "too_little_left": DeclineReason.AFFORDABILITY,
    "earlier_default": DeclineReason.HISTORY,
    "dti": DeclineReason.DEBT_RATIO,
    "disposable": DeclineReason.AFFORDABILITY,
    "employment": DeclineReason.EMPLOYMENT_SHORT,
    "amount_to_income": DeclineReason.AMOUNT,
    "income_proof": DeclineReason.INCOME_NOT_SHOWN,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What the machine says: `grade_terms` is None when it declines, with the reasons, main one first."""

    affordability: Affordability
    score: ScoreResult
    grade_terms: GradeTerms | None
    instalment_amount: int
    decline_reasons: tuple[DeclineReason, ...]
    inputs: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What the assessment reads from the database: grades of the product, history with us, accepted proofs."""

    grades: tuple[GradeTerms, ...]
    known: dict[str, Any]


def read_facts(loan: Loan) -> Facts:
    """The facts of one applicant, in four queries however often they are used."""
    return Facts(tuple(loan.product.grades.order_by("grade")), _known_inputs(loan))


def assess(loan: Loan, rules: PlatformRules, *, today: dt.date, facts: Facts | None = None) -> Outcome:
    """Score the application at the best grade that stands up to its own price.

    A worse grade pays a higher rate, so its payment is larger and its score lower. Grades are tried from the best:
    the first whose own payment still scores that grade or better is the one.
    """
    facts = facts or read_facts(loan)
    thresholds = sorted(((terms.min_points, Grade(terms.grade)) for terms in facts.grades), reverse=True)
    table = dataclasses.replace(SCORECARD_V1, grades_at_least=tuple(thresholds))
    for terms in facts.grades:
        quoted = quote_for(loan.product, terms, loan.principal, loan.term_months, today, loan.due_day)
        a_month = monthly_amount(loan.product, quoted.instalment_amount)
        checked = _affordability(loan, a_month, rules)
        inputs = _score_inputs(loan, checked, a_month, facts.known)
        result = score(inputs, table)
        if result.grade is not None and result.grade <= terms.grade:
            break
    is_declined = result.grade is None or checked.outcome == AffordabilityOutcome.DECLINE
    return Outcome(
        affordability=checked,
        score=result,
        grade_terms=None if is_declined else terms,
        instalment_amount=quoted.instalment_amount,
        decline_reasons=_decline_reasons(checked, result, facts.known) if is_declined else (),
        inputs={name: str(value) for name, value in dataclasses.asdict(inputs).items()},
    )


def preview_outcome(loan: Loan, *, today: dt.date, facts: Facts | None = None) -> Outcome | None:
    """What sending the draft now would bring, nothing written; None before the income is filled in."""
    if loan.monthly_income is None or loan.monthly_expenses is None or loan.monthly_debt_service is None:
        return None
    return assess(loan, platform_rules(), today=today, facts=facts)


def largest_passing_amount(loan: Loan, *, today: dt.date) -> int | None:
    """The largest amount in the product's steps, below the one asked for, that would not be declined; None if none.

    Halves the range each time: a smaller amount never scores worse. The loan is not changed.
    """
    product, facts, rules = loan.product, read_facts(loan), platform_rules()
    asked = loan.principal
    low, high = -(-product.min_amount // product.amount_step), (asked - 1) // product.amount_step
    best = None
    while low <= high:
        middle = (low + high) // 2
        loan.principal = middle * product.amount_step
        if assess(loan, rules, today=today, facts=facts).grade_terms is None:
            high = middle - 1
        else:
            best, low = loan.principal, middle + 1
    loan.principal = asked
    return best


def freeze_assessment(loan: Loan, outcome: Outcome, *, today: dt.date) -> CreditAssessment:
    """Write the outcome once. Call under the loan's guard."""
    require_transaction()
    terms = outcome.grade_terms
    dti = outcome.affordability.dti
    return CreditAssessment.objects.create(
        loan=loan,
        model_version=outcome.score.version,
        inputs=outcome.inputs,
        factors=[
            {"code": factor.code, "points": factor.points, "max_points": factor.max_points, "value": factor.value}
            for factor in outcome.score.factors
        ],
        points=outcome.score.points,
        grade=terms.grade if terms else "",
        annual_rate=annual_rate_of(loan.product, terms, loan.term_months) if terms else None,
        reject_codes=[reason.value for reason in outcome.decline_reasons],
        debt_to_income=None if dti is None else min(dti, LARGEST_RATIO).quantize(Decimal("0.0001")),
        disposable_income=outcome.affordability.disposable,
        instalment_amount=outcome.instalment_amount,
        affordability=outcome.affordability.outcome.value,
        assessed_on=today,
    )


def _known_inputs(loan: Loan) -> dict[str, Any]:
    """History with us and accepted proofs, in two queries."""
    closed_badly = (LoanStatus.DEFAULTED, LoanStatus.WRITTEN_OFF, LoanStatus.SETTLED)
    earlier = Loan.objects.filter(borrower_id=loan.borrower_id, status__in=LoanStatus.disbursed())
    statuses = list(earlier.values_list("status", flat=True))
    worst = earlier.filter(~Q(pk=loan.pk)).aggregate(worst=Max("worst_days_past_due"))["worst"]
    proofs = set(
        IdentityDocument.objects.filter(
            verification__user_id=loan.borrower_id, status=DocumentStatus.ACCEPTED, is_current=True
        ).values_list("kind", flat=True)
    )
    return {
        "repaid_loans": statuses.count(LoanStatus.REPAID),
        "max_days_past_due": worst or 0,
        "has_defaulted": any(status in closed_badly for status in statuses),
        "is_income_verified": DocumentKind.PROOF_OF_INCOME in proofs,
        "is_address_verified": DocumentKind.PROOF_OF_ADDRESS in proofs,
    }


def _affordability(loan: Loan, instalment: int, rules: PlatformRules) -> Affordability:
    return affordability(
        income=required(loan.monthly_income, "monthly_income"),
        expenses=required(loan.monthly_expenses, "monthly_expenses"),
        debt_service=required(loan.monthly_debt_service, "monthly_debt_service"),
        instalment=instalment,
        thresholds=AffordabilityThresholds(rules.dti_refer, rules.dti_decline, rules.disposable_multiple),
    )


def _score_inputs(loan: Loan, checked: Affordability, instalment: int, known: dict[str, Any]) -> ScoreInputs:
    yearly_income = required(loan.monthly_income, "monthly_income") * MONTHS
    return ScoreInputs(
        dti=LARGEST_RATIO if checked.dti is None else checked.dti,
        disposable_ratio=(Decimal(checked.disposable) / instalment).quantize(RATIO),
        employment_months=loan.employment_months or 0,
        amount_to_income=(
            (Decimal(loan.principal) / yearly_income).quantize(RATIO) if yearly_income else LARGEST_RATIO
        ),
        is_homeowner=loan.is_homeowner,
        **known,
    )


def _decline_reasons(checked: Affordability, result: ScoreResult, known: dict[str, Any]) -> tuple[DeclineReason, ...]:
    codes = [*checked.codes] if checked.outcome == AffordabilityOutcome.DECLINE else []
    codes += result.reject_codes
    reasons = []
    for code in codes:
        reason = REASON_OF_CODE.get(code)
        if code == "history" and known["max_days_past_due"] > BAD_DAYS_PAST_DUE:
            reason = DeclineReason.HISTORY
        if reason is None:
            # A short history or a missing proof is no fault of its own: the sum of the points was too small.
            reason = DeclineReason.SCORE
        if reason not in reasons:
            reasons.append(reason)
    return tuple(reasons[:MOST_REASONS])

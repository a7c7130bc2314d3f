"""Hard filters: whether a lender's criteria allow a loan at all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Reason(StrEnum):
    """Why a rule did or did not lend. The words for people are in `mandates.DecisionReason`, code by code."""

    LENT = "LENT"
    GRADE = "GRADE"
    RATE_LOW = "RATE_LOW"
    TERM = "TERM"
    ALREADY_HELD = "ALREADY_HELD"
    BORROWER_CAP = "BORROWER_CAP"
    LOAN_CAP = "LOAN_CAP"
    NO_CASH = "NO_CASH"
    RESERVE = "RESERVE"
    LIMIT = "LIMIT"
    ROOM_FULL = "ROOM_FULL"
    OWN_LOAN = "OWN_LOAN"
    KYC = "KYC"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class LoanFacts:
    """What matching looks at in a loan. ``net_rate`` is after the servicing fee and the expected yearly loss."""

    grade: str
    annual_rate: Decimal
    net_rate: Decimal
    term_months: int
    purpose: str
    borrower_id: int
    principal: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a lender wants: grades, the lowest yearly rate (a fraction) and the longest term in months."""

    grades: frozenset[str]
    min_rate: Decimal
    max_term_months: int


def reason_against(loan: LoanFacts, criteria: Criteria) -> Reason | None:
    """The first criterion that the loan fails, or None when it passes all. Limits are inclusive."""
    if loan.grade not in criteria.grades:
        return Reason.GRADE
    if loan.annual_rate < criteria.min_rate:
        return Reason.RATE_LOW
    if loan.term_months > criteria.max_term_months:
        return Reason.TERM
    return None

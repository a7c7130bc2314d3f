"""How well a loan fits a lender, from 0 to 100, as a sum of five parts that can be told in words.

40 for the mix of grades, 25 for the net rate, 15 for the term, 10 for the purpose, 10 for spreading the risk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from matching.engine.eligibility import LoanFacts

ONE = Decimal(1)
TENTH = Decimal("0.1")
RATE_SPAN = Decimal("0.05")
SHORTEST_TERM = 6


class Part(StrEnum):
    GRADE_MIX = "grade_mix"
    RATE = "rate"
    TERM = "term"
    PURPOSE = "purpose"
    SPREAD = "spread"


POINTS: dict[Part, int] = {Part.GRADE_MIX: 40, Part.RATE: 25, Part.TERM: 15, Part.PURPOSE: 10, Part.SPREAD: 10}


@dataclass(frozen=True, slots=True)
class Preference:
    """What a lender prefers: target share of each grade (sum 1), lowest rate, longest term, purposes (none: any).

    `has_limits` says that the lender chose rate and term; without, they are the platform's and nobody's wish.
    """

    target_mix: Mapping[str, Decimal]
    min_rate: Decimal
    max_term_months: int
    purposes: frozenset[str] = frozenset()
    has_limits: bool = True

    @property
    def chosen(self) -> frozenset[Part]:
        """The parts of a score in which the lender had a say, and spreading, which is a fact."""
        limits = {Part.RATE, Part.TERM} if self.has_limits else set()
        purposes = {Part.PURPOSE} if self.purposes else set()
        return frozenset({Part.GRADE_MIX, Part.SPREAD} | limits | purposes)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a lender has reserved and lent, in minor units, by grade, purpose and borrower."""

    by_grade: Mapping[str, int] = field(default_factory=dict)
    by_purpose: Mapping[str, int] = field(default_factory=dict)
    by_borrower: Mapping[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.by_grade.values())


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the score: points reached of the most possible."""

    part: Part
    points: Decimal
    most: int


@dataclass(frozen=True, slots=True)
class Match:
    """A score from 0 to 100 with one decimal, and its parts."""

    score: Decimal
    terms: tuple[Term, ...]
    chosen: frozenset[Part]

    def strongest(self, count: int = 3) -> tuple[Term, ...]:
        """What can be given as a reason: parts in which the lender had a say and which reach half of their points at
        least, those with most points first; equals in the order of ``Part``."""
        reasons = [term for term in self.terms if term.part in self.chosen and 2 * term.points >= term.most]
        return tuple(sorted(reasons, key=lambda term: -term.points)[:count])


def match(loan: LoanFacts, taste: Preference, holdings: Holdings, amount: int) -> Match:
    """Score a loan for a lender who would lend ``amount`` to it.

    The mix counts one less half the sum of the distances of every grade's share to its target, after lending (total
    variation): a loan that brings the mix nearer to its target scores higher than one that leads away. The rate is
    full at five points above the lowest rate; the term is full at six months and nil at the longest; spread is one
    less the larger of the shares of this borrower and this purpose in what is held.
    """
    fits = {
        Part.GRADE_MIX: _mix_fit(loan, taste, holdings, amount),
        Part.RATE: _within((loan.net_rate - taste.min_rate) / RATE_SPAN),
        Part.TERM: _term_fit(loan.term_months, taste.max_term_months),
        Part.PURPOSE: ONE if not taste.purposes or loan.purpose in taste.purposes else Decimal(0),
        Part.SPREAD: _spread_fit(loan, holdings),
    }
    terms = tuple(Term(part, _tenth(fits[part] * most), most) for part, most in POINTS.items())
    return Match(sum((term.points for term in terms), Decimal(0)), terms, taste.chosen)


def _mix_fit(loan: LoanFacts, taste: Preference, holdings: Holdings, amount: int) -> Decimal:
    total = holdings.total + amount
    if total <= 0:
        return Decimal(0)
    after = dict(holdings.by_grade)
    after[loan.grade] = after.get(loan.grade, 0) + amount
    # A grade that was never held counts as nil, not as missing.
    grades = set(after) | set(taste.target_mix)
    distance = sum(
        (abs(Decimal(after.get(grade, 0)) / total - taste.target_mix.get(grade, Decimal(0))) for grade in grades),
        Decimal(0),
    )
    return _within(ONE - distance / 2)


def _term_fit(term_months: int, longest: int) -> Decimal:
    if longest <= SHORTEST_TERM:
        return ONE if term_months <= longest else Decimal(0)
    return _within(Decimal(longest - term_months) / (longest - SHORTEST_TERM))


def _spread_fit(loan: LoanFacts, holdings: Holdings) -> Decimal:
    if not holdings.total:
        return ONE
    largest = max(holdings.by_borrower.get(loan.borrower_id, 0), holdings.by_purpose.get(loan.purpose, 0))
    return _within(ONE - Decimal(largest) / holdings.total)


def _within(fit: Decimal) -> Decimal:
    return min(max(fit, Decimal(0)), ONE)


def _tenth(points: Decimal) -> Decimal:
    return points.quantize(TENTH, ROUND_HALF_UP)

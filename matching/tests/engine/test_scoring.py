"""The score is a sum of parts; each part rewards what its words say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from matching.engine.scoring import POINTS, Holdings, Part, Preference, match
from matching.tests.engine.test_eligibility import LOAN

TASTE = Preference(target_mix={"A": Decimal("0.6"), "B": Decimal("0.4")}, min_rate=Decimal("0.05"), max_term_months=60)
NOTHING = Holdings()


def points(result: object, part: Part) -> Decimal:
    return next(term.points for term in result.terms if term.part is part)


def test_the_parts_add_up_to_a_hundred() -> None:
    assert sum(POINTS.values()) == 100


def test_a_first_loan_is_scored_part_by_part() -> None:
    result = match(LOAN, TASTE, NOTHING, 25_00)
    # All in B: distance (0.6 + 0.6) / 2; rate (9.2 - 5) / 5 points; term (60 - 36) / 54.
    assert [(term.part, term.points) for term in result.terms] == [
        (Part.GRADE_MIX, Decimal("16.0")),
        (Part.RATE, Decimal("21.0")),
        (Part.TERM, Decimal("6.7")),
        (Part.PURPOSE, Decimal("10.0")),
        (Part.SPREAD, Decimal("10.0")),
    ]
    assert result.score == Decimal("63.7")
    # A reason reaches half of its points, and nobody chose a purpose.
    assert [term.part for term in result.strongest()] == [Part.RATE, Part.SPREAD]


def test_a_reason_is_only_what_the_lender_had_a_say_in() -> None:
    good = replace(LOAN, term_months=6, net_rate=Decimal("0.20"))
    mix = Holdings(by_grade={"A": 60_00, "B": 15_00})
    chosen = replace(TASTE, purposes=frozenset({LOAN.purpose}))
    parts = [term.part for term in match(good, chosen, mix, 25_00).strongest(5)]
    assert parts == [Part.GRADE_MIX, Part.RATE, Part.TERM, Part.PURPOSE, Part.SPREAD]
    parts = [term.part for term in match(good, replace(TASTE, has_limits=False), mix, 25_00).strongest(5)]
    assert parts == [Part.GRADE_MIX, Part.SPREAD]


def test_a_grade_below_its_target_scores_above_one_at_its_target() -> None:
    holdings = Holdings(by_grade={"A": 100_00, "B": 400_00})
    a = match(replace(LOAN, grade="A"), TASTE, holdings, 50_00)
    b = match(LOAN, TASTE, holdings, 50_00)
    assert points(a, Part.GRADE_MIX) > points(b, Part.GRADE_MIX)


def test_a_grade_never_held_counts_as_nil_and_not_as_missing() -> None:
    holdings = Holdings(by_grade={"B": 400_00})
    assert points(match(replace(LOAN, grade="A"), TASTE, holdings, 600_00), Part.GRADE_MIX) == Decimal("40.0")


def test_more_with_the_same_borrower_scores_lower_for_spread() -> None:
    holdings = Holdings(by_grade={"A": 100_00}, by_purpose={"vehicle": 100_00}, by_borrower={1: 75_00, 2: 25_00})
    assert points(match(LOAN, TASTE, holdings, 25_00), Part.SPREAD) == Decimal("2.5")


def test_a_purpose_that_is_not_preferred_brings_no_points() -> None:
    taste = replace(TASTE, purposes=frozenset({"vehicle"}))
    assert points(match(LOAN, taste, NOTHING, 25_00), Part.PURPOSE) == 0


@given(
    rate=st.decimals("0", "0.4", places=4),
    term=st.integers(6, 84),
    held=st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 10**8)),
    amount=st.integers(1, 10**7),
)
def test_a_score_is_from_nil_to_a_hundred_and_the_sum_of_its_parts(
    rate: Decimal, term: int, held: dict[str, int], amount: int
) -> None:
    loan = replace(LOAN, net_rate=rate, term_months=term)
    result = match(loan, TASTE, Holdings(by_grade=held, by_borrower={1: sum(held.values())}), amount)
    assert 0 <= result.score <= 100
    assert result.score == sum(part.points for part in result.terms)
    assert all(0 <= part.points <= part.most for part in result.terms)

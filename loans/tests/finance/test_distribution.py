from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.finance import InvalidPayment, NoteShare, NoteState, Terms, build_schedule, distribute
from loans.tests.finance.test_schedule import TEN_THOUSAND

FEE_RATE = Decimal("0.05")
THREE_NOTES = [NoteState(1, 333300), NoteState(2, 333300), NoteState(3, 333400)]


def share(notes: list[NoteState], principal: int = 0, interest: int = 0, late_fee: int = 0) -> list[NoteShare]:
    return distribute(
        principal=principal, interest=interest, late_fee=late_fee, notes=notes, servicing_fee_rate=FEE_RATE
    )


def paid(notes: list[NoteState], shares: list[NoteShare]) -> list[NoteState]:
    return [
        NoteState(
            note.note_id,
            note.principal_outstanding - part.principal,
            part.interest_carry,
            part.late_fee_carry,
            note.principal,
        )
        for note, part in zip(notes, shares, strict=True)
    ]


@pytest.mark.parametrize("parts", [(-1, 0, 0), (0, -1, 0), (0, 0, -1), (1000001, 0, 0)])
def test_parts_that_cannot_be_are_refused(parts: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidPayment):
        share(THREE_NOTES, *parts)


def test_no_notes_are_refused() -> None:
    with pytest.raises(InvalidPayment):
        share([], interest=100)


def test_notes_without_any_weight_are_refused() -> None:
    with pytest.raises(InvalidPayment):
        share([NoteState(1, 0)], interest=100)


def test_first_payment_of_the_worked_loan() -> None:
    shares = share(THREE_NOTES, principal=78849, interest=10000)
    assert [part.principal for part in shares] == [26281, 26280, 26288]
    assert [part.interest for part in shares] == [3333, 3333, 3334]
    assert [part.servicing_fee for part in shares] == [166, 166, 166]
    assert [part.net for part in shares] == [29448, 29447, 29456]


def test_whole_worked_loan_pays_everybody_back() -> None:
    notes = THREE_NOTES
    principal, interest = [0, 0, 0], [0, 0, 0]
    for line in build_schedule(TEN_THOUSAND).lines:
        shares = share(notes, principal=line.principal, interest=line.interest)
        principal = [total + part.principal for total, part in zip(principal, shares, strict=True)]
        interest = [total + part.interest for total, part in zip(interest, shares, strict=True)]
        notes = paid(notes, shares)
    assert principal == [333300, 333300, 333400]
    assert interest == [22060, 22060, 22066]
    assert [note.principal_outstanding for note in notes] == [0, 0, 0]


def test_carry_keeps_seven_equal_lenders_within_a_cent_of_each_other() -> None:
    notes = [NoteState(number, 100000) for number in range(1, 8)]
    received = [0] * 7
    for _ in range(24):
        shares = share(notes, interest=1000)
        received = [total + part.interest for total, part in zip(received, shares, strict=True)]
        notes = [note._replace(interest_carry=part.interest_carry) for note, part in zip(notes, shares, strict=True)]
    assert sum(received) == 24000
    assert set(received) == {3428, 3429}


def test_tie_goes_to_the_lowest_note_id_whatever_the_order_of_the_list() -> None:
    shares = share([NoteState(9, 100), NoteState(2, 100), NoteState(5, 100)], principal=100, interest=100)
    assert [(part.note_id, part.principal, part.interest) for part in shares] == [(9, 33, 33), (2, 34, 34), (5, 33, 33)]


def test_big_note_is_not_kept_waiting_by_small_ones_with_a_larger_fraction() -> None:
    small, big = NoteState(1, 2500, Decimal("0.35")), NoteState(2, 100000, Decimal("0.05"))
    other = NoteState(3, 100000, Decimal("-0.40"))
    shares = share([small, big, other], interest=1)
    assert [part.interest for part in shares] == [0, 1, 0]


def test_late_fee_is_shared_like_interest_without_a_servicing_fee() -> None:
    shares = share(THREE_NOTES, late_fee=4442)
    assert [part.late_fee for part in shares] == [1481, 1480, 1481]
    assert [part.servicing_fee for part in shares] == [0, 0, 0]
    assert sum(part.late_fee_carry for part in shares) == 0


def test_late_fee_that_the_platform_keeps_reaches_no_lender() -> None:
    shares = distribute(
        principal=0,
        interest=0,
        late_fee=4442,
        notes=THREE_NOTES,
        servicing_fee_rate=FEE_RATE,
        late_fees_to_lenders=False,
    )
    assert [part.late_fee for part in shares] == [0, 0, 0]


def test_interest_after_the_last_principal_goes_by_what_was_lent() -> None:
    repaid = [NoteState(1, 0, principal=100), NoteState(2, 0, principal=300)]
    assert [part.interest for part in share(repaid, interest=40)] == [10, 30]


def test_share_explains_itself() -> None:
    (first, _, _) = share([NoteState(1, 333300, Decimal("0.4")), *THREE_NOTES[1:]], interest=1001)
    exact = Decimal(1001) * first.weight / first.total_weight + first.interest_carry_before
    assert first.interest_carry_before == Decimal("0.4")
    assert abs(exact - first.interest - first.interest_carry) < Decimal("1e-11")


def test_note_that_has_had_too_much_waits_and_never_pays_back() -> None:
    notes = [NoteState(1, 100, Decimal("-0.8")), NoteState(2, 100, Decimal("-0.2")), NoteState(3, 800, Decimal("1.0"))]
    shares = share(notes, interest=1)
    assert [part.interest for part in shares] == [0, 0, 1]
    assert sum(part.interest_carry for part in shares) == 0


weights = st.lists(st.integers(1, 10**7), min_size=1, max_size=30)


@settings(deadline=None)
@given(weights, st.data())
def test_a_whole_life_is_exact_to_the_cent_for_everybody(principals: list[int], data: st.DataObject) -> None:
    notes = [NoteState(number, amount, principal=amount) for number, amount in enumerate(principals, start=1)]
    exact = [Fraction(0)] * len(notes)
    received = [0] * len(notes)
    left = sum(principals)
    for _ in range(data.draw(st.integers(1, 12))):
        principal = data.draw(st.integers(0, left))
        interest = data.draw(st.integers(0, 2 * len(notes)) | st.integers(0, 100000))
        shares = share(notes, principal=principal, interest=interest)
        assert sum(part.principal for part in shares) == principal
        assert sum(part.interest for part in shares) == interest
        assert sum(part.interest_carry for part in shares) == 0
        assert all(0 <= part.principal <= part.weight or not left for part in shares)
        for index, part in enumerate(shares):
            exact[index] += Fraction(interest * part.weight, part.total_weight)
            received[index] += part.interest
        assert all(abs(due - got) < 1 for due, got in zip(exact, received, strict=True))
        notes = paid(notes, shares)
        left -= principal
    shares = share(notes, principal=left)
    assert all(note.principal_outstanding == 0 for note in paid(notes, shares))


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 60) | st.integers(2500, 500000), min_size=2, max_size=20), st.randoms(use_true_random=False)
)
def test_nobody_is_ever_a_cent_from_the_exact_principal_in_hundreds_of_tiny_payments(
    principals: list[int], chance: Random
) -> None:
    notes = [NoteState(number, amount, principal=amount) for number, amount in enumerate(principals, start=1)]
    lent = left = sum(principals)
    for _payment in range(200):
        principal = min(left, chance.choice((1, 1, 2, 3, 7, 40)))
        shares = share(notes, principal=principal)
        assert sum(part.principal for part in shares) == principal
        notes, left = paid(notes, shares), left - principal
        assert all(0 <= note.principal_outstanding <= note.principal for note in notes)
        assert all(abs(note.principal_outstanding * lent - note.principal * left) < lent for note in notes)


def test_a_big_note_does_not_get_every_payment_of_one_cent() -> None:
    notes = [NoteState(number, amount, principal=amount) for number, amount in enumerate([5000, *[2500] * 9], start=1)]
    for _payment in range(200):
        notes = paid(notes, share(notes, principal=1))
    # 200 × 5,000 / 27,500 is 36.4; the others 18.2 each.
    first, *others = (note.principal - note.principal_outstanding for note in notes)
    assert (first in (36, 37), set(others) <= {18, 19}, first + sum(others)) == (True, True, 200)


@settings(deadline=None)
@given(
    st.lists(st.integers(2500, 500000), min_size=2, max_size=25),
    st.decimals("0.01", "0.40", places=4),
    st.integers(2, 60),
)
def test_no_lender_of_a_loan_is_ever_a_cent_from_the_exact_share(
    principals: list[int], rate: Decimal, instalments: int
) -> None:
    loan = Terms(sum(principals), rate, instalments, TEN_THOUSAND.start_date)
    notes = [NoteState(number, amount) for number, amount in enumerate(principals, start=1)]
    exact = [Fraction(0)] * len(notes)
    received = [0] * len(notes)
    for line in build_schedule(loan).lines:
        shares = share(notes, principal=line.principal, interest=line.interest)
        for index, part in enumerate(shares):
            exact[index] += Fraction(line.interest * part.weight, part.total_weight)
            received[index] += part.interest
        notes = paid(notes, shares)
    assert all(abs(due - got) < 1 for due, got in zip(exact, received, strict=True))
    assert all(note.principal_outstanding == 0 for note in notes)

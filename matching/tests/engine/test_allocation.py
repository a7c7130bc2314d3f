"""Sharing a loan out: never above a limit, never by being first, always to the step."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from matching.engine.allocation import Cap, Claim, Limits, Position, Wish, cap_of, distribute, floor_to_step
from matching.engine.eligibility import Reason

LIMITS = Limits(
    minimum=25_00, step=5_00, loan_share_cap=Decimal("0.25"), lender_borrower_cap=500_00, lender_total_cap=0
)
WISH = Wish(amount_per_loan=60_00, keep_available=0)
PRINCIPAL = 10_000_00


def cap(wish: Wish, position: Position, *, principal: int = PRINCIPAL, remaining: int = PRINCIPAL) -> Cap:
    return cap_of(wish, position, principal, remaining, LIMITS)


def test_a_balance_below_the_largest_amount_still_lends_what_is_there() -> None:
    assert cap(WISH, Position(available=26_00)) == Cap(25_00, None)


def test_a_limit_of_125_never_becomes_175_in_a_later_run() -> None:
    wish = Wish(amount_per_loan=125_00, keep_available=0)
    assert cap(wish, Position(available=1_000_00, in_loan=50_00, with_borrower=50_00)) == Cap(75_00, None)
    assert cap(wish, Position(available=1_000_00, in_loan=125_00, with_borrower=125_00)) == Cap(0, Reason.ALREADY_HELD)


def test_money_to_keep_is_kept_and_named_as_the_reason() -> None:
    wish = Wish(amount_per_loan=60_00, keep_available=100_00)
    assert cap(wish, Position(available=131_00)) == Cap(30_00, None)
    assert cap(wish, Position(available=124_99)) == Cap(0, Reason.RESERVE)
    assert cap(wish, Position(available=24_99)) == Cap(0, Reason.NO_CASH)


def test_no_lender_holds_more_of_a_loan_than_the_share_cap() -> None:
    wish = Wish(amount_per_loan=500_00, keep_available=0)
    position = Position(available=1_000_00)
    assert cap(wish, position, principal=1_000_00, remaining=1_000_00) == Cap(250_00, None)
    held = Position(available=1_000_00, in_loan=240_00, with_borrower=240_00)
    assert cap(wish, held, principal=1_000_00, remaining=500_00) == Cap(0, Reason.LOAN_CAP)


def test_the_cap_with_one_borrower_counts_other_loans() -> None:
    wish = Wish(amount_per_loan=300_00, keep_available=0)
    assert cap(wish, Position(available=900_00, with_borrower=420_00)) == Cap(80_00, None)
    assert cap(wish, Position(available=900_00, with_borrower=480_00)) == Cap(0, Reason.BORROWER_CAP)


def test_a_total_cap_of_nil_is_no_limit_and_another_is_one() -> None:
    limits = Limits(25_00, 5_00, Decimal("0.25"), 500_00, lender_total_cap=1_000_00)
    position = Position(available=900_00, in_total=960_00)
    assert cap_of(WISH, position, PRINCIPAL, PRINCIPAL, limits) == Cap(40_00, None)
    assert cap(WISH, position) == Cap(60_00, None)


def test_the_rest_of_a_loan_below_the_minimum_may_be_lent_whole() -> None:
    assert cap(WISH, Position(available=22_00), remaining=20_00) == Cap(20_00, None)
    assert distribute([Claim(1, 15_00), Claim(2, 20_00)], room=20_00, remaining=20_00, limits=LIMITS) == {
        1: 0,
        2: 20_00,
    }


def test_two_lenders_share_a_small_room_evenly() -> None:
    claims = [Claim(1, 500_00), Claim(2, 500_00)]
    assert distribute(claims, room=100_00, remaining=100_00, limits=LIMITS) == {1: 50_00, 2: 50_00}


def test_who_is_later_gets_nothing_when_the_room_ends_before_a_minimum() -> None:
    claims = [Claim(1, 500_00), Claim(2, 500_00), Claim(3, 500_00)]
    assert distribute(claims, room=70_00, remaining=70_00, limits=LIMITS) == {1: 35_00, 2: 35_00, 3: 0}


def test_a_low_cap_leaves_its_part_to_the_others() -> None:
    claims = [Claim(1, 25_00), Claim(2, 500_00)]
    assert distribute(claims, room=200_00, remaining=900_00, limits=LIMITS) == {1: 25_00, 2: 175_00}


def test_nobody_gets_anything_without_room() -> None:
    assert distribute([Claim(1, 500_00)], room=0, remaining=0, limits=LIMITS) == {1: 0}


CAPS = st.lists(st.integers(5, 200).map(lambda steps: steps * 5_00), max_size=30)
ROOMS = st.integers(0, 20_000_00)


@given(caps=CAPS, room=ROOMS, more=st.integers(0, 1_000_00))
def test_no_cap_and_no_room_is_ever_exceeded_and_amounts_are_whole_steps(caps: list[int], room: int, more: int) -> None:
    claims = [Claim(number, cap) for number, cap in enumerate(caps)]
    given_out = distribute(claims, room=room, remaining=room + more, limits=LIMITS)
    assert sum(given_out.values()) <= room
    for claim in claims:
        amount = given_out[claim.mandate_id]
        assert amount <= claim.cap
        assert amount in (0, room) or (amount >= LIMITS.minimum and amount % LIMITS.step == 0)


@given(caps=CAPS, room=ROOMS)
def test_room_is_left_only_when_every_cap_is_reached_or_no_step_fits(caps: list[int], room: int) -> None:
    claims = [Claim(number, cap) for number, cap in enumerate(caps)]
    given_out = distribute(claims, room=room, remaining=room + 1, limits=LIMITS)
    left = floor_to_step(room, LIMITS.step) - sum(given_out.values())
    open_served = [claim for claim in claims if 0 < given_out[claim.mandate_id] < claim.cap]
    left_out = [claim for claim in claims if not given_out[claim.mandate_id]]
    assert not (left >= LIMITS.step and open_served)
    assert not (left >= LIMITS.minimum and left_out)


@given(caps=CAPS, room=ROOMS)
def test_being_first_is_worth_one_step_at_most(caps: list[int], room: int) -> None:
    claims = [Claim(number, cap) for number, cap in enumerate(caps)]
    given_out = distribute(claims, room=room, remaining=room + 1, limits=LIMITS)
    for place, claim in enumerate(claims):
        mine = given_out[claim.mandate_id]
        for later in claims[place + 1 :]:
            theirs = given_out[later.mandate_id]
            # Nobody behind me gets more than I, unless my own cap stops me; nobody served is far behind another.
            assert theirs <= mine or mine == claim.cap
            if theirs and theirs < later.cap:
                assert mine - theirs <= LIMITS.step


@given(
    available=st.integers(0, 2_000_00),
    keep=st.integers(0, 2_000_00),
    per_loan=st.integers(1, 1_000_00),
    in_loan=st.integers(0, 300_00),
    with_borrower=st.integers(0, 600_00),
    principal=st.integers(5, 250).map(lambda hundreds: hundreds * 100_00),
)
def test_a_cap_breaks_no_limit(
    available: int, keep: int, per_loan: int, in_loan: int, with_borrower: int, principal: int
) -> None:
    position = Position(available, in_loan, in_loan + with_borrower)
    found = cap_of(Wish(per_loan, keep), position, principal, principal, LIMITS)
    assert (found.amount == 0) == (found.reason is not None)
    if found.amount:
        assert found.amount >= LIMITS.minimum
        assert available - found.amount >= keep
        assert in_loan + found.amount <= min(per_loan, principal // 4)
        assert in_loan + with_borrower + found.amount <= LIMITS.lender_borrower_cap

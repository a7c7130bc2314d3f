"""Passing an allocated payment on to the notes of a loan, exact to the minor unit and fair over its whole life."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from itertools import islice, pairwise

from loans.finance.errors import InvalidPayment
from loans.finance.types import NoteShare, NoteState

CARRY_PLACES = 12
_CARRY_UNIT = 10**CARRY_PLACES
# Wide enough for any carry, whatever context the caller works in.
_EXACT = Context(prec=40)
_NO_CARRY = Decimal(0)


def distribute(
    *,
    principal: int,
    interest: int,
    late_fee: int,
    notes: Sequence[NoteState],
    servicing_fee_rate: Decimal,
    late_fees_to_lenders: bool = True,
) -> list[NoteShare]:
    """Share the parts of a payment among notes, in the order given; every part adds up to exactly what was paid.

    Weights are the notes' outstanding principal before the payment. Interest and late fee carry their fraction:
    entitlement = amount * weight / total + carry; the note gets its floor (never below nil), minor units left go to
    those who would be owed a whole one soonest (at equal weights: the largest fractions), and the rest is the new
    carry, so that nobody is ever a whole unit off. Principal is shared in the same way by what was lent; its fraction
    needs no carry, because what a note should have outstanding after the payment is known: its part of the whole.
    Nobody gets more than is outstanding and the last payment closes every note at nil. The servicing fee is
    ``servicing_fee_rate`` of the note's interest, rounded down. Late fees that the platform keeps are not shared.
    Raises InvalidPayment for a negative part, more principal than is outstanding, or notes without weight.

    Notes of 3,333.00, 3,333.00 and 3,334.00, payment of 788.49 principal and 100.00 interest: principal 262.81,
    262.80, 262.88; interest 33.33, 33.33, 33.34; fee at 5 % 1.66 each.
    """
    weights = _weights(principal, interest, late_fee, notes)
    total_weight = sum(weights)
    principal_shares = _share_principal(principal, notes, weights)
    interest_shares, interest_carries = _share_with_carry(
        interest, notes, weights, [note.interest_carry for note in notes]
    )
    fee_shares, fee_carries = _share_with_carry(
        late_fee if late_fees_to_lenders else 0, notes, weights, [note.late_fee_carry for note in notes]
    )
    fee_numerator, fee_denominator = servicing_fee_rate.as_integer_ratio()
    return [
        NoteShare(
            note.note_id,
            principal_share,
            interest_share,
            fee_share,
            interest_share * fee_numerator // fee_denominator,
            interest_carry,
            fee_carry,
            note.interest_carry,
            note.late_fee_carry,
            weight,
            total_weight,
        )
        for note, weight, principal_share, interest_share, interest_carry, fee_share, fee_carry in zip(
            notes, weights, principal_shares, interest_shares, interest_carries, fee_shares, fee_carries, strict=True
        )
    ]


def _weights(principal: int, interest: int, late_fee: int, notes: Sequence[NoteState]) -> list[int]:
    if min(principal, interest, late_fee) < 0:
        raise InvalidPayment("no part of a payment can be negative")
    weights = [note.principal_outstanding for note in notes]
    if principal > sum(weights):
        raise InvalidPayment("more principal than the notes have outstanding")
    if not any(weights):
        weights = [note.principal for note in notes]
    if not notes or min(weights) < 0 or not any(weights):
        raise InvalidPayment("no note has a weight to share by")
    return weights


def _share_principal(principal: int, notes: Sequence[NoteState], weights: Sequence[int]) -> list[int]:
    """What each note has outstanding above its part, by what was lent, of what is left after the payment."""
    if not principal:
        return [0] * len(weights)
    lent = [note.principal or weight for note, weight in zip(notes, weights, strict=True)]
    total, left = sum(lent), sum(weights) - principal
    entitlements = [weight * total - left * part for weight, part in zip(weights, lent, strict=True)]
    return _whole_units(principal, entitlements, total, lent, notes)[0]


def _share_with_carry(
    amount: int, notes: Sequence[NoteState], weights: Sequence[int], carries: Sequence[Decimal]
) -> tuple[list[int], list[Decimal]]:
    """Shares and new carries. Fractions are whole numbers of 10^-12 minor units, so that carries add up to nil."""
    if not amount:
        return [0] * len(weights), list(carries)
    entitlements = _entitlements(amount, notes, weights, carries)
    shares, rests = _whole_units(amount, entitlements, _CARRY_UNIT, weights, notes)
    return shares, [Decimal(rest).scaleb(-CARRY_PLACES, _EXACT) if rest else _NO_CARRY for rest in rests]


def _whole_units(
    amount: int, entitlements: Sequence[int], unit: int, weights: Sequence[int], notes: Sequence[NoteState]
) -> tuple[list[int], list[int]]:
    """Whole minor units that add up to ``amount``, and what remains of each entitlement, both in parts of ``unit``."""
    shares = [entitlement // unit if entitlement > 0 else 0 for entitlement in entitlements]
    rests = [entitlement - share * unit for entitlement, share in zip(entitlements, shares, strict=True)]
    missing = amount - sum(shares)
    if missing > 0:
        for index in _soonest_owed(rests, unit, weights, notes)[:missing]:
            shares[index] += 1
            rests[index] -= unit
    elif missing < 0:
        _reduce(-missing, shares, rests, unit, notes)
    return shares, rests


def _soonest_owed(rests: Sequence[int], unit: int, weights: Sequence[int], notes: Sequence[NoteState]) -> list[int]:
    """Indices of the notes by how soon each would be owed a whole minor unit, at its share of what is still to come.

    Of two at once the larger fraction is first, then the lowest note id.

    Between notes of one weight that is the largest fraction first. Between weights, the largest fraction alone would
    let a big note fall more than a unit behind while small ones, which can wait, are served. A note that is owed
    nothing comes last. Source: the earliest-deadline rule for the chairman assignment problem (Tijdeman, 1980).
    """
    total = sum(weights)

    def time_left(index: int) -> int:
        if rests[index] <= 0 or not weights[index]:
            return unit * total - rests[index]
        return (unit - rests[index]) * total // weights[index]

    return sorted(_by_id(notes), key=lambda index: (time_left(index), -rests[index]))


def _reduce(excess: int, shares: list[int], rests: list[int], unit: int, notes: Sequence[NoteState]) -> None:
    """Notes that have had too much cannot pay back, so those with the smallest claim wait for a minor unit."""
    while excess:
        waiting = [index for index in reversed(_largest_first(rests, notes)) if shares[index] > 0][:excess]
        for index in waiting:
            shares[index] -= 1
            rests[index] += unit
        excess -= len(waiting)


def _entitlements(
    amount: int, notes: Sequence[NoteState], weights: Sequence[int], carries: Sequence[Decimal]
) -> list[int]:
    """Exact share plus carry of every note in 10^-12 minor units; their sum is the amount plus all carries."""
    total = sum(weights)
    shares, _ = _divide(amount * _CARRY_UNIT, weights, total)
    missing = amount * _CARRY_UNIT - sum(shares)
    if missing:
        # Less than 10^-12 of a minor unit each: who gets it can never be seen, only the sum must be exact.
        receivers = (index for index in _by_id(notes) if weights[index])
        for index in islice(receivers, missing):
            shares[index] += 1
    return [
        share + int(carry.scaleb(CARRY_PLACES, _EXACT)) if carry else share
        for share, carry in zip(shares, carries, strict=True)
    ]


def _divide(amount: int, weights: Sequence[int], total: int) -> tuple[list[int], list[int]]:
    """Whole parts of the exact shares, and what remains of each over ``total``."""
    products = [amount * weight for weight in weights]
    shares = [product // total for product in products]
    return shares, [product - share * total for product, share in zip(products, shares, strict=True)]


def _largest_first(figures: Sequence[int], notes: Sequence[NoteState]) -> list[int]:
    """Indices of the figures, largest first, ties to the lowest note id."""
    # Sorting is stable, reversed sorting too: equal figures keep the order of the note ids.
    return sorted(_by_id(notes), key=figures.__getitem__, reverse=True)


def _by_id(notes: Sequence[NoteState]) -> Sequence[int]:
    """Indices of the notes in order of their ids, which is how they mostly come."""
    indices = range(len(notes))
    if all(earlier.note_id < later.note_id for earlier, later in pairwise(notes)):
        return indices
    return sorted(indices, key=lambda index: notes[index].note_id)

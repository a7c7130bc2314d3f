"""Sharing one loan out among lending rules: in rounds of one step, so that being first is never the whole loan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from matching.engine.eligibility import Reason
from p2plending.lib.money import floor_percent_of


@dataclass(frozen=True, slots=True)
class Limits:
    """The platform's limits. Amounts in minor units, ``loan_share_cap`` a fraction; a total cap of 0 is no limit."""

    minimum: int
    step: int
    loan_share_cap: Decimal
    lender_borrower_cap: int
    lender_total_cap: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where a lender stands when a loan comes up, in minor units.

    ``available`` is free money in the wallet; ``in_loan``, ``with_borrower`` and ``in_total`` are what is reserved or
    lent already in this loan, with this borrower, and altogether.
    """

    available: int
    in_loan: int = 0
    with_borrower: int = 0
    in_total: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a rule asks for: at most ``amount_per_loan`` in one loan, leaving ``keep_available`` in the wallet."""

    amount_per_loan: int
    keep_available: int


@dataclass(frozen=True, slots=True)
class Cap:
    """The most a rule may lend to the loan now; nil comes with the reason."""

    amount: int
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A rule's place in the queue: ``cap`` above nil."""

    mandate_id: int
    cap: int


def floor_to_step(amount: int, step: int) -> int:
    """The largest multiple of ``step`` not above ``amount``; nil for a negative amount. 133 by 5 is 130."""
    return max(amount, 0) // step * step


def cap_of(wish: Wish, position: Position, principal: int, remaining: int, limits: Limits) -> Cap:
    """The most that a rule may lend to a loan: the lowest of all limits, down to a whole step.

    Uses what is there: with 26.00 available, a largest amount of 60.00 and a minimum of 25.00 it is 25.00. What the
    lender holds in the loan already counts, so a limit of 125.00 is 125.00 however often the rule runs. Below the
    minimum it is nil, with the limit that is lowest as the reason. When the rest of the loan is below the minimum,
    that rest is the minimum.
    """
    least = min(limits.minimum, remaining)
    bounds = [
        (wish.amount_per_loan - position.in_loan, Reason.ALREADY_HELD if position.in_loan else Reason.LIMIT),
        (floor_percent_of(principal, limits.loan_share_cap) - position.in_loan, Reason.LOAN_CAP),
        (limits.lender_borrower_cap - position.with_borrower, Reason.BORROWER_CAP),
        (position.available, Reason.NO_CASH),
        (position.available - wish.keep_available, Reason.RESERVE),
    ]
    if limits.lender_total_cap:
        bounds.append((limits.lender_total_cap - position.in_total, Reason.LIMIT))
    lowest = min(amount for amount, _ in bounds)
    if lowest < least:
        return Cap(0, next(reason for amount, reason in bounds if amount < least))
    return Cap(max(floor_to_step(lowest, limits.step), least), None)


def distribute(claims: Sequence[Claim], *, room: int, remaining: int, limits: Limits) -> dict[int, int]:
    """Divide ``room`` of a loan among claims in the order given; minor units by mandate id, nil for those left out.

    First everyone in turn gets the minimum (a lender who can't have it gets nothing), then rounds of one step up to
    each cap, until the room is used. ``room`` is at most ``remaining``, what the loan still needs. When that rest is
    below the minimum it goes, whole, to the first in the queue: it may always be lent.
    """
    given = dict.fromkeys((claim.mandate_id for claim in claims), 0)
    if 0 < remaining == room < limits.minimum:
        taker = next((claim for claim in claims if claim.cap >= room), None)
        return given | ({taker.mandate_id: room} if taker else {})
    left = floor_to_step(room, limits.step)
    served = []
    for claim in claims:
        if limits.minimum <= min(left, claim.cap):
            given[claim.mandate_id] = limits.minimum
            left -= limits.minimum
            served.append(claim)
    while left and served:
        served = [claim for claim in served if given[claim.mandate_id] + limits.step <= claim.cap]
        for claim in served:
            if left < limits.step:
                return given
            given[claim.mandate_id] += limits.step
            left -= limits.step
    return given

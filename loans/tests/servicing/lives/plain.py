"""The parts of the plain model: a payment of the plan, a lender's part, wallets, and small sums over them.

Nothing of the product's code is used here, so that a mistake there is not repeated.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

DAY = dt.timedelta(days=1)


def half_up(numerator: int, denominator: int) -> int:
    """A quotient in whole minor units; halves go up."""
    return (2 * numerator + denominator) // (2 * denominator)


def by_largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """Whole shares that add up to `amount`: floors, then one each to the largest fractions, the first of equals."""
    exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
    shares = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda index: (shares[index] - exact[index], index))
    for index in order[: amount - sum(shares)]:
        shares[index] += 1
    return shares


@dataclasses.dataclass(slots=True)
class Row:
    """One payment of the plan: what it asks for, what was paid and what was waived of it, in minor units."""

    version: int
    number: int
    start: dt.date
    due: dt.date
    principal: int
    interest: int
    late_fee: int = 0
    principal_paid: int = 0
    interest_paid: int = 0
    late_fee_paid: int = 0
    interest_waived: int = 0
    late_fee_waived: int = 0
    fee_on: dt.date | None = None
    # What a day of lateness costs: interest on principal that is late, exact, and what was charged of it.
    late_interest: Fraction = Fraction(0)
    late_interest_charged: int = 0
    late_interest_to: dt.date | None = None
    no_late_interest_after: dt.date | None = None

    @property
    def key(self) -> tuple[int, int]:
        return self.version, self.number

    @property
    def principal_open(self) -> int:
        return self.principal - self.principal_paid

    @property
    def interest_open(self) -> int:
        return self.interest - self.interest_waived - self.interest_paid

    @property
    def late_fee_open(self) -> int:
        return self.late_fee - self.late_fee_waived - self.late_fee_paid

    @property
    def open(self) -> int:
        return self.principal_open + self.interest_open + self.late_fee_open

    def interest_earned(self, on: dt.date) -> int:
        """Interest of the days up to `on` that is not paid: by days of the period, never below zero."""
        asked = self.interest - self.interest_waived
        days, length = (on - self.start).days, (self.due - self.start).days
        earned = asked if on >= self.due else half_up(asked * days, length) if days > 0 else 0
        return max(earned - self.interest_paid, 0)

    def take(self, money: int, order: Sequence[str]) -> dict[str, int]:
        """Pay as much of it as `money` reaches, part by part in `order`; says what went where."""
        taken = {}
        for part in order:
            taken[part] = min(money, getattr(self, f"{part}_open"))
            setattr(self, f"{part}_paid", getattr(self, f"{part}_paid") + taken[part])
            money -= taken[part]
        return taken


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """What the borrower and the platform agreed on, as far as it matters after the money was paid out."""

    grace_days: int
    late_fee_fixed: int
    late_fee_rate: Fraction
    late_fee_cap: int | None
    late_fees_to_lenders: bool
    order: tuple[str, ...]
    extra_mode: str
    servicing_fee_rate: Fraction
    default_interest_rate: Fraction
    default_after_days: int
    collection_fee_rate: Fraction
    withdrawal_days: int
    fee_refund: int

    def late_fee(self, row: Row) -> int:
        unpaid = row.principal_open + row.interest_open
        if not unpaid:
            return 0
        rate = self.late_fee_rate * unpaid
        fee = max(self.late_fee_fixed, half_up(rate.numerator, rate.denominator))
        return fee if self.late_fee_cap is None else min(fee, self.late_fee_cap)

    def bucket(self, days: int) -> str:
        if days > self.default_after_days:
            return "default"
        for last, name in ((0, "current"), (self.grace_days, "grace"), (30, "late_16_30"), (60, "late_31_60")):
            if days <= last:
                return name
        return "late_61_90"


@dataclasses.dataclass(slots=True)
class Part:
    """What one lender lent, has outstanding and received, and what would be exactly theirs of interest and fees."""

    lent: int
    outstanding: int
    capitalised: int = 0
    principal: int = 0
    interest: int = 0
    late_fee: int = 0
    servicing_fee: int = 0
    lost: int = 0
    recovered: int = 0
    exact_interest: Fraction = Fraction(0)
    exact_late_fee: Fraction = Fraction(0)

    def of(self, amount: int, everybody: Iterable[Part]) -> Fraction:
        """The exact part of an amount of principal, by what was lent and what became principal since."""
        return Fraction(amount * (self.lent + self.capitalised), sum(one.lent + one.capitalised for one in everybody))


@dataclasses.dataclass(slots=True)
class Purse:
    """A person's money with the platform. `due` is what they owe it: money that was taken back after they spent it."""

    available: int
    withdrawing: int = 0
    due: int = 0

    def move(self, amount: int) -> None:
        """Money in pays what is due first; money out that is not there becomes due."""
        rest = self.available - self.due + amount
        self.available, self.due = max(rest, 0), max(-rest, 0)


@dataclasses.dataclass(slots=True)
class Share:
    """What one lender got of one payment."""

    principal: int
    interest: int
    late_fee: int
    servicing_fee: int
    net: int


@dataclasses.dataclass(slots=True)
class Payment:
    """A payment as the product says it was posted. `plan` holds the rows of the new plan that it made, if any."""

    pk: int
    amount: int
    method: str
    mode: str
    value_date: dt.date
    counted_on: dt.date
    late_fee: int
    interest: int
    principal: int
    surplus: int
    held: int
    credit_used: int
    shares: Mapping[int, Share]
    plan: Sequence[Row]

    @property
    def figures(self) -> tuple[int, int, int, int, int, int]:
        return self.late_fee, self.interest, self.principal, self.surplus, self.held, self.credit_used

    @property
    def is_from_credit(self) -> bool:
        """Paid by the calendar from money that was paid ahead."""
        return self.method == "credit"

"""What can happen to a loan after its disbursement. Amounts are minor units; ``reference`` tells events apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loans.finance.errors import InvalidPayment
from loans.finance.progressive.enums import ChargeBase, FutureInstalments, LoanPart


@dataclass(frozen=True, slots=True)
class Payment:
    """``amount`` that counts from ``on``, whenever it was entered. Raises InvalidPayment unless above zero."""

    reference: str
    on: date
    amount: int

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise InvalidPayment("a payment must be above zero")


@dataclass(frozen=True, slots=True)
class PayOff:
    """A payment of exactly what closes the loan on that day."""

    reference: str
    on: date


@dataclass(frozen=True, slots=True)
class Charge:
    """A fee or penalty with a due date of its own, known from ``entered_on``.

    It belongs to the instalment in whose period it falls due; after the last one it makes an instalment of its own.
    """

    reference: str
    due_on: date
    amount: int
    entered_on: date
    part: LoanPart = LoanPart.FEE

    @property
    def on(self) -> date:
        """From when it can be paid: its entry, or its due date if it was entered late."""
        return min(self.due_on, self.entered_on)

    @property
    def is_backdated(self) -> bool:
        """Whether it was entered after its due date; it then counts before everything else of that day."""
        return self.entered_on > self.due_on


@dataclass(frozen=True, slots=True)
class InstalmentCharge:
    """A fee on every instalment that is not due before ``on``: ``amount`` each, or ``rate`` of a part of the first
    plan's instalment."""

    reference: str
    on: date
    amount: int = 0
    rate: Decimal = Decimal(0)
    base: ChargeBase = ChargeBase.PRINCIPAL
    part: LoanPart = LoanPart.FEE


@dataclass(frozen=True, slots=True)
class Waiver:
    """What is unpaid of the charge ``of`` on ``on`` is no longer asked for."""

    reference: str
    on: date
    of: str


@dataclass(frozen=True, slots=True)
class Reversal:
    """The event ``of`` is taken back: everything after it comes out as if it had never been."""

    reference: str
    on: date
    of: str


@dataclass(frozen=True, slots=True)
class FutureInstalmentsChange:
    """From ``on``, money in advance goes by another rule."""

    reference: str
    on: date
    rule: FutureInstalments


Event = Payment | PayOff | Charge | InstalmentCharge | Waiver | Reversal | FutureInstalmentsChange

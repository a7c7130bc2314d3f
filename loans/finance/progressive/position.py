"""What a replay shows: the instalments, the charges and what each payment paid, on one day. Minor units throughout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from loans.finance.progressive.enums import LoanPart


@dataclass(frozen=True, slots=True)
class Parts:
    """An amount by its parts."""

    principal: int = 0
    interest: int = 0
    fee: int = 0
    penalty: int = 0

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.fee + self.penalty

    def __add__(self, other: Parts) -> Parts:
        return Parts(
            self.principal + other.principal,
            self.interest + other.interest,
            self.fee + other.fee,
            self.penalty + other.penalty,
        )

    def __sub__(self, other: Parts) -> Parts:
        return Parts(
            self.principal - other.principal,
            self.interest - other.interest,
            self.fee - other.fee,
            self.penalty - other.penalty,
        )


@dataclass(frozen=True, slots=True)
class InstalmentPosition:
    """One instalment on the day of the picture: due = paid + waived + unpaid in every part.

    ``balance_after`` is the principal that the plan leaves after it. ``is_extra``: it holds charges that fall due after
    the last instalment and nothing else. ``settled_on`` is the day of the event that left nothing to pay.
    """

    number: int
    period_start: date
    due_date: date
    due: Parts
    paid: Parts
    waived: Parts
    balance_after: int
    paid_in_advance: int
    paid_late: int
    settled_on: date | None
    is_extra: bool

    @property
    def unpaid(self) -> Parts:
        return self.due - self.paid - self.waived


@dataclass(frozen=True, slots=True)
class ChargePosition:
    """One charge over all instalments."""

    reference: str
    part: LoanPart
    amount: int
    paid: int
    waived: int

    @property
    def unpaid(self) -> int:
        return self.amount - self.paid - self.waived


@dataclass(frozen=True, slots=True)
class PaymentPosition:
    """What one payment paid, by instalment number. ``amount`` = ``paid.total`` + ``surplus``.

    ``balance_after`` is the principal outstanding right after it.
    """

    reference: str
    on: date
    amount: int
    by_instalment: tuple[tuple[int, Parts], ...]
    surplus: int
    balance_after: int

    @property
    def paid(self) -> Parts:
        return sum((parts for _, parts in self.by_instalment), Parts())


@dataclass(frozen=True, slots=True)
class LoanPosition:
    """A loan on ``on``: everything that its events up to then have made of it.

    ``surplus`` was paid above all that was asked for and is the borrower's. ``payoff`` is what closes the loan on that
    day.
    """

    on: date
    instalments: tuple[InstalmentPosition, ...]
    charges: tuple[ChargePosition, ...]
    payments: tuple[PaymentPosition, ...]
    payoff: Parts
    surplus: int

    @property
    def due(self) -> Parts:
        return sum((line.due for line in self.instalments), Parts())

    @property
    def paid(self) -> Parts:
        return sum((line.paid for line in self.instalments), Parts())

    @property
    def waived(self) -> Parts:
        return sum((line.waived for line in self.instalments), Parts())

    @property
    def unpaid(self) -> Parts:
        return sum((line.unpaid for line in self.instalments), Parts())

    @property
    def overdue(self) -> Parts:
        """What is unpaid of instalments due before the day."""
        return sum((line.unpaid for line in self.instalments if line.due_date < self.on), Parts())

    @property
    def paid_in_advance(self) -> int:
        return sum(line.paid_in_advance for line in self.instalments)

    @property
    def paid_late(self) -> int:
        return sum(line.paid_late for line in self.instalments)

    @property
    def is_settled(self) -> bool:
        return not self.unpaid.total

    def payment(self, reference: str) -> PaymentPosition:
        """The payment of that reference. Raises KeyError when the loan knows none, or it was reversed."""
        for payment in self.payments:
            if payment.reference == reference:
                return payment
        raise KeyError(reference)


@dataclass(frozen=True, slots=True)
class PaymentChange:
    """How much more (or, negative, less) a payment pays of each part, and leaves over, than it did before."""

    reference: str
    paid: Parts
    surplus: int


def payment_changes(before: LoanPosition, after: LoanPosition) -> tuple[PaymentChange, ...]:
    """What another event changes in the payments: the differences to post, by payment, in the order they count.

    A payment that is only in ``after`` is new and changes by all that it pays; one that is only in ``before`` was
    reversed and gives all of it back.
    """
    old = {payment.reference: payment for payment in before.payments}
    new = {payment.reference: payment for payment in after.payments}
    changes = []
    for reference in dict.fromkeys([*new, *old]):
        was, now = old.get(reference), new.get(reference)
        change = PaymentChange(
            reference,
            (now.paid if now else Parts()) - (was.paid if was else Parts()),
            (now.surplus if now else 0) - (was.surplus if was else 0),
        )
        if change.paid != Parts() or change.surplus:
            changes.append(change)
    return tuple(changes)

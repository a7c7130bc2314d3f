"""What a part of a loan would bring: month by month if all goes well, and after the losses to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loans.finance import InstalmentLine, NoteState, distribute
from p2plending.lib.money import round_half_up

MONTHS_A_YEAR = 12
_MINE, _OTHERS = 1, 2


@dataclass(frozen=True, slots=True)
class PartLine:
    """One planned payment's part for the lender, in minor units; ``fee`` is the servicing fee on the interest."""

    number: int
    due_date: date
    principal: int
    interest: int
    fee: int

    @property
    def net(self) -> int:
        return self.principal + self.interest - self.fee


@dataclass(frozen=True, slots=True)
class Earnings:
    """What lending ``amount`` brings. ``expected_loss`` is an estimate from the grade's yearly rate of loss."""

    amount: int
    lines: tuple[PartLine, ...]
    expected_loss: int

    @property
    def interest(self) -> int:
        return sum(line.interest for line in self.lines)

    @property
    def fee(self) -> int:
        return sum(line.fee for line in self.lines)

    @property
    def fee_change(self) -> int:
        """The fee as what it does to the lender: nil or below."""
        return -self.fee

    @property
    def loss_change(self) -> int:
        """The expected loss as what it does to the lender: nil or below."""
        return -self.expected_loss

    @property
    def back_if_all_goes_well(self) -> int:
        """Principal and interest less the fee."""
        return sum(line.net for line in self.lines)

    @property
    def gain_after_losses(self) -> int:
        """Interest less fee less expected loss; below nil when the losses to expect are larger."""
        return self.interest - self.fee - self.expected_loss

    @property
    def back_after_losses(self) -> int:
        return self.amount + self.gain_after_losses


def earnings(
    lines: Sequence[InstalmentLine],
    *,
    amount: int,
    principal: int,
    servicing_fee_rate: Decimal,
    expected_loss_rate: Decimal,
) -> Earnings:
    """What ``amount`` of a loan of ``principal`` brings by its planned payments, split as payments will be split.

    The expected loss is the grade's yearly rate on what the lender has outstanding, month by month:
    sum of outstanding * rate / 12. 100.00 of 10,000.00 at 12 % over 12 months, fee 5 %, loss 2.2 %: interest 6.61,
    fee 0.28, expected loss 1.21. ``amount`` is from 1 to ``principal``; raises ValueError otherwise.
    """
    if not 0 < amount <= principal:
        raise ValueError("the amount must be above nil and at most the loan")
    notes = [NoteState(_MINE, amount, principal=amount)]
    if amount < principal:
        notes.append(NoteState(_OTHERS, principal - amount, principal=principal - amount))
    parts: list[PartLine] = []
    outstanding_months = 0
    for line in lines:
        outstanding_months += notes[0].principal_outstanding
        shares = distribute(
            principal=line.principal,
            interest=line.interest,
            late_fee=0,
            notes=notes,
            servicing_fee_rate=servicing_fee_rate,
        )
        mine = shares[0]
        parts.append(PartLine(line.number, line.due_date, mine.principal, mine.interest, mine.servicing_fee))
        notes = [
            NoteState(
                note.note_id,
                note.principal_outstanding - share.principal,
                share.interest_carry,
                share.late_fee_carry,
                note.principal,
            )
            for note, share in zip(notes, shares, strict=True)
        ]
    return Earnings(amount, tuple(parts), round_half_up(outstanding_months * expected_loss_rate / MONTHS_A_YEAR))

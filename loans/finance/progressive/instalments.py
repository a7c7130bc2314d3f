"""The instalments of one replay: what each part asks for, what was paid of it, and the charges behind the fees."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date

from loans.finance.progressive.enums import LoanPart

CHARGE_PARTS = (LoanPart.PENALTY, LoanPart.FEE)


@dataclass(slots=True)
class ChargePortion:
    """What a charge asks for in one instalment."""

    charge: str
    part: LoanPart
    amount: int
    paid: int = 0
    waived: int = 0

    @property
    def unpaid(self) -> int:
        return self.amount - self.paid - self.waived


@dataclass(slots=True)
class WorkingInstalment:
    """One instalment while events are applied. ``is_extra``: it holds only charges due after the last instalment."""

    number: int
    start: date
    due: date
    principal: int
    interest: int
    is_extra: bool = False
    paid: Counter[LoanPart] = field(default_factory=Counter)
    portions: list[ChargePortion] = field(default_factory=list)
    paid_in_advance: int = 0
    paid_late: int = 0
    settled_on: date | None = None

    def copy(self) -> WorkingInstalment:
        """The same state, to try something out on."""
        return replace(self, paid=Counter(self.paid), portions=[replace(portion) for portion in self.portions])

    def asked(self, part: LoanPart) -> int:
        """What is asked for in a part, waived charges included."""
        if part is LoanPart.PRINCIPAL:
            return self.principal
        if part is LoanPart.INTEREST:
            return self.interest
        return sum(portion.amount for portion in self.portions if portion.part is part)

    def unpaid(self, part: LoanPart) -> int:
        """What is still to pay of a part."""
        if part in CHARGE_PARTS:
            return sum(portion.unpaid for portion in self.portions if portion.part is part)
        return self.asked(part) - self.paid[part]

    def waived(self, part: LoanPart) -> int:
        """What is no longer asked for in a part."""
        return sum(portion.waived for portion in self.portions if portion.part is part)

    @property
    def total_asked(self) -> int:
        return sum(self.asked(part) for part in LoanPart)

    @property
    def total_unpaid(self) -> int:
        return sum(self.unpaid(part) for part in LoanPart)

    def pay(self, part: LoanPart, amount: int, on: date) -> int:
        """Pay up to ``amount`` of a part and return what was taken; charges are paid in the order they were added."""
        taken = max(min(amount, self.unpaid(part)), 0)
        self.paid[part] += taken
        if on < self.due:
            self.paid_in_advance += taken
        elif on > self.due:
            self.paid_late += taken
        rest = taken
        for portion in self.portions:
            if portion.part is part:
                paid = min(rest, portion.unpaid)
                portion.paid += paid
                rest -= paid
        return taken

    def note_settlement(self, on: date) -> None:
        """Remember the day on which nothing was left to pay; forget it when something is."""
        if self.total_unpaid:
            self.settled_on = None
        elif self.settled_on is None:
            self.settled_on = on

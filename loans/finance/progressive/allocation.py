"""Which instalments a payment pays, in the order that the terms set.

A rule is a list of steps (kind of instalment, part). Horizontally the steps of one kind go through one instalment
after the other; vertically each step goes through all the instalments first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from loans.finance.progressive.enums import AllocationWay, DueKind, FutureInstalments, LoanPart
from loans.finance.progressive.instalments import WorkingInstalment
from loans.finance.progressive.terms import AllocationStep
from p2plending.lib.money import Rounding, round_ratio

# Pays up to an amount of a part of an instalment and returns what it took.
PayPart = Callable[[WorkingInstalment, AllocationStep, int], int]


@dataclass(slots=True)
class Allocator:
    """One payment on its way through the instalments; ``amount`` is what is left of it.

    ``finished`` holds instalments that had nothing to ask for on that day: money for the last one passes them by.
    """

    instalments: Sequence[WorkingInstalment]
    on: date
    amount: int
    rule: FutureInstalments
    pay: PayPart
    finished: set[int]
    recalculates: bool

    def allocate(self, order: Sequence[AllocationStep], way: AllocationWay) -> None:
        """Use the amount by ``order``; what is left in ``amount`` found nothing to pay."""
        if way is AllocationWay.VERTICAL:
            groups = [(step.kind, [step]) for step in order]
        else:
            kinds = dict.fromkeys(step.kind for step in order)
            groups = [(kind, [step for step in order if step.kind is kind]) for kind in kinds]
        for kind, steps in groups:
            self.finished.clear()
            while self._has_work() and self._pay_round(kind, steps):
                continue

    def _pay_round(self, kind: DueKind, steps: Sequence[AllocationStep]) -> bool:
        """One pass over the instalments that are next for ``kind``; whether another pass may find more to pay."""
        parts = [step.part for step in steps] if len(steps) == 1 else list(LoanPart)
        targets = self._targets(kind, parts)
        before = self._standing()
        for step in steps:
            if not targets or not self.amount:
                break
            even = round_ratio(self.amount, len(targets), Rounding.HALF_EVEN)
            last = self.amount - even * (len(targets) - 1)
            for target in targets[:-1]:
                self.amount -= self.pay(target, step, min(even, self.amount))
            self.amount -= self.pay(targets[-1], step, min(last, self.amount))
        return self._standing() != before

    def _has_work(self) -> bool:
        return self.amount > 0 and any(line.total_unpaid for line in self.instalments)

    def _standing(self) -> tuple[int, int, int]:
        return self.amount, len(self.finished), sum(line.total_unpaid for line in self.instalments)

    def _targets(self, kind: DueKind, parts: Sequence[LoanPart]) -> list[WorkingInstalment]:
        unpaid = [line for line in self.instalments if any(line.unpaid(part) for part in parts)]
        if kind is DueKind.PAST_DUE:
            return [line for line in unpaid if line.due < self.on][:1]
        if kind is DueKind.DUE:
            return [line for line in unpaid if line.due == self.on][:1]
        ahead = [line for line in unpaid if line.due > self.on]
        running = [line for line in ahead if line.start <= self.on]
        match self.rule:
            case FutureInstalments.NEXT:
                return ahead[:1]
            case FutureInstalments.REAMORTIZATION:
                return ahead
            case FutureInstalments.NEXT_THEN_LAST if running:
                return running
        return self._last(parts)

    def _last(self, parts: Sequence[LoanPart]) -> list[WorkingInstalment]:
        """The last instalment ahead; where interest is recalculated, one emptied before can be filled again."""
        return [
            line
            for line in self.instalments
            if line.due > self.on
            and (
                any(line.unpaid(part) for part in parts)
                or (self.recalculates and not line.total_asked and line.number not in self.finished)
            )
        ][-1:]

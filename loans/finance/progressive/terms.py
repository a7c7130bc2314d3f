"""What a loan's life is replayed by: its schedule's terms and the rules for money that comes early or late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from loans.finance.enums import ScheduleMethod
from loans.finance.errors import InvalidTerms
from loans.finance.progressive.enums import (
    AllocationWay,
    DueKind,
    FutureInstalments,
    InterestRecalculation,
    LoanPart,
    PayoffInterest,
)
from loans.finance.types import Terms


class AllocationStep(NamedTuple):
    """One step of an allocation order: this part of instalments of this kind."""

    kind: DueKind
    part: LoanPart


def order_of(*parts: LoanPart) -> tuple[AllocationStep, ...]:
    """The same order of parts for what is past due, then for what is due, then in advance."""
    return tuple(AllocationStep(kind, part) for kind in DueKind for part in parts)


INTEREST_FIRST = order_of(LoanPart.PENALTY, LoanPart.FEE, LoanPart.INTEREST, LoanPart.PRINCIPAL)


@dataclass(frozen=True, slots=True)
class ReplayTerms:
    """The terms of a loan from its disbursement on.

    ``schedule`` is what the first plan is built from, the disbursement being on its start date. ``recalculation``:
    whether money that comes early lowers the interest, and late principal keeps bearing interest (the latter only
    with ``overdue_principal_bears_interest``). ``payoff_interest`` says how far interest counts at a pay-off.
    ``order`` holds each of the twelve steps once. ``last_takes_level``: money in advance fills the last instalment up
    to the level one, or else up to what the first plan gave it. ``keeps_surplus``: money above all that is asked for
    stays with the loan and pays a charge that is added later; else it goes back to the payer at once. Raises
    InvalidTerms for an order that is not a permutation and for recalculation on a method without level instalments.
    """

    schedule: Terms
    recalculation: InterestRecalculation = InterestRecalculation.NONE
    overdue_principal_bears_interest: bool = True
    payoff_interest: PayoffInterest = PayoffInterest.TO_DATE
    order: Sequence[AllocationStep] = INTEREST_FIRST
    way: AllocationWay = AllocationWay.HORIZONTAL
    future_instalments: FutureInstalments = FutureInstalments.NEXT
    last_takes_level: bool = True
    keeps_surplus: bool = True

    def __post_init__(self) -> None:
        if sorted(self.order) != sorted(order_of(*LoanPart)):
            raise InvalidTerms("an allocation order names each part of each kind exactly once")
        if self.recalculates and self.schedule.method is not ScheduleMethod.ANNUITY:
            raise InvalidTerms("interest is recalculated for annuities only")

    @property
    def recalculates(self) -> bool:
        """Whether interest follows the balance of each day. Without interest there is nothing to recalculate."""
        return self.recalculation is not InterestRecalculation.NONE and self.schedule.annual_rate > 0

    def counts_to_period_end(self, is_payoff: bool) -> bool:
        """Whether money inside a period counts from the period's end.

        With rests of a whole period the pay-off rule says so for every payment; with daily rests it matters only for
        a payment that pays everything off. Source: Apache Fineract, which so settles settings that contradict.
        """
        if self.payoff_interest is PayoffInterest.TO_DATE:
            return False
        return is_payoff or self.recalculation is InterestRecalculation.PER_PERIOD

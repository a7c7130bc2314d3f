"""Which changes of its schedule the borrower of a loan can ask for, counted in the loan's own payments."""

from __future__ import annotations

import dataclasses

from loans.account.terms import LoanTerms
from loans.enums.collections import PlanOption
from loans.finance import PeriodUnit, ScheduleMethod
from loans.finance.restructure import LONGEST_PAUSE, periods_in

# How long smaller payments help, in months: shorter is no help, longer is another loan.
LOWER_FROM, LOWER_TO = 3, 6


@dataclasses.dataclass(frozen=True, slots=True)
class HardshipChoice:
    """One change that can be asked for; `low` to `high` are the payments that it may take (0: it counts none)."""

    option: PlanOption
    low: int = 0
    high: int = 0

    def takes(self, payments: int | None) -> bool:
        """Say whether so many payments are within the limits."""
        return not self.high or (payments is not None and self.low <= payments <= self.high)


def help_choices(terms: LoanTerms) -> tuple[HardshipChoice, ...]:
    """The changes that these terms have room for.

    Another day of the month needs payments by the month, smaller payments need level ones. A pause lasts up to three
    months and smaller payments three to six: for a loan that is paid every two weeks, 6 and 6 to 13 payments.
    """
    every, unit = terms.payment_every, terms.payment_unit
    choices = [HardshipChoice(PlanOption.HOLIDAY, 1, periods_in(LONGEST_PAUSE, every, unit))]
    if unit is PeriodUnit.MONTH:
        choices.insert(0, HardshipChoice(PlanOption.NEW_DUE_DAY))
    if terms.schedule_method is ScheduleMethod.ANNUITY:
        low, high = (periods_in(months, every, unit) for months in (LOWER_FROM, LOWER_TO))
        choices.append(HardshipChoice(PlanOption.LOWER, low, high))
    return tuple(choices)

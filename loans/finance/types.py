"""What goes into and comes out of the lending maths. Amounts are minor units, rates are Decimal fractions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from loans.finance.enums import BondDayCount, DayCount, PeriodUnit, PrepaymentMode, ScheduleMethod
from loans.finance.errors import InvalidTerms
from p2plending.lib.money import Rounding

LARGEST_INSTALMENT_COUNT = 1200
LARGEST_ANNUAL_RATE = Decimal(100)
SHORTEST_FIRST_PERIOD_DAYS = 15
LONGEST_FIRST_WAIT_DAYS = 31


@dataclass(frozen=True, slots=True)
class Terms:
    """What a repayment schedule is built from.

    ``principal`` minor units; ``annual_rate`` nominal yearly fraction; a period is ``every`` times ``unit``.
    ``due_day`` (1 to 28, months only) or ``first_due_date`` sets the first due date; neither means one period after
    ``start_date``. A due day leaves at least ``first_period_min_days`` (1 to 31) before it. ``smooth`` evens out the
    last instalment; ``multiple`` (minor units) makes the level instalment a multiple of it; ``round_total`` rounds the
    interest of a flat loan once for the whole term. The first ``interest_free_periods`` bear no interest, the first
    ``principal_free_periods`` pay back no principal. Raises InvalidTerms when no schedule can be built.
    """

    principal: int
    annual_rate: Decimal
    instalments: int
    start_date: date
    method: ScheduleMethod = ScheduleMethod.ANNUITY
    day_count: DayCount | BondDayCount = DayCount.THIRTY_360
    every: int = 1
    unit: PeriodUnit = PeriodUnit.MONTH
    due_day: int | None = None
    first_period_min_days: int = SHORTEST_FIRST_PERIOD_DAYS
    first_due_date: date | None = None
    rounding: Rounding = Rounding.HALF_UP
    smooth: bool = False
    multiple: int | None = None
    interest_free_periods: int = 0
    principal_free_periods: int = 0
    round_total: bool = False

    def __post_init__(self) -> None:
        if self.principal <= 0:
            raise InvalidTerms("the principal must be above zero")
        if not (self.annual_rate.is_finite() and 0 <= self.annual_rate <= LARGEST_ANNUAL_RATE):
            raise InvalidTerms("the annual rate must be a fraction from 0 to 100 (12 % is 0.12)")
        if not 1 <= self.instalments <= LARGEST_INSTALMENT_COUNT:
            raise InvalidTerms(f"the number of instalments must be from 1 to {LARGEST_INSTALMENT_COUNT}")
        if self.every < 1:
            raise InvalidTerms("a period must be at least one unit long")
        if self.multiple is not None and self.multiple < 1:
            raise InvalidTerms("the multiple must be at least one minor unit")
        if not 0 <= self.interest_free_periods <= self.instalments:
            raise InvalidTerms("the interest-free periods must fit into the term")
        if not 0 <= self.principal_free_periods < self.instalments:
            raise InvalidTerms("at least one period must pay back principal")
        if self.day_count in (BondDayCount.ACT_ACT_ICMA, BondDayCount.THIRTY_E_360_ISDA):
            raise InvalidTerms("this day count needs the dates of a bond")
        self._check_first_due_date()

    def _check_first_due_date(self) -> None:
        if self.due_day is not None:
            if self.first_due_date is not None:
                raise InvalidTerms("give a due day or a first due date, not both")
            if self.unit is not PeriodUnit.MONTH or not 1 <= self.due_day <= 28:
                raise InvalidTerms("a due day is from 1 to 28 and needs monthly periods")
        if not 1 <= self.first_period_min_days <= LONGEST_FIRST_WAIT_DAYS:
            raise InvalidTerms("the first period before a due day must be at least 1 to 31 days long")
        if self.first_due_date is not None and self.first_due_date <= self.start_date:
            raise InvalidTerms("the first due date must come after the start date")

    @property
    def interest_rounding(self) -> Rounding:
        """How interest is rounded: rounding up concerns the instalment alone, interest then goes half-up."""
        return Rounding.HALF_UP if self.rounding is Rounding.UP else self.rounding


class InstalmentLine(NamedTuple):
    """One line of a repayment schedule: what is due on ``due_date`` and the balance left after it."""

    number: int
    due_date: date
    period_start: date
    principal: int
    interest: int
    balance_after: int

    @property
    def payment(self) -> int:
        return self.principal + self.interest


@dataclass(frozen=True, slots=True)
class Schedule:
    """A repayment schedule. ``instalment_amount`` is the level payment (of a schedule without one: the first).

    ``broken_interest`` is the interest for the extra days (or, negative, the missing days) of an odd first period;
    the first line's interest includes it.
    """

    lines: tuple[InstalmentLine, ...]
    instalment_amount: int
    broken_interest: int = 0

    @property
    def total_principal(self) -> int:
        return sum(line.principal for line in self.lines)

    @property
    def total_interest(self) -> int:
        return sum(line.interest for line in self.lines)

    @property
    def total_payment(self) -> int:
        return self.total_principal + self.total_interest


@dataclass(frozen=True, slots=True)
class InstalmentState:
    """Snapshot of one instalment: what is due and what has been paid of each part.

    ``interest_to_date`` is the interest earned by the day of the snapshot, where it does not grow evenly.
    """

    number: int
    period_start: date
    due_date: date
    principal_due: int
    interest_due: int
    late_fee_due: int = 0
    principal_paid: int = 0
    interest_paid: int = 0
    late_fee_paid: int = 0
    interest_to_date: int | None = None

    @property
    def principal_unpaid(self) -> int:
        return self.principal_due - self.principal_paid

    @property
    def interest_unpaid(self) -> int:
        return self.interest_due - self.interest_paid

    @property
    def late_fee_unpaid(self) -> int:
        return self.late_fee_due - self.late_fee_paid

    @property
    def total_unpaid(self) -> int:
        return self.principal_unpaid + self.interest_unpaid + self.late_fee_unpaid

    @property
    def is_settled(self) -> bool:
        return self.total_unpaid == 0


@dataclass(frozen=True, slots=True)
class AllocationLine:
    """What a payment pays on one instalment."""

    number: int
    late_fee: int = 0
    interest: int = 0
    principal: int = 0

    @property
    def total(self) -> int:
        return self.late_fee + self.interest + self.principal


@dataclass(frozen=True, slots=True)
class Allocation:
    """A payment divided over instalments; ``surplus`` is what nothing was found for."""

    lines: tuple[AllocationLine, ...]
    surplus: int

    @property
    def late_fee(self) -> int:
        return sum(line.late_fee for line in self.lines)

    @property
    def interest(self) -> int:
        return sum(line.interest for line in self.lines)

    @property
    def principal(self) -> int:
        return sum(line.principal for line in self.lines)

    @property
    def total(self) -> int:
        return sum(line.total for line in self.lines)


@dataclass(frozen=True, slots=True)
class PayoffFigure:
    """What closes the loan on a date, and the future interest that then is never charged.

    ``credit`` is money that was paid ahead and is kept: it pays its part, so ``total`` is what is still to pay.
    """

    principal: int
    interest: int
    late_fee: int
    interest_saved: int
    credit: int = 0

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.late_fee - self.credit


@dataclass(frozen=True, slots=True)
class PaymentPlan:
    """What a payment does: the money it pays, and the schedule from then on.

    ``due`` is what pays instalments already due. ``ahead`` pays the interest accrued in the running period and
    principal that is not due yet. When ``extra_line`` is given the schedule changes: the instalments that are not
    due yet are replaced by ``extra_line`` (dated ``on``, wholly paid) and after it ``remaining_lines``. Without it
    the instalments stay as they are. ``credit`` waits for the next due dates (mode CREDIT); ``surplus`` is above the
    payoff figure and belongs to the borrower.
    """

    mode: PrepaymentMode
    due: Allocation
    ahead: AllocationLine | None
    extra_line: InstalmentLine | None
    remaining_lines: tuple[InstalmentLine, ...]
    credit: int
    surplus: int
    closes_loan: bool
    interest_saved: int

    @property
    def allocation(self) -> Allocation:
        """The whole payment as one allocation; its surplus is ``credit + surplus``."""
        lines = self.due.lines
        if self.ahead is not None:
            lines = (*lines, self.ahead)
        return Allocation(lines, self.credit + self.surplus)


class NoteState(NamedTuple):
    """Snapshot of a note: its outstanding principal is its weight; the carries are fractions of a minor unit owed.

    ``principal`` is what was lent, with what became principal since: principal comes back by it, and so does interest
    when no note has principal outstanding any more.
    """

    note_id: int
    principal_outstanding: int
    interest_carry: Decimal = Decimal(0)
    late_fee_carry: Decimal = Decimal(0)
    principal: int = 0


class NoteShare(NamedTuple):
    """What one note receives of a payment, and the figures that explain it.

    The exact share of interest is ``payment's interest * weight / total_weight + interest_carry_before``; what was
    paid of it plus ``interest_carry`` is that figure again. The same holds for the late fee.
    """

    note_id: int
    principal: int
    interest: int
    late_fee: int
    servicing_fee: int
    interest_carry: Decimal
    late_fee_carry: Decimal
    interest_carry_before: Decimal
    late_fee_carry_before: Decimal
    weight: int
    total_weight: int

    @property
    def net(self) -> int:
        return self.principal + self.interest + self.late_fee - self.servicing_fee

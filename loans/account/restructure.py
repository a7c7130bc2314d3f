"""New payment plans in memory: what replaces the old one, what it costs, and what brings a default back on plan."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from loans.account.balances import OutstandingBalance, next_number, outstanding_balance, unpaid_rows
from loans.enums.collections import PlanOption, UnpaidChoice
from loans.enums.loan import InstalmentStatus
from loans.finance import InstalmentLine, PeriodUnit, Terms
from loans.finance.periods import shift
from loans.finance.restructure import PlanChange, RescheduleKind, reschedule_lines
from loans.models import Instalment, Loan


@dataclasses.dataclass(frozen=True, slots=True)
class PlanTerms:
    """What is asked of a new plan: the option with its figures, and what happens to unpaid interest and late fees."""

    option: PlanOption
    due_day: int | None = None
    payments: int | None = None
    amount: int | None = None
    interest_choice: UnpaidChoice = UnpaidChoice.CAPITALISE
    late_fee_choice: UnpaidChoice = UnpaidChoice.CARRY

    @property
    def change(self) -> PlanChange:
        return PlanChange(RescheduleKind(self.option.value), self.due_day, self.payments, self.amount)


@dataclasses.dataclass(slots=True)
class NewPlan:
    """The whole effect of a new plan on `claims.on`. Amounts in minor units.

    `replaced` are the instalments that it takes the place of, `carried` the one that keeps unpaid charges due now (if
    any), `planned` the new ones; `before` is what was still to pay by the old plan.
    """

    claims: OutstandingBalance
    terms: PlanTerms
    replaced: list[Instalment]
    carried: Instalment | None
    planned: list[Instalment]
    before: int

    def part(self, choice: UnpaidChoice) -> tuple[int, int]:
        """Interest and late fees that go this way."""
        return (
            self.claims.interest if self.terms.interest_choice == choice else 0,
            self.claims.late_fee if self.terms.late_fee_choice == choice else 0,
        )

    @property
    def capitalised(self) -> int:
        return sum(self.part(UnpaidChoice.CAPITALISE))

    @property
    def waived(self) -> int:
        return sum(self.part(UnpaidChoice.WAIVE))

    @property
    def added(self) -> list[Instalment]:
        return ([self.carried] if self.carried else []) + self.planned

    @property
    def total(self) -> int:
        """What is to pay by the new plan."""
        return sum(row.total_unpaid for row in self.added)

    @property
    def costs_more(self) -> int:
        """How much more than by the old plan; below zero it costs less."""
        return self.total - self.before

    @property
    def first(self) -> Instalment:
        return self.planned[0]

    @property
    def last(self) -> Instalment:
        return self.planned[-1]

    @property
    def last_before(self) -> Instalment:
        """The last payment of the old plan."""
        return self.replaced[-1]

    @property
    def usual_payment(self) -> int:
        """The payment once any smaller ones are over: the second to last, as the last differs by cents."""
        return self.planned[-2 if len(self.planned) > 1 else -1].total_unpaid


def plan_anew(loan: Loan, finance: Terms, rows: Sequence[Instalment], asked: PlanTerms, on: dt.date) -> NewPlan:
    """Work out the plan that replaces everything unpaid of `rows` (brought to `on`); changes nothing.

    Interest counts from `on`, or from the end of what was paid ahead. Interest that was paid ahead inside a running
    period lowers the first new payment. Raises InvalidTerms and PaymentTooSmall.
    """
    replaced = unpaid_rows(rows)
    kept = [row for row in rows if not row.total_unpaid]
    claims = outstanding_balance(replaced, on)
    start = max([on, *(row.due_date for row in kept)])
    draft = NewPlan(claims, asked, replaced, None, [], sum(row.total_unpaid for row in replaced))
    version, number = loan.schedule_version + 1, next_number(kept)
    interest, late_fee = draft.part(UnpaidChoice.CARRY)
    if interest + late_fee:
        draft.carried = _carried_row(loan, version, number, on, interest, late_fee)
        number += 1
    balance = claims.principal + draft.capitalised
    lines = reschedule_lines(finance, balance, start, _dates_to_come(finance, rows, start), asked.change, number)
    draft.planned = new_rows(loan, lines, version)
    draft.first.interest_due -= min(claims.interest_ahead, draft.first.interest_due)
    return draft


def new_rows(loan: Loan, lines: Sequence[InstalmentLine], version: int) -> list[Instalment]:
    """Lines of a plan as instalments of a schedule version, not saved."""
    return [
        Instalment(
            loan=loan,
            schedule_version=version,
            number=line.number,
            period_start=line.period_start,
            due_date=line.due_date,
            principal_due=line.principal,
            interest_due=line.interest,
        )
        for line in lines
    ]


@dataclasses.dataclass(frozen=True, slots=True)
class CureFigure:
    """What must still be paid for a loan in default to go on, and the due dates by which it then would."""

    amount: int
    dates: tuple[dt.date, ...]


def replaced_rows(loan: Loan, version: int) -> list[Instalment]:
    """The instalments that a schedule version took the place of, in order."""
    return list(Instalment.objects.filter(loan=loan, superseded_by=version).order_by("due_date", "number"))


def cure_figure(rows: Sequence[Instalment], replaced: Sequence[Instalment], today: dt.date) -> CureFigure | None:
    """What is late against the plan before the default: its overdue payments, the interest that fell due with the
    default, and the principal that the old plan would have paid by `today`. None when that plan has ended.
    """
    to_come = [row for row in replaced if row.due_date > today]
    if not to_come:
        return None
    planned_left = sum(row.principal_due - row.principal_paid - row.principal_removed for row in to_come)
    unpaid = unpaid_rows(rows)
    principal_late = max(sum(row.principal_unpaid for row in unpaid) - planned_left, 0)
    charges = sum(row.interest_unpaid + row.late_fee_unpaid for row in unpaid)
    return CureFigure(principal_late + charges, tuple(row.due_date for row in to_come))


def _carried_row(loan: Loan, version: int, number: int, on: dt.date, interest: int, late_fee: int) -> Instalment:
    """Due now, beside the plan, and without a late fee of its own; a period of one day, all of it earned."""
    return Instalment(
        loan=loan,
        schedule_version=version,
        number=number,
        period_start=on - dt.timedelta(days=1),
        due_date=on,
        status=InstalmentStatus.DUE,
        principal_due=0,
        interest_due=interest,
        interest_posted=interest,
        late_fee_due=late_fee,
        late_fee_charged_on=on,
    )


def _dates_to_come(finance: Terms, rows: Sequence[Instalment], start: dt.date) -> list[dt.date]:
    """Due dates of unpaid instalments after `start`; after the last one, the first that the loan's own step gives."""
    dates = [row.due_date for row in rows if row.total_unpaid and row.due_date > start]
    if dates:
        return dates
    day = max((row.due_date.day for row in rows), default=start.day)
    if finance.unit is not PeriodUnit.MONTH:
        return [shift(start, 1, finance.every, finance.unit)]
    following = shift(start, 0, 1, PeriodUnit.MONTH, day)
    return [following if following > start else shift(start, 1, 1, PeriodUnit.MONTH, day)]

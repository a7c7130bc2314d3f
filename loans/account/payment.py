"""What a payment does to a loan, worked out in memory. The preview shows it and the posting writes it: one function."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from loans.account.progressive import (
    NEW_PAYMENT,
    PlanOutOfStep,
    is_progressive,
    picture_of,
    recalculate_rows,
    show_position,
)
from loans.account.state import HeldNote, finance_terms, instalment_state, note_states
from loans.account.terms import LoanTerms
from loans.account.unapplied_funds import left_to_pay
from loans.enums.loan import ExtraMode, InstalmentStatus
from loans.finance import (
    AllocationLine,
    InstalmentLine,
    NoteShare,
    PaymentPlan,
    PrepaymentMode,
    distribute,
    plan_payment,
)
from loans.finance.progressive import Payment
from loans.finance.types import Allocation
from loans.models import Instalment, Loan
from p2plending.lib.errors import required


@dataclasses.dataclass(slots=True)
class PlannedAllocation:
    """What the payment pays on one instalment, in minor units."""

    row: Instalment
    late_fee: int
    interest: int
    principal: int

    @property
    def total(self) -> int:
        return self.late_fee + self.interest + self.principal


@dataclasses.dataclass(slots=True)
class PaymentApplication:
    """The whole effect of one payment on `on`.

    `rows` are the instalments that count afterwards, `touched` those that changed and `superseded` those replaced by
    `added`. `interest_recognised` is the interest that it brings into the books, `shares` what each note receives.
    `held` of the amount is kept for the next due dates, `credit_used` was kept before and pays with it; `credit_left`
    is kept afterwards. `is_progressive`: the loan is progressive, so what its instalments ask for changed with it.
    """

    on: dt.date
    amount: int
    mode: ExtraMode
    surplus: int
    closes_loan: bool
    interest_saved: int
    rows: list[Instalment]
    allocations: list[PlannedAllocation] = dataclasses.field(default_factory=list)
    touched: list[Instalment] = dataclasses.field(default_factory=list)
    superseded: list[Instalment] = dataclasses.field(default_factory=list)
    added: list[Instalment] = dataclasses.field(default_factory=list)
    interest_recognised: int = 0
    shares: list[NoteShare] = dataclasses.field(default_factory=list)
    held: int = 0
    credit_used: int = 0
    credit_left: int = 0
    is_progressive: bool = False

    @property
    def late_fee(self) -> int:
        return sum(line.late_fee for line in self.allocations)

    @property
    def interest(self) -> int:
        return sum(line.interest for line in self.allocations)

    @property
    def principal(self) -> int:
        return sum(line.principal for line in self.allocations)

    @property
    def servicing_fee(self) -> int:
        return sum(share.servicing_fee for share in self.shares)

    @property
    def changes_plan(self) -> bool:
        """Whether instalments to come were replaced by others (closing the loan leaves none)."""
        return bool(self.superseded) and not self.closes_loan


@dataclasses.dataclass(frozen=True, slots=True)
class RepaymentPreview:
    """A payment run dry: the plan that a posting would store, and what the loan's columns would say after it."""

    plan: PaymentApplication
    columns: dict[str, Any]

    @property
    def has_extra(self) -> bool:
        """Whether some of the money pays what is not due yet, so that there is a choice."""
        plan = self.plan
        return any(line.row.due_date > plan.on for line in plan.allocations) or bool(plan.added or plan.held)

    @property
    def still_due(self) -> int:
        """What stays unpaid of instalments due by then, in minor units."""
        return sum(row.total_unpaid for row in self.plan.rows if row.due_date <= self.plan.on)

    @property
    def payments_left(self) -> int:
        """How many payments are still to come."""
        return sum(1 for row in self.plan.rows if row.total_unpaid)

    @property
    def last_on(self) -> dt.date | None:
        """The day of the last payment still to come; money in advance may have paid those after it."""
        return max((row.due_date for row in self.plan.rows if row.total_unpaid), default=None)

    @property
    def interest_left(self) -> int:
        """The interest still to pay after it, if everything is paid on its day, in minor units."""
        return sum(row.interest_unpaid for row in self.plan.rows)

    @property
    def following_amount(self) -> int:
        """The first payment after this day, in minor units, if nothing is kept for it."""
        return next((row.total_unpaid for row in self.plan.rows if row.due_date > self.plan.on and row.total_unpaid), 0)


def plan_repayment(
    loan: Loan,
    terms: LoanTerms,
    rows: list[Instalment],
    notes: Sequence[HeldNote],
    *,
    amount: int,
    on: dt.date,
    mode: ExtraMode | None,
    credit: int,
) -> PaymentApplication:
    """Work out a payment of `amount` minor units that counts on `on`; changes `rows` in memory only.

    Call with instalments brought to `on` (due, late fees) and the `credit` that is kept then. What is due is paid,
    oldest first; then the extra money goes by `mode` (None: it is kept when it is not more than the next payment, else
    as the product says). A mode that changes the plan uses the credit first, and so does a payment that reaches the
    pay-off figure with it; above that figure is surplus. Raises InvalidPayment for an amount that is not above zero.
    """
    if rows and is_progressive(loan, terms):
        plan = _plan_progressive(loan, terms, rows, amount, on)
    else:
        plan = _plan_by_mode(loan, terms, rows, amount, on, mode, credit)
    plan.shares = distribute_payment(loan, terms, notes, plan)
    return plan


def plan_from_credit(
    loan: Loan, terms: LoanTerms, rows: list[Instalment], *, credit: int, on: dt.date
) -> PaymentApplication:
    """What money paid ahead pays of what falls due on `on`, as far as it reaches; not shared out yet."""
    return _plan_by_mode(loan, terms, rows, min(credit, due_by(rows, on)), on, ExtraMode.CREDIT, 0)


def distribute_payment(
    loan: Loan, terms: LoanTerms, notes: Sequence[HeldNote], plan: PaymentApplication
) -> list[NoteShare]:
    """What each note receives of a payment; none when all of it is kept, or goes back to the wallet."""
    if not plan.late_fee + plan.interest + plan.principal:
        return []
    return distribute(
        principal=plan.principal,
        interest=plan.interest,
        late_fee=plan.late_fee,
        notes=note_states(notes),
        servicing_fee_rate=required(loan.servicing_fee_rate, "servicing_fee_rate"),
        late_fees_to_lenders=terms.late_fees_to_lenders,
    )


def due_by(rows: Sequence[Instalment], on: dt.date) -> int:
    """What is unpaid of everything that fell due by `on`, in minor units."""
    return sum(row.total_unpaid for row in rows if row.due_date <= on)


def _plan_by_mode(
    loan: Loan, terms: LoanTerms, rows: list[Instalment], amount: int, on: dt.date, mode: ExtraMode | None, credit: int
) -> PaymentApplication:
    mode = mode or default_mode(rows, terms, amount, on, credit)
    outcome = _payment_plan(loan, terms, rows, amount + credit, on, mode)
    plan = PaymentApplication(
        on=on,
        amount=amount,
        mode=mode,
        surplus=outcome.surplus,
        closes_loan=outcome.closes_loan,
        interest_saved=outcome.interest_saved,
        rows=rows,
        held=max(outcome.credit - credit, 0),
        credit_used=max(credit - outcome.credit, 0),
        credit_left=outcome.credit,
    )
    by_number = {row.number: row for row in rows}
    for line in outcome.due.lines:
        _pay(plan, by_number[line.number], line)
    if outcome.extra_line is not None:
        _replace_instalments(plan, loan, outcome)
    elif outcome.ahead is not None:
        _pay(plan, by_number[outcome.ahead.number], outcome.ahead)
    return plan


def _plan_progressive(
    loan: Loan, terms: LoanTerms, rows: list[Instalment], amount: int, on: dt.date
) -> PaymentApplication:
    """The payment as one event more: what it pays, and the plan that follows from it."""
    brought = recalculate_rows(loan, terms, rows, on)
    charged = sum(row.interest_due for row in rows)
    picture = picture_of(loan, terms, [*brought.events, Payment(NEW_PAYMENT, on, amount)], on)
    payment = picture.payment(NEW_PAYMENT)
    plan = PaymentApplication(
        on=on,
        amount=amount,
        mode=ExtraMode.CREDIT,
        surplus=payment.surplus,
        closes_loan=picture.is_settled,
        interest_saved=0,
        rows=rows,
        touched=list(rows),
        is_progressive=True,
    )
    by_number = {row.number: row for row in rows}
    for number, parts in payment.by_instalment:
        row = by_number[number]
        line = PlannedAllocation(row, parts.fee + parts.penalty, parts.interest, parts.principal)
        row.late_fee_paid += line.late_fee
        row.interest_paid += line.interest
        row.principal_paid += line.principal
        plan.allocations.append(line)
    show_position(loan, rows, picture)
    plan.interest_saved = charged - sum(row.interest_due for row in rows)
    for row in rows:
        missing = (row.interest_due if row.due_date <= on else row.interest_paid) - row.interest_posted
        if missing < 0:
            raise PlanOutOfStep(payment=row.number, interest=missing)
        row.interest_posted += missing
        plan.interest_recognised += missing
    return plan


def default_mode(rows: Sequence[Instalment], terms: LoanTerms, amount: int, on: dt.date, credit: int) -> ExtraMode:
    """What extra money does when nobody chose: up to the next payment it is kept for that, else as the product says.

    So a payment some days before its due date is simply that payment. The next one is the first that `credit` does not
    cover.
    """
    to_come = left_to_pay([row for row in rows if row.due_date > on], credit)
    following = next((left for _row, left in to_come if left), 0)
    if amount <= due_by(rows, on) + following:
        return ExtraMode.CREDIT
    return ExtraMode(terms.extra_payment_mode.value)


def _payment_plan(
    loan: Loan, terms: LoanTerms, rows: Sequence[Instalment], amount: int, on: dt.date, mode: ExtraMode
) -> PaymentPlan:
    # What was paid before its due date stays paid: only instalments with something unpaid can be replaced.
    states = [instalment_state(row) for row in rows if row.total_unpaid]
    prepayment = PrepaymentMode(mode.value)
    if not states:
        return PaymentPlan(prepayment, Allocation((), 0), None, None, (), 0, amount, False, 0)
    return plan_payment(states, amount, on, prepayment, finance_terms(loan, terms), terms.allocation_order)


def _pay(plan: PaymentApplication, row: Instalment, line: AllocationLine) -> None:
    row.late_fee_paid += line.late_fee
    row.interest_paid += line.interest
    row.principal_paid += line.principal
    # Interest of the running period that is paid needs to be in the books before the due date brings it there.
    missing = max(row.interest_paid - row.interest_posted, 0)
    row.interest_posted += missing
    plan.interest_recognised += missing
    if row.total_unpaid:
        row.status = InstalmentStatus.PARTIAL
    else:
        row.status = InstalmentStatus.PAID
        row.settled_on = plan.on
    plan.touched.append(row)
    plan.allocations.append(PlannedAllocation(row, line.late_fee, line.interest, line.principal))


def _replace_instalments(plan: PaymentApplication, loan: Loan, outcome: PaymentPlan) -> None:
    """Supersede what is not due yet by the paid line and the new plan after it, as the next schedule version."""
    plan.superseded = [row for row in plan.rows if row.due_date > plan.on and row.total_unpaid]
    posted = sum(row.interest_posted for row in plan.superseded)
    version = loan.schedule_version + 1
    for row in plan.superseded:
        row.status, row.superseded_by = InstalmentStatus.SUPERSEDED, version
    paid = _new_row(loan, version, required(outcome.extra_line, "extra_line"))
    paid.principal_paid, paid.interest_paid = paid.principal_due, paid.interest_due
    paid.interest_posted = paid.interest_due
    paid.status, paid.settled_on = InstalmentStatus.PAID, plan.on
    plan.interest_recognised += paid.interest_due - posted
    plan.added = [paid, *(_new_row(loan, version, line) for line in outcome.remaining_lines)]
    gone = set(map(id, plan.superseded))
    plan.rows = sorted(
        [row for row in plan.rows if id(row) not in gone] + plan.added, key=lambda row: (row.due_date, row.number)
    )
    ahead = required(outcome.ahead, "ahead")
    plan.allocations.append(PlannedAllocation(paid, ahead.late_fee, ahead.interest, ahead.principal))


def _new_row(loan: Loan, version: int, line: InstalmentLine) -> Instalment:
    return Instalment(
        loan=loan,
        schedule_version=version,
        number=line.number,
        period_start=line.period_start,
        due_date=line.due_date,
        principal_due=line.principal,
        interest_due=line.interest,
    )

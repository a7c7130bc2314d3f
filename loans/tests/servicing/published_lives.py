"""Apache Fineract's published stories lived through by a loan of the platform: every step is a service."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from accounts.models import User
from loans.account.progressive import events_of, picture_of, unpaid_charges
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.loan import ChargeBase, ChargePart, LoanStatus, RepaymentStatus
from loans.finance.progressive import Charge, InstalmentCharge
from loans.models import Instalment, Loan, LoanCharge, Repayment, RepaymentAllocation
from loans.selectors.servicing import payoff_figure
from loans.services.collections.charges import add_charge
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.finance.fineract_stories import charge_event, replay_terms_of
from loans.tests.finance.published_rows import minor
from loans.tests.servicing.paying import bounce, pay
from p2plending.tests.support.world import active_loan, fund_wallet, lift_lending_limits, new_key, set_price, set_rules

# More than any loan of the stories ever costs.
PURSE = 60_000_000_00


def lend(story: dict[str, Any], alice: User, lenders: tuple[User, ...]) -> Loan:
    """The story's loan from application to pay-out, under a product that says what the story's says."""
    told = story["loan"]
    terms = replay_terms_of(told)
    product = set_price(terms.schedule.annual_rate, Decimal(0))
    product.servicing_method = "progressive"
    product.min_amount, product.max_amount, product.amount_step = 1_00, 30_000_000_00, 1
    product.min_term_months, product.max_term_months = 1, 120
    product.schedule_method = terms.schedule.method.value
    product.day_count = terms.schedule.day_count.value
    product.rounding = "half-even"
    product.smooths_last_payment = True
    product.payment_multiple = terms.schedule.multiple
    product.payment_every, product.payment_unit = terms.schedule.every, terms.schedule.unit.value
    product.payment_count = terms.schedule.instalments
    product.allocation_order = ",".join(step.part.value for step in terms.order[:4])
    product.interest_recalculation = terms.recalculation.value
    product.overdue_bears_interest = terms.overdue_principal_bears_interest
    product.payoff_interest = terms.payoff_interest.value
    product.payment_way = terms.way.value
    product.future_instalments = terms.future_instalments.value
    product.last_takes_level = terms.last_takes_level
    product.late_fee_fixed, product.late_fee_rate, product.late_fee_cap = 0, Decimal(0), None
    product.save()
    principal = terms.schedule.principal
    part = principal // 3
    amounts = dict(zip(lenders, (part, part, principal - 2 * part), strict=True))
    start = terms.schedule.start_date
    lift_lending_limits()
    set_rules(COMMITMENT_STEP=1, MIN_COMMITMENT=1, BORROWER_TOTAL_CAP=PURSE)
    set_rules(LARGEST_AMOUNT=PURSE, DEPOSIT_SECOND_PERSON_ABOVE=PURSE + 1)
    loan = active_loan(alice, amounts, term=12, today=start, lift_limits=False, monthly_income=9_000_000_00)
    fund_wallet(alice, PURSE, today=start)
    return loan


@dataclass
class Life:
    """A loan in the middle of its story."""

    loan: Loan
    staff: User
    second: User
    today: dt.date
    taken_back: list[Repayment] = field(default_factory=list)

    def let_happen(self, step: dict[str, Any]) -> None:
        """One step of the story."""
        match step["do"]:
            case "set_date":
                self.today = dt.date.fromisoformat(step["date"])
                bring_loan_forward(loan_id=self.loan.pk, today=self.today)
            case "end_of_day":
                bring_loan_forward(loan_id=self.loan.pk, today=self.today)
            case "repayment":
                self.pay(minor(step["amount"]), dt.date.fromisoformat(step["date"]))
            case "pay_off":
                self.pay_off(dt.date.fromisoformat(step["date"]))
            case "add_charge":
                self.charge(step)
            case "undo_transaction":
                self.undo(dt.date.fromisoformat(step["date"]), step["nth"])
            case other:
                raise AssertionError(f"unknown step {other}")

    def pay(self, amount: int, on: dt.date) -> None:
        if on == self.today:
            pay(self.loan, amount, on)
            return
        record_backdated_repayment(
            loan_id=self.loan.pk,
            amount=amount,
            value_date=on,
            bank_reference="",
            actor=self.staff,
            idempotency_key=new_key(),
            today=self.today,
        )

    def pay_off(self, on: dt.date) -> None:
        loan = Loan.objects.get(pk=self.loan.pk)
        if loan.status not in LoanStatus.owing():
            return
        if on == self.today:
            self.pay(payoff_figure(loan, on).total, on)
            return
        terms = LoanTerms.from_json(loan.frozen_terms)
        self.pay(picture_of(loan, terms, events_of(loan), on).payoff.total, on)

    def charge(self, step: dict[str, Any]) -> None:
        event = charge_event(step, "", self.today)
        asked: dict[str, Any] = {"due_on": None}
        if isinstance(event, Charge):
            asked = {"due_on": event.due_on, "amount": event.amount}
        elif isinstance(event, InstalmentCharge):
            base = ChargeBase(event.base.value) if event.rate else None
            asked |= {"amount": event.amount, "rate": event.rate, "base": base}
        add_charge(
            loan_id=self.loan.pk,
            part=ChargePart(event.part.value),
            reason=step["charge"],
            actor=self.staff,
            idempotency_key=new_key(),
            today=self.today,
            **asked,
        )

    def undo(self, on: dt.date, nth: int) -> None:
        confirmed = Repayment.objects.filter(loan=self.loan, status=RepaymentStatus.CONFIRMED, counted_on=on)
        repayment = confirmed.order_by("entry_id")[nth - 1]
        self.taken_back.append(bounce(repayment, self.staff, self.second, self.today))

    def schedule(self) -> list[tuple[object, ...]]:
        """The stored instalments in the columns of the story's table, fees and penalties in one sum."""
        in_advance, late = self._paid_off_time()
        balance, table = self.loan.principal, []
        for row in live_instalments(self.loan):
            balance -= row.principal_due
            table.append(
                (
                    row.number,
                    row.due_date.isoformat(),
                    row.settled_on.isoformat() if row.settled_on else "",
                    balance,
                    row.principal_due,
                    row.interest_due,
                    row.late_fee_due,
                    row.total_due,
                    row.principal_paid + row.interest_paid + row.late_fee_paid,
                    in_advance.get(row.pk, 0),
                    late.get(row.pk, 0),
                    row.total_unpaid,
                )
            )
        return table

    def _paid_off_time(self) -> tuple[dict[int, int], dict[int, int]]:
        in_advance: dict[int, int] = {}
        late: dict[int, int] = {}
        lines = RepaymentAllocation.objects.filter(
            repayment__loan=self.loan, repayment__status=RepaymentStatus.CONFIRMED
        ).select_related("repayment", "instalment")
        for line in lines:
            paid = line.principal + line.interest + line.late_fee
            on, due = line.repayment.counted_on, line.instalment.due_date
            if on < due:
                in_advance[line.instalment_id] = in_advance.get(line.instalment_id, 0) + paid
            elif on > due:
                late[line.instalment_id] = late.get(line.instalment_id, 0) + paid
        return in_advance, late

    def payments(self) -> list[tuple[object, ...]]:
        """The stored payments in the columns of the story's table."""
        left, table = self.loan.principal, []
        for row in Repayment.objects.filter(loan=self.loan, status=RepaymentStatus.CONFIRMED).order_by("entry_id"):
            left -= row.principal
            parts = (row.principal, row.interest, row.late_fee)
            table.append((row.counted_on.isoformat(), row.amount, *parts, left, False))
        for row in self.taken_back:
            parts = (row.principal, row.interest, row.late_fee)
            table.append((row.counted_on.isoformat(), row.amount, *parts, None, True))
        return table

    def charges(self) -> list[tuple[int, ...]]:
        """Amount, paid, waived and unpaid of each charge."""
        loan = Loan.objects.get(pk=self.loan.pk)
        unpaid = unpaid_charges(loan, LoanTerms.from_json(loan.frozen_terms), self.today)
        rows = LoanCharge.objects.filter(loan=loan, is_undone=False)
        return [
            (row.total, row.total - row.waived - unpaid[row.reference], row.waived, unpaid[row.reference])
            for row in rows
        ]

    def unpaid(self, *, due_before: dt.date | None = None) -> int:
        rows = Instalment.objects.filter(loan=self.loan).exclude(status="superseded")
        return sum(row.total_unpaid for row in rows if due_before is None or row.due_date < due_before)

    def surplus(self) -> int:
        rows = Repayment.objects.filter(loan=self.loan, status=RepaymentStatus.CONFIRMED)
        return sum(row.surplus for row in rows)

    def status(self) -> str:
        if Loan.objects.get(pk=self.loan.pk).status == LoanStatus.ACTIVE:
            return "ACTIVE"
        return "OVERPAID" if self.surplus() else "CLOSED_OBLIGATIONS_MET"

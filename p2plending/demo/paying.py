"""How demo borrowers pay back."""

from __future__ import annotations

import datetime as dt

from loans.account.state import live_instalments
from loans.enums.loan import ExtraMode, RepaymentMethod, RepaymentStatus
from loans.models import Instalment, Loan, Repayment
from loans.selectors.servicing import payoff_figure
from loans.services.repayments.record import confirm_repayment, record_repayment
from loans.services.servicing.autopay import set_autopay
from p2plending.demo.people import People
from p2plending.demo.stories import LoanStory, Pays
from p2plending.demo.wallets import agree_about, have_available, new_key
from p2plending.lib.errors import required

LATE_PAYMENT, LATE_DAYS = 2, 20
PAID_AGAIN_AFTER = 5
SECOND_PART_AFTER = 6
ALL_EARLY_AT = 4
EXTRA_AT = 3
IN_TWO_PARTS_AT = 2
# The wallet is filled in time for automatic payment.
FILLED_BEFORE = 2


def pay_what_is_due(people: People, story: LoanStory, loan: Loan, day: dt.date) -> None:
    """Pay on `day` what the story says; nothing on most days. Call after the end of day of `day`."""
    due = [row for row in live_instalments(loan) if row.due_date <= day and row.total_unpaid]
    if not loan.is_restructured:
        due = [row for row in due if not story.leaves_unpaid(row.due_date, day)]
    if not due:
        return
    amount = _amount(story, loan, due, day)
    if amount:
        mode = ExtraMode.SHORTER if story.pays == Pays.SOMETHING_EXTRA else None
        # Only a transfer can bounce.
        pay(people, loan, amount, day, mode, is_wallet=loan.pk % 2 == 0 and story.pays != Pays.BOUNCES_ONCE)


def fill_wallet_for_autopay(people: People, loan: Loan, day: dt.date) -> None:
    """Switch automatic payment on, once, and have the next payment in the wallet two days before it falls due."""
    if not loan.autopay and loan.autopay_tried_on is None and not Repayment.objects.filter(loan=loan).exists():
        set_autopay(loan_id=loan.pk, is_on=True, actor=loan.borrower)
    if loan.next_due_on is not None and (loan.next_due_on - day).days <= FILLED_BEFORE:
        have_available(people, loan.borrower, required(loan.next_due_amount, "next_due_amount"), day, step=50_00)


def _amount(story: LoanStory, loan: Loan, due: list[Instalment], day: dt.date) -> int:
    """Minor units to pay on `day`, at first glance at the oldest of what is due."""
    oldest, total = due[0], sum(row.total_unpaid for row in due)
    days_late = (day - oldest.due_date).days
    if story.pays == Pays.BOUNCES_ONCE and 0 < days_late < PAID_AGAIN_AFTER:
        return 0
    if story.pays == Pays.LATE_ONCE and oldest.number == LATE_PAYMENT:
        return total if days_late >= LATE_DAYS else 0
    if story.pays == Pays.IN_TWO_PARTS and oldest.number == IN_TWO_PARTS_AT and days_late < SECOND_PART_AFTER:
        return total // 2 if days_late == 0 else 0
    if story.pays == Pays.ALL_EARLY and oldest.number == ALL_EARLY_AT:
        return payoff_figure(loan, day).total
    if story.pays == Pays.SOMETHING_EXTRA and oldest.number == EXTRA_AT:
        return total * 2
    return total


def pay(people: People, loan: Loan, amount: int, day: dt.date, mode: ExtraMode | None, *, is_wallet: bool) -> None:
    """Every other loan is paid from the wallet, the others by a transfer that staff find."""
    if is_wallet:
        have_available(people, loan.borrower, amount, day, step=50_00)
    method = RepaymentMethod.WALLET if is_wallet else RepaymentMethod.DECLARED
    repayment = declare_payment(loan, amount, day, method=method, mode=mode)
    if repayment.status == RepaymentStatus.DECLARED:
        find_payment(people, repayment, day)


def find_payment(people: People, repayment: Repayment, day: dt.date) -> None:
    """Staff find a payment in the bank statement."""
    confirm_repayment(
        repayment_id=repayment.pk,
        value_date=repayment.value_date,
        actor=people.officer,
        idempotency_key=new_key(),
        today=day,
    )
    agree_about(people, "repayment", repayment.reference, day)


def declare_payment(
    loan: Loan,
    amount: int,
    day: dt.date,
    *,
    method: RepaymentMethod = RepaymentMethod.DECLARED,
    mode: ExtraMode | None = None,
) -> Repayment:
    """The borrower pays, or says to have paid, `amount` minor units on `day`."""
    return record_repayment(
        loan_id=loan.pk,
        amount=amount,
        method=method,
        value_date=day,
        bank_reference=loan.reference if method == RepaymentMethod.DECLARED else "",
        extra_mode=mode,
        actor=loan.borrower,
        idempotency_key=new_key(),
        today=day,
    )

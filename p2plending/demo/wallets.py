"""Money of the demo people: sent to us, found by staff, taken out again."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from accounts.models import ApprovalRequest, User
from accounts.selectors.people import waiting_about
from accounts.services.approvals.requests import approve_request
from ledger.enums.books import DepositStatus, PaymentMethod
from ledger.models import Deposit, Withdrawal
from ledger.selectors import wallet_summary
from ledger.services.deposits import confirm_deposit, declare_deposit
from ledger.services.withdrawals import approve_withdrawal, pay_withdrawal, request_withdrawal
from p2plending.demo.people import People

# The example of the IBAN registry for the country of the demo.
EXAMPLE_IBAN = "IE29 AIBK 9311 5212 3456 78"


def new_key() -> str:
    """A form key as a page makes it."""
    return uuid.uuid4().hex


def declare_deposit_of(user: User, amount: int, day: dt.date) -> Deposit:
    """Declare a transfer of `amount` minor units."""
    return declare_deposit(
        user=user,
        amount=amount,
        sent_on=day,
        method=PaymentMethod.BANK_TRANSFER,
        bank_reference=user.member_number,
        actor=user,
        idempotency_key=new_key(),
        today=day,
    )


def agree(people: People, request: ApprovalRequest, day: dt.date) -> None:
    """The other officer's yes to what one of them asked for."""
    second = people.officer if request.maker_id == people.second_officer.pk else people.second_officer
    approve_request(approval_id=request.pk, actor=second, idempotency_key=new_key(), today=day)


def agree_about(people: People, subject_type: str, reference: str, day: dt.date) -> None:
    """The same for whatever waits about one thing; most sums are too small for that."""
    for request in waiting_about(subject_type, reference):
        agree(people, request, day)


def add_money(people: People, user: User, amount: int, day: dt.date) -> None:
    """A transfer that staff find on the same day, unless money arrives at once."""
    deposit = declare_deposit_of(user, amount, day)
    if deposit.status == DepositStatus.DECLARED:
        confirm_money(people, deposit, day)


def confirm_money(people: People, deposit: Deposit, day: dt.date) -> None:
    """Staff find a transfer in the bank statement; a large one may wait for the second of them already."""
    if not waiting_about("deposit", deposit.reference).exists():
        told: dict[str, Any] = {"deposit_id": deposit.pk, "value_date": deposit.sent_on, "today": day}
        confirm_deposit(actor=people.officer, idempotency_key=new_key(), **told)
    agree_about(people, "deposit", deposit.reference, day)


def have_available(people: People, user: User, amount: int, day: dt.date, *, step: int = 100_00) -> None:
    """Add money, in round sums, when less than `amount` is available."""
    missing = amount - wallet_summary(user).available
    if missing > 0:
        add_money(people, user, -(-missing // step) * step, day)


def ask_for_money(user: User, amount: int, day: dt.date) -> Withdrawal:
    """Ask for `amount` minor units to be sent to one's bank."""
    return request_withdrawal(
        user=user,
        amount=amount,
        account_holder=user.full_name,
        iban=EXAMPLE_IBAN,
        actor=user,
        idempotency_key=new_key(),
        today=day,
    )


def approve_money(people: People, withdrawal: Withdrawal, day: dt.date) -> None:
    """The first person's yes, and the second's where it takes two."""
    approve_withdrawal(withdrawal_id=withdrawal.pk, actor=people.officer, idempotency_key=new_key(), today=day)
    agree_about(people, "withdrawal", withdrawal.reference, day)


def pay_money(people: People, withdrawal: Withdrawal, day: dt.date) -> None:
    """The transfer, by the second person."""
    pay_withdrawal(
        withdrawal_id=withdrawal.pk,
        paid_on=day,
        bank_reference=f"OUT {withdrawal.reference}",
        actor=people.second_officer,
        idempotency_key=new_key(),
        today=day,
    )


def take_out_money(people: People, user: User, amount: int, day: dt.date) -> None:
    """A withdrawal that is asked for, approved and paid on one day."""
    withdrawal = ask_for_money(user, amount, day)
    approve_money(people, withdrawal, day)
    pay_money(people, withdrawal, day)

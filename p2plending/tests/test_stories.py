"""Whole lives of a loan on the services, with what is in every wallet after each step.

The loan is the example of docs/domain.md: 10,000.00 at 12 % over 12 payments of 888.49 from 15 February 2026 on, set-up
fee 3 %, lenders Bob 3,333.00, Carol 3,333.00 and Dan 3,334.00, servicing fee 5 % of interest received, rounded down.
The cents were worked out by hand: principal by weight with left-over cents to the largest fraction, interest the same
with the fraction carried.
"""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.enums import Role
from accounts.models import User
from ledger.services.withdrawals import approve_withdrawal, pay_withdrawal, request_withdrawal
from loans.enums import LoanStatus, NoteStatus, RepaymentMethod
from loans.models import Loan, Repayment
from loans.services.repayment import confirm_repayment, record_repayment
from loans.services.servicing import bring_up_to_date
from p2plending.tests.books import assert_sound_books, available
from p2plending.tests.world import example_loan, fund_wallet, new_key, verified

IBAN = "DE89 3704 0044 0532 0130 00"
PAYMENT, LAST_PAYMENT = 888_49, 888_47
# What each lender received after 1, 2, … 12 payments on time, fee taken off.
ON_TIME = [
    (294_48, 294_47, 294_56),
    (589_08, 589_08, 589_25),
    (883_81, 883_81, 884_08),
    (1_178_69, 1_178_68, 1_179_04),
    (1_473_68, 1_473_69, 1_474_14),
    (1_768_83, 1_768_83, 1_769_37),
    (2_064_11, 2_064_11, 2_064_75),
    (2_359_53, 2_359_54, 2_360_26),
    (2_655_10, 2_655_10, 2_655_91),
    (2_950_81, 2_950_80, 2_951_70),
    (3_246_65, 3_246_65, 3_247_63),
    (3_542_64, 3_542_64, 3_543_70),
]
DUE = [dt.date(2026, month, 15) for month in range(2, 13)] + [dt.date(2027, 1, 15)]


@pytest.fixture
def dan(dora: User) -> User:
    return verified("Dan", Role.LENDER)


@pytest.fixture
def lenders(bob: User, carol: User, dan: User) -> tuple[User, User, User]:
    return bob, carol, dan


@pytest.fixture
def loan(alice: User, lenders: tuple[User, User, User]) -> Loan:
    return example_loan(alice, lenders)


def pay(loan: Loan, amount: int, on: dt.date) -> Repayment:
    """From the wallet, after the end of day of that date."""
    bring_up_to_date(loan_id=loan.pk, today=on)
    return record_repayment(
        loan_id=loan.pk,
        amount=amount,
        method=RepaymentMethod.WALLET,
        value_date=on,
        actor=loan.borrower,
        idempotency_key=new_key(),
        today=on,
    )


def test_a_loan_paid_on_time(alice: User, lenders: tuple[User, User, User], loan: Loan, dora: User) -> None:
    # All that lenders brought is lent; the borrower has it less 300.00.
    assert available(alice, *lenders) == [9_700_00, 0, 0, 0]

    withdrawal = request_withdrawal(
        user=alice,
        amount=9_700_00,
        account_holder="Alice Example",
        iban=IBAN,
        actor=alice,
        idempotency_key=new_key(),
        today=loan.disbursed_on,
    )
    approve_withdrawal(withdrawal_id=withdrawal.pk, actor=dora, idempotency_key=new_key())
    pay_withdrawal(
        withdrawal_id=withdrawal.pk,
        paid_on=loan.disbursed_on,
        bank_reference="",
        actor=dora,
        idempotency_key=new_key(),
        today=loan.disbursed_on,
    )
    assert available(alice) == [0]

    for number, (due, received) in enumerate(zip(DUE, ON_TIME, strict=True), start=1):
        amount = PAYMENT if number < 12 else LAST_PAYMENT
        fund_wallet(alice, amount, today=due)
        pay(loan, amount, due)
        assert available(alice, *lenders) == [0, *received]

    loan.refresh_from_db()
    assert (loan.status, loan.closed_on, loan.principal_outstanding) == (LoanStatus.REPAID, dt.date(2027, 1, 15), 0)
    assert set(loan.notes.values_list("status", flat=True)) == {NoteStatus.REPAID}
    # 10,661.86 came in; the platform kept 3 × 10.96 of the 661.86 interest.
    assert sum(ON_TIME[-1]) == 10_000_00 + 661_86 - 3 * 10_96
    assert_sound_books()


def test_a_payment_that_comes_late_brings_its_fee_to_the_lenders(
    alice: User, lenders: tuple[User, User, User], loan: Loan
) -> None:
    # 15 days of grace after 15 February end on 2 March.
    bring_up_to_date(loan_id=loan.pk, today=dt.date(2026, 3, 2))
    loan.refresh_from_db()
    assert (loan.arrears_amount, loan.days_past_due) == (888_49, 15)

    bring_up_to_date(loan_id=loan.pk, today=dt.date(2026, 3, 3))
    loan.refresh_from_db()
    # 5 % of 888.49 is 44.42, more than the fixed 5.00.
    assert (loan.arrears_amount, loan.days_past_due) == (932_91, 16)
    assert available(*lenders) == [0, 0, 0]

    payment = pay(loan, 932_91, dt.date(2026, 3, 5))
    assert (payment.late_fee, payment.interest, payment.principal) == (44_42, 100_00, 788_49)
    # 14.81, 14.80 and 14.81 of the fee on top of the first payment.
    assert available(alice, *lenders) == [9_700_00 - 932_91, 309_29, 309_27, 309_37]
    loan.refresh_from_db()
    assert (loan.arrears_amount, loan.days_past_due, loan.next_due_on) == (0, 0, dt.date(2026, 3, 15))
    assert_sound_books()


def test_a_loan_paid_early_costs_no_interest_of_the_future(
    alice: User, lenders: tuple[User, User, User], loan: Loan
) -> None:
    for due, received in zip(DUE[:3], ON_TIME[:3], strict=True):
        pay(loan, PAYMENT, due)
        assert available(*lenders) == list(received)

    # Ten of thirty days into the fourth month: 7,610.80 and 25.37 of the 76.11 interest. What is above comes back.
    fund_wallet(alice, 665_47, today=dt.date(2026, 4, 25))
    assert available(alice) == [7_700_00]
    payment = pay(loan, 7_700_00, dt.date(2026, 4, 25))
    assert (payment.principal, payment.interest, payment.surplus) == (7_610_80, 25_37, 63_83)
    assert available(alice, *lenders) == [63_83, 3_428_52, 3_428_53, 3_429_56]
    loan.refresh_from_db()
    assert (loan.status, loan.closed_on) == (LoanStatus.REPAID, dt.date(2026, 4, 25))
    assert_sound_books()


def test_a_payment_in_two_parts_is_paid_when_both_are_there(
    alice: User, lenders: tuple[User, User, User], loan: Loan, dora: User
) -> None:
    # 400.00 are the interest of 100.00 and 300.00 of principal.
    part = pay(loan, 400_00, dt.date(2026, 2, 15))
    assert (part.interest, part.principal) == (100_00, 300_00)
    loan.refresh_from_db()
    assert (loan.next_due_on, loan.next_due_amount) == (dt.date(2026, 2, 15), 488_49)

    told = record_repayment(
        loan_id=loan.pk,
        amount=488_49,
        method=RepaymentMethod.DECLARED,
        value_date=dt.date(2026, 2, 17),
        bank_reference="second half",
        actor=alice,
        idempotency_key=new_key(),
        today=dt.date(2026, 2, 17),
    )
    before = available(*lenders)
    confirm_repayment(
        repayment_id=told.pk,
        value_date=dt.date(2026, 2, 17),
        actor=dora,
        idempotency_key=new_key(),
        today=dt.date(2026, 2, 18),
    )
    assert [now - then for now, then in zip(available(*lenders), before, strict=True)] == [162_82, 162_81, 162_86]
    loan.refresh_from_db()
    assert (loan.next_due_on, loan.days_past_due) == (dt.date(2026, 3, 15), 0)
    assert available(alice) == [9_700_00 - 400_00]
    assert_sound_books()

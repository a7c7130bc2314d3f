"""Automatic payment on the due date, and giving a loan back in its first days."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Notification, User
from ledger.selectors import balance
from ledger.services.posting import InsufficientBalance
from ledger.services.withdrawals import request_withdrawal
from loans.enums.loan import LoanStatus, RepaymentMethod
from loans.models import Instalment, Loan, Repayment
from loans.services.repayments.right_of_withdrawal import WithdrawalTimeOver, give_loan_back, withdrawal_figures
from loans.services.servicing.autopay import NotBeingPaidBack, set_autopay
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.lifecycle import NotYourLoan
from loans.tests.servicing.paying import available, bounce, fresh, pay
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.world import fund_wallet, new_key

pytestmark = pytest.mark.django_db

PAID_OUT = dt.date(2026, 1, 15)
DUE = dt.date(2026, 2, 15)
DAY = dt.timedelta(days=1)


def leave_in_wallet(loan: Loan, amount: int) -> None:
    request_withdrawal(
        user=loan.borrower,
        amount=available(loan.borrower)[0] - amount,
        account_holder="Alice Example",
        iban="DE89370400440532013000",
        actor=loan.borrower,
        idempotency_key=new_key(),
        today=PAID_OUT,
    )


def switch_on(loan: Loan) -> None:
    set_autopay(loan_id=loan.pk, is_on=True, actor=loan.borrower)


def paid() -> list[tuple[int, dt.date, str]]:
    return list(Repayment.objects.order_by("pk").values_list("amount", "value_date", "method"))


def test_only_the_borrower_switches_it_and_only_while_there_is_something_to_pay(loan: Loan, bob: User) -> None:
    with pytest.raises(NotYourLoan):
        set_autopay(loan_id=loan.pk, is_on=True, actor=bob)
    assert fresh(loan).autopay is False
    pay(loan, 11_000_00, DUE)
    with pytest.raises(NotBeingPaidBack):
        switch_on(loan)


def test_it_pays_on_the_due_date_once_and_never_before(loan: Loan) -> None:
    switch_on(loan)
    bring_loan_forward(loan_id=loan.pk, today=DUE - DAY)
    assert paid() == []
    for _again in range(2):
        bring_loan_forward(loan_id=loan.pk, today=DUE)
    assert paid() == [(888_49, DUE, RepaymentMethod.AUTOPAY)]
    assert (fresh(loan).next_due_on, fresh(loan).days_past_due) == (dt.date(2026, 3, 15), 0)
    assert_sound_books()


def test_what_the_wallet_does_not_hold_is_tried_again_one_and_three_days_later(loan: Loan) -> None:
    switch_on(loan)
    leave_in_wallet(loan, 300_00)
    bring_loan_forward(loan_id=loan.pk, today=DUE)
    assert paid() == [(300_00, DUE, RepaymentMethod.AUTOPAY)]
    told = Notification.objects.get(user=loan.borrower, event="autopay_short")
    assert "Add €588.49" in told.body
    assert_links_open("autopay_short")
    fund_wallet(loan.borrower, 88_49, today=DUE)
    bring_loan_forward(loan_id=loan.pk, today=DUE)
    assert len(paid()) == 1
    bring_loan_forward(loan_id=loan.pk, today=DUE + DAY)
    fund_wallet(loan.borrower, 500_00, today=DUE + DAY)
    bring_loan_forward(loan_id=loan.pk, today=DUE + 2 * DAY)
    bring_loan_forward(loan_id=loan.pk, today=DUE + 3 * DAY)
    assert [(amount, day) for amount, day, _method in paid()] == [
        (300_00, DUE),
        (88_49, DUE + DAY),
        (500_00, DUE + 3 * DAY),
    ]
    assert fresh(loan).arrears_amount == 0
    assert_sound_books()


@pytest.mark.parametrize("seen", ["daily", "late"])
def test_days_that_nobody_saw_come_out_as_if_somebody_had(loan: Loan, seen: str) -> None:
    switch_on(loan)
    leave_in_wallet(loan, 1_000_00)
    for passed in range(1, 91) if seen == "daily" else [90]:
        bring_loan_forward(loan_id=loan.pk, today=PAID_OUT + passed * DAY)
    # The second due date finds 111.51; the days after it find nothing.
    assert paid() == [(888_49, DUE, RepaymentMethod.AUTOPAY), (111_51, dt.date(2026, 3, 15), RepaymentMethod.AUTOPAY)]
    row = Instalment.objects.get(loan=loan, number=2)
    # 5 % of the 776.98 that were unpaid.
    assert (row.late_fee_due, row.late_fee_charged_on) == (38_85, dt.date(2026, 3, 31))
    assert Instalment.objects.get(loan=loan, number=1).late_fee_due == 0
    assert (fresh(loan).days_past_due, fresh(loan).arrears_amount) == (31, 776_98 + 38_85)
    assert available(loan.borrower) == [0]
    told = Notification.objects.filter(user=loan.borrower, event="autopay_short")
    # Payment 2 was tried three times, payment 3 once; after days that nobody saw only the last one is told.
    assert told.count() == (4 if seen == "daily" else 1)
    assert_sound_books()


def test_money_that_came_after_a_missed_day_pays_on_the_next_try(loan: Loan) -> None:
    switch_on(loan)
    leave_in_wallet(loan, 0)
    fund_wallet(loan.borrower, 888_49, today=DUE + 2 * DAY)
    bring_loan_forward(loan_id=loan.pk, today=DUE + 10 * DAY)
    assert paid() == [(888_49, DUE + 3 * DAY, RepaymentMethod.AUTOPAY)]


def test_money_that_was_there_but_is_spent_pays_nothing(loan: Loan) -> None:
    switch_on(loan)
    request_withdrawal(
        user=loan.borrower,
        amount=available(loan.borrower)[0],
        account_holder="Alice Example",
        iban="DE89370400440532013000",
        actor=loan.borrower,
        idempotency_key=new_key(),
        today=DUE + 5 * DAY,
    )
    bring_loan_forward(loan_id=loan.pk, today=DUE + 10 * DAY)
    assert (paid(), fresh(loan).days_past_due) == ([], 10)


def test_switched_on_late_it_does_not_reach_back_behind_what_was_seen(loan: Loan) -> None:
    bring_loan_forward(loan_id=loan.pk, today=DUE + 10 * DAY)
    switch_on(loan)
    bring_loan_forward(loan_id=loan.pk, today=DUE + 20 * DAY)
    assert paid() == [(888_49, DUE + 11 * DAY, RepaymentMethod.AUTOPAY)]
    assert fresh(loan).worst_days_past_due == 11


def test_switched_off_it_pays_nothing(loan: Loan) -> None:
    switch_on(loan)
    set_autopay(loan_id=loan.pk, is_on=False, actor=loan.borrower)
    bring_loan_forward(loan_id=loan.pk, today=DUE)
    assert paid() == []


def test_a_loan_is_given_back_for_principal_and_interest_to_the_day(loan: Loan, bob: User) -> None:
    day = PAID_OUT + 10 * DAY
    figures = withdrawal_figures(loan, day)
    # 100.00 x 10 / 31 days
    assert (figures.principal, figures.interest, figures.fee_refund) == (10_000_00, 32_26, 300_00)
    before = available(loan.borrower)[0]
    give_loan_back(loan_id=loan.pk, actor=loan.borrower, idempotency_key=new_key(), today=day)
    assert available(loan.borrower) == [before + 300_00 - 10_032_26]
    assert (fresh(loan).status, fresh(loan).closed_on) == (LoanStatus.REPAID, day)
    assert balance("P4000") == 0
    assert available(bob)[0] > 3_333_00
    assert_sound_books()


def test_the_fee_stays_when_the_product_keeps_it(loan: Loan) -> None:
    terms = loan.frozen_terms | {"refunds_fee_on_withdrawal": False}
    Loan.objects.filter(pk=loan.pk).update(frozen_terms=terms)
    before = available(loan.borrower)[0]
    give_loan_back(loan_id=loan.pk, actor=loan.borrower, idempotency_key=new_key(), today=PAID_OUT)
    assert available(loan.borrower) == [before - 10_000_00]
    assert balance("P4000") == 300_00


def test_giving_back_is_refused_to_others_too_late_and_without_the_money(loan: Loan, bob: User) -> None:
    leave_in_wallet(loan, 9_000_00)
    before = money_mark()
    for refusal, who, day in (
        (NotYourLoan, bob, PAID_OUT),
        (WithdrawalTimeOver, loan.borrower, PAID_OUT + 15 * DAY),
        (InsufficientBalance, loan.borrower, PAID_OUT + 14 * DAY),
    ):
        with pytest.raises(refusal):
            give_loan_back(loan_id=loan.pk, actor=who, idempotency_key=new_key(), today=day)
    assert money_mark() == before
    assert fresh(loan).status == LoanStatus.ACTIVE


def test_undoing_it_takes_the_fee_again_and_it_can_be_given_back_again(loan: Loan, dora: User, frank: User) -> None:
    terms = dict(loan.frozen_terms, refunds_fee_on_withdrawal=True)
    Loan.objects.filter(pk=loan.pk).update(frozen_terms=terms)
    before = available(loan.borrower)
    for _again in range(2):
        given_back = give_loan_back(loan_id=loan.pk, actor=loan.borrower, idempotency_key=new_key(), today=PAID_OUT)
        assert fresh(loan).status == LoanStatus.REPAID
        bounce(given_back, dora, frank, PAID_OUT)
        assert (fresh(loan).status, available(loan.borrower)) == (LoanStatus.ACTIVE, before)
        assert_sound_books()

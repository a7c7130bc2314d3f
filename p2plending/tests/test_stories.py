"""Whole lives of a loan on the services, with all that stands in the books after each step.

The loan is the example of docs/domain.md: 10,000.00 at 12 % over 12 payments of 888.49 from 15 February 2026 on, set-up
fee 3 %, lenders Bob 3,333.00, Carol 3,333.00 and Dan 3,334.00, servicing fee 5 % of interest received, rounded down.

The cents were worked out by hand, with fractions. Principal goes by the principal that each lender has outstanding,
with left-over cents to the largest fraction; interest and late fees the same, with the fraction of a cent carried to
the next payment. Payment 1 is 100.00 interest (33.33, 33.33, 33.34, less 1.66 each for servicing) and 788.49 principal
(262.81, 262.80, 262.88). Servicing the 661.86 of interest of all twelve cost the lenders 32.88.
"""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.enums.people import Role
from accounts.models import User
from ledger.services.withdrawals import approve_withdrawal, pay_withdrawal, request_withdrawal
from loans.enums.loan import LoanStatus, NoteStatus, RepaymentMethod
from loans.models import Loan, Repayment
from loans.services.repayments.record import confirm_repayment, record_repayment
from loans.services.servicing.bring_forward import bring_loan_forward
from p2plending.tests.support.books import assert_sound_books, available
from p2plending.tests.support.storybook import Storybook
from p2plending.tests.support.world import example_loan, fund_wallet, new_key, verified

IBAN = "DE89 3704 0044 0532 0130 00"
PAYMENT, LAST_PAYMENT = 888_49, 888_47
DUE = [dt.date(2026, month, 15) for month in range(2, 13)] + [dt.date(2027, 1, 15)]

ON_TIME = """
step                           |    Alice|     Bob|   Carol|     Dan|     bank|    L1200|  L1210|  L1220| income|  C1300
15 Jan: paid out               |  9700.00|    0.00|    0.00|    0.00| 10000.00| 10000.00|   0.00|   0.00| 300.00|   0.00
15 Jan: Alice takes it out     |     0.00|    0.00|    0.00|    0.00|   300.00| 10000.00|   0.00|   0.00| 300.00|   0.00
15 Feb: interest falls due     |     0.00|    0.00|    0.00|    0.00|   300.00| 10000.00| 100.00|   0.00| 300.00|   0.00
15 Feb: payment 1              |     0.00|  294.48|  294.47|  294.56|  1188.49|  9211.51|   0.00|   0.00| 304.98|   0.00
15 Mar: payment 2              |     0.00|  589.08|  589.08|  589.25|  2076.98|  8415.14|   0.00|   0.00| 309.57|   0.00
15 Apr: payment 3              |     0.00|  883.81|  883.81|  884.08|  2965.47|  7610.80|   0.00|   0.00| 313.77|   0.00
15 May: payment 4              |     0.00| 1178.69| 1178.68| 1179.04|  3853.96|  6798.42|   0.00|   0.00| 317.55|   0.00
15 Jun: payment 5              |     0.00| 1473.68| 1473.69| 1474.14|  4742.45|  5977.91|   0.00|   0.00| 320.94|   0.00
15 Jul: payment 6              |     0.00| 1768.83| 1768.83| 1769.37|  5630.94|  5149.20|   0.00|   0.00| 323.91|   0.00
15 Aug: payment 7              |     0.00| 2064.12| 2064.11| 2064.74|  6519.43|  4312.20|   0.00|   0.00| 326.46|   0.00
15 Sep: payment 8              |     0.00| 2359.54| 2359.54| 2360.25|  7407.92|  3466.83|   0.00|   0.00| 328.59|   0.00
15 Oct: payment 9              |     0.00| 2655.11| 2655.10| 2655.90|  8296.41|  2613.01|   0.00|   0.00| 330.30|   0.00
15 Nov: payment 10             |     0.00| 2950.81| 2950.81| 2951.69|  9184.90|  1750.65|   0.00|   0.00| 331.59|   0.00
15 Dec: payment 11             |     0.00| 3246.65| 3246.65| 3247.63| 10073.39|   879.67|   0.00|   0.00| 332.46|   0.00
15 Jan: payment 12             |     0.00| 3542.64| 3542.64| 3543.70| 10961.86|     0.00|   0.00|   0.00| 332.88|   0.00
"""
# The fee of the first payment is 5 % of 888.49, 44.42, more than the fixed 5.00: 14.81, 14.80 and 14.81.
LATE_THEN_ON_TIME = """
step                           |    Alice|     Bob|   Carol|     Dan|     bank|    L1200|  L1210|  L1220| income|  C1300
15 Jan: paid out               |  9700.00|    0.00|    0.00|    0.00| 10000.00| 10000.00|   0.00|   0.00| 300.00|   0.00
2 Mar: last day of grace       |  9700.00|    0.00|    0.00|    0.00| 10000.00| 10000.00| 100.00|   0.00| 300.00|   0.00
3 Mar: late fee                |  9700.00|    0.00|    0.00|    0.00| 10000.00| 10000.00| 100.00|  44.42| 300.00|   0.00
5 Mar: all that is late        |  8767.09|  309.29|  309.27|  309.37| 10000.00|  9211.51|   0.00|   0.00| 304.98|   0.00
15 Mar: payment 2              |  7878.60|  603.89|  603.88|  604.06| 10000.00|  8415.14|   0.00|   0.00| 309.57|   0.00
15 Apr: payment 3              |  6990.11|  898.62|  898.61|  898.89| 10000.00|  7610.80|   0.00|   0.00| 313.77|   0.00
15 May: payment 4              |  6101.62| 1193.50| 1193.48| 1193.85| 10000.00|  6798.42|   0.00|   0.00| 317.55|   0.00
15 Jun: payment 5              |  5213.13| 1488.49| 1488.49| 1488.95| 10000.00|  5977.91|   0.00|   0.00| 320.94|   0.00
15 Jul: payment 6              |  4324.64| 1783.64| 1783.63| 1784.18| 10000.00|  5149.20|   0.00|   0.00| 323.91|   0.00
15 Aug: payment 7              |  3436.15| 2078.93| 2078.91| 2079.55| 10000.00|  4312.20|   0.00|   0.00| 326.46|   0.00
15 Sep: payment 8              |  2547.66| 2374.35| 2374.34| 2375.06| 10000.00|  3466.83|   0.00|   0.00| 328.59|   0.00
15 Oct: payment 9              |  1659.17| 2669.92| 2669.90| 2670.71| 10000.00|  2613.01|   0.00|   0.00| 330.30|   0.00
15 Nov: payment 10             |   770.68| 2965.62| 2965.61| 2966.50| 10000.00|  1750.65|   0.00|   0.00| 331.59|   0.00
15 Dec: Alice adds money       |  1776.96| 2965.62| 2965.61| 2966.50| 11006.28|  1750.65|   0.00|   0.00| 331.59|   0.00
15 Dec: payment 11             |   888.47| 3261.46| 3261.45| 3262.44| 11006.28|   879.67|   0.00|   0.00| 332.46|   0.00
15 Jan: payment 12             |     0.00| 3557.45| 3557.44| 3558.51| 11006.28|     0.00|   0.00|   0.00| 332.88|   0.00
"""
# Ten of thirty days into the fourth month: 25.37 of its 76.11 interest. Of the 7,700.00 paid, 63.83 come back.
PAID_OFF_EARLY = """
step                           |    Alice|     Bob|   Carol|     Dan|     bank|    L1200|  L1210|  L1220| income|  C1300
15 Jan: paid out               |  9700.00|    0.00|    0.00|    0.00| 10000.00| 10000.00|   0.00|   0.00| 300.00|   0.00
15 Feb: payment 1              |  8811.51|  294.48|  294.47|  294.56| 10000.00|  9211.51|   0.00|   0.00| 304.98|   0.00
15 Mar: payment 2              |  7923.02|  589.08|  589.08|  589.25| 10000.00|  8415.14|   0.00|   0.00| 309.57|   0.00
15 Apr: payment 3              |  7034.53|  883.81|  883.81|  884.08| 10000.00|  7610.80|   0.00|   0.00| 313.77|   0.00
25 Apr: Alice adds money       |  7700.00|  883.81|  883.81|  884.08| 10665.47|  7610.80|   0.00|   0.00| 313.77|   0.00
25 Apr: all paid off           |    63.83| 3428.52| 3428.53| 3429.56| 10665.47|     0.00|   0.00|   0.00| 315.03|   0.00
"""


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
    bring_loan_forward(loan_id=loan.pk, today=on)
    return record_repayment(
        loan_id=loan.pk,
        amount=amount,
        method=RepaymentMethod.WALLET,
        value_date=on,
        actor=loan.borrower,
        idempotency_key=new_key(),
        today=on,
    )


def pay_plan(loan: Loan, book: Storybook, numbers: range, *, brings_money: bool = False) -> None:
    """These payments of the plan, each on its day; the borrower has the money, or brings it."""
    for number in numbers:
        due, amount = DUE[number - 1], LAST_PAYMENT if number == len(DUE) else PAYMENT
        if brings_money:
            fund_wallet(loan.borrower, amount, today=due)
        pay(loan, amount, due)
        book.after(f"{due:%d %b}: payment {number}")


def test_a_loan_paid_on_time(alice: User, lenders: tuple[User, User, User], loan: Loan, dora: User) -> None:
    book = Storybook(ON_TIME, loan, (alice, *lenders))
    # All that lenders brought is lent; the borrower has it less 300.00.
    book.after("15 Jan: paid out")

    withdrawal = request_withdrawal(
        user=alice,
        amount=9_700_00,
        account_holder="Alice Example",
        iban=IBAN,
        actor=alice,
        idempotency_key=new_key(),
        today=loan.disbursed_on,
    )
    approve_withdrawal(withdrawal_id=withdrawal.pk, actor=dora, idempotency_key=new_key(), today=loan.disbursed_on)
    pay_withdrawal(
        withdrawal_id=withdrawal.pk,
        paid_on=loan.disbursed_on,
        bank_reference="",
        actor=dora,
        idempotency_key=new_key(),
        today=loan.disbursed_on,
    )
    book.after("15 Jan: Alice takes it out")
    bring_loan_forward(loan_id=loan.pk, today=DUE[0])
    book.after("15 Feb: interest falls due")

    pay_plan(loan, book, range(1, 13), brings_money=True)

    assert book.is_told()
    loan.refresh_from_db()
    assert (loan.status, loan.closed_on, loan.principal_outstanding) == (LoanStatus.REPAID, dt.date(2027, 1, 15), 0)
    assert set(loan.notes.values_list("status", flat=True)) == {NoteStatus.REPAID}
    # 10,661.86 came in; the platform kept 3 × 10.96 of the 661.86 interest.
    assert sum(available(*lenders)) == 10_000_00 + 661_86 - 3 * 10_96


def test_a_payment_that_comes_late_brings_its_fee_to_the_lenders_and_the_loan_goes_on(
    alice: User, lenders: tuple[User, User, User], loan: Loan
) -> None:
    book = Storybook(LATE_THEN_ON_TIME, loan, (alice, *lenders))
    book.after("15 Jan: paid out")
    # 15 days of grace after 15 February end on 2 March.
    bring_loan_forward(loan_id=loan.pk, today=dt.date(2026, 3, 2))
    book.after("2 Mar: last day of grace")
    loan.refresh_from_db()
    assert (loan.arrears_amount, loan.days_past_due, loan.bucket) == (888_49, 15, "grace")

    bring_loan_forward(loan_id=loan.pk, today=dt.date(2026, 3, 3))
    book.after("3 Mar: late fee")
    loan.refresh_from_db()
    assert (loan.arrears_amount, loan.days_past_due, loan.bucket) == (932_91, 16, "late_16_30")

    payment = pay(loan, 932_91, dt.date(2026, 3, 5))
    assert (payment.late_fee, payment.interest, payment.principal) == (44_42, 100_00, 788_49)
    book.after("5 Mar: all that is late")
    loan.refresh_from_db()
    assert (loan.arrears_amount, loan.days_past_due, loan.bucket) == (0, 0, "current")
    assert loan.next_due_on == dt.date(2026, 3, 15)

    pay_plan(loan, book, range(2, 11))
    fund_wallet(alice, 1_006_28, today=DUE[10])
    book.after("15 Dec: Alice adds money")
    pay_plan(loan, book, range(11, 13))

    assert book.is_told()
    loan.refresh_from_db()
    assert (loan.status, loan.closed_on) == (LoanStatus.REPAID, dt.date(2027, 1, 15))


def test_a_loan_paid_early_costs_no_interest_of_the_future(
    alice: User, lenders: tuple[User, User, User], loan: Loan
) -> None:
    book = Storybook(PAID_OFF_EARLY, loan, (alice, *lenders))
    book.after("15 Jan: paid out")
    pay_plan(loan, book, range(1, 4))

    fund_wallet(alice, 665_47, today=dt.date(2026, 4, 25))
    book.after("25 Apr: Alice adds money")
    payment = pay(loan, 7_700_00, dt.date(2026, 4, 25))
    assert (payment.principal, payment.interest, payment.surplus) == (7_610_80, 25_37, 63_83)
    book.after("25 Apr: all paid off")

    assert book.is_told()
    loan.refresh_from_db()
    assert (loan.status, loan.closed_on) == (LoanStatus.REPAID, dt.date(2026, 4, 25))


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

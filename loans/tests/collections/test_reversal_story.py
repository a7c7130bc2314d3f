"""The story of a payment that bounces after a lender has taken the money out: he owes it until money comes in.

All three give back what they had of the 888.49: 262.81 + 33.33 − 1.66 = 294.48, 294.47, 294.56; the platform its fee of
4.98. Bob's is gone, so he owes us 294.48 (C1300). 100.00 that he brings and 194.48 of what he gets next go there first.
"""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from ledger.services.withdrawals import approve_withdrawal, pay_withdrawal, request_withdrawal
from loans.services.corrections.reversal_request import request_reversal
from loans.tests.collections import steps
from loans.tests.servicing.paying import confirm, declare, fresh, pay
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.storybook import Storybook
from p2plending.tests.support.world import example_loan, fund_wallet, new_key

TABLE = """
step                           |    Alice|     Bob|   Carol|     Dan|     bank|    L1200|  L1210|  L1220| income|  C1300
15 Jan: paid out               |  9700.00|    0.00|    0.00|    0.00| 10000.00| 10000.00|   0.00|   0.00| 300.00|   0.00
15 Feb: payment by transfer    |  9700.00|  294.48|  294.47|  294.56| 10888.49|  9211.51|   0.00|   0.00| 304.98|   0.00
15 Feb: Bob takes his share out|  9700.00|    0.00|  294.47|  294.56| 10594.01|  9211.51|   0.00|   0.00| 304.98|   0.00
17 Feb: Dora asks to undo it   |  9700.00|    0.00|  294.47|  294.56| 10594.01|  9211.51|   0.00|   0.00| 304.98|   0.00
18 Feb: Frank agrees           |  9700.00|    0.00|    0.00|    0.00|  9705.52| 10000.00| 100.00|   0.00| 300.00| 294.48
19 Feb: Bob adds 100.00        |  9700.00|    0.00|    0.00|    0.00|  9805.52| 10000.00| 100.00|   0.00| 300.00| 194.48
20 Feb: Alice pays again       |  8811.51|  100.00|  294.47|  294.56|  9805.52|  9211.51|   0.00|   0.00| 304.98|   0.00
21 Feb: Bob adds 50.00         |  8811.51|  150.00|  294.47|  294.56|  9855.52|  9211.51|   0.00|   0.00| 304.98|   0.00
"""
SHARE = 294_48


def day(number: int) -> dt.date:
    return dt.date(2026, 2, number)


def take_out(lender: User, amount: int, staff: User, on: dt.date) -> None:
    """Asked for, approved and sent on one day."""
    asked = request_withdrawal(
        user=lender,
        amount=amount,
        account_holder="Bob Example",
        iban="DE89 3704 0044 0532 0130 00",
        actor=lender,
        idempotency_key=new_key(),
        today=on,
    )
    approve_withdrawal(withdrawal_id=asked.pk, actor=staff, idempotency_key=new_key(), today=on)
    pay_withdrawal(
        withdrawal_id=asked.pk, paid_on=on, bank_reference="B1", actor=staff, idempotency_key=new_key(), today=on
    )


def test_a_payment_bounces_after_a_lender_has_taken_the_money_out(
    alice: User, bob: User, carol: User, dan: User, dora: User, frank: User
) -> None:
    loan = example_loan(alice, (bob, carol, dan))
    book = Storybook(TABLE, loan, (alice, bob, carol, dan))
    book.after("15 Jan: paid out")
    sent = confirm(declare(loan, 888_49, day(15)), day(15), dora, day(15))
    book.after("15 Feb: payment by transfer")
    take_out(bob, SHARE, dora, day(15))
    book.after("15 Feb: Bob takes his share out")

    asked = request_reversal(
        repayment_id=sent.pk, reason="The bank returned it.", actor=dora, idempotency_key=new_key(), today=day(17)
    )
    book.after("17 Feb: Dora asks to undo it")
    steps.approve(asked, frank, day(18))
    book.after("18 Feb: Frank agrees")
    owing = fresh(loan)
    assert (owing.status, owing.next_due_amount, owing.days_past_due) == ("active", 888_49, 3)

    fund_wallet(bob, 100_00, today=day(19))
    book.after("19 Feb: Bob adds 100.00")
    pay(loan, 888_49, day(20))
    book.after("20 Feb: Alice pays again")
    fund_wallet(bob, 50_00, today=day(21))
    book.after("21 Feb: Bob adds 50.00")

    assert book.is_told()
    assert (fresh(loan).days_past_due, fresh(loan).next_due_on) == (0, dt.date(2026, 3, 15))
    assert_links_open("repayment_reversed")

"""A debt to us that was cleared by money which came back is a debt again, and the next money clears it."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from ledger.models import Account
from ledger.selectors import balance
from ledger.services.withdrawals import request_withdrawal
from loans.models import Loan
from loans.tests.servicing.paying import available, bounce, pay
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.scene import IBAN
from p2plending.tests.support.world import new_key

pytestmark = pytest.mark.django_db

FIRST_DUE = dt.date(2026, 2, 15)
SHARE = 294_48


def owed_by(user: User) -> tuple[int, bool]:
    """What the person owes us, and whether the wallet says so."""
    wallet = Account.objects.get(code="C2100", owner_id=user.pk)
    return balance("C1300", user), wallet.has_due


def test_a_due_comes_back_with_the_payment_that_cleared_it(loan: Loan, bob: User, dora: User, frank: User) -> None:
    first = pay(loan, 888_49, FIRST_DUE)
    request_withdrawal(
        user=bob,
        amount=SHARE,
        account_holder=bob.full_name,
        iban=IBAN,
        actor=bob,
        idempotency_key=new_key(),
        today=FIRST_DUE,
    )
    bounce(first, dora, frank, FIRST_DUE)
    assert owed_by(bob) == (SHARE, True)
    second = pay(loan, 888_49, FIRST_DUE)
    assert (owed_by(bob), available(bob)) == ((0, False), [0])
    bounce(second, dora, frank, FIRST_DUE)
    assert (owed_by(bob), available(bob)) == ((SHARE, True), [0])
    pay(loan, 888_49, FIRST_DUE)
    assert (owed_by(bob), available(bob)) == ((0, False), [0])
    assert_sound_books()

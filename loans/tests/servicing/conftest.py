"""The cast, and the loan of the example with a filled wallet of its borrower."""

from __future__ import annotations

import pytest

from accounts.enums import Role
from accounts.models import User
from loans.models import Loan
from p2plending.tests.cast import *  # noqa: F403 - fixtures reach pytest by name
from p2plending.tests.world import example_loan, fund_wallet, verified


@pytest.fixture
def dan(dora: User) -> User:
    """The third lender of the example."""
    return verified("Dan", Role.LENDER)


@pytest.fixture
def loan(alice: User, bob: User, carol: User, dan: User) -> Loan:
    """10,000.00 at 12 % over 12 months, paid out on 15 January 2026; Bob 3,333, Carol 3,333, Dan 3,334."""
    paid_out = example_loan(alice, (bob, carol, dan))
    fund_wallet(alice, 2_000_00)
    return Loan.objects.get(pk=paid_out.pk)

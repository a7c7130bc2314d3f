"""The cast with a second member of staff, and the loan of the example with a filled wallet of its borrower."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import Group

from accounts.enums.people import Role, StaffGroup
from accounts.models import User
from loans.models import Loan
from p2plending.lib.clock import business_date
from p2plending.tests.support.cast import *  # noqa: F403 - fixtures reach pytest by name
from p2plending.tests.support.cast import cast, cast_dora, make_user
from p2plending.tests.support.shared import shared_scene
from p2plending.tests.support.world import example_loan, fund_wallet


def four() -> tuple[User, tuple[User, User, User]]:
    """Alice, and the three lenders of the example."""
    officer = cast_dora()
    bob, carol, dan = (cast(name, Role.LENDER, officer) for name in ("Bob", "Carol", "Dan"))
    return cast("Alice", Role.BORROWER, officer), (bob, carol, dan)


@pytest.fixture
def dan(dora: User) -> User:
    """The third lender of the example."""
    return cast("Dan", Role.LENDER, dora)


@pytest.fixture
def frank(db: None) -> User:
    """Staff in every group, as Dora: the second person."""
    user = make_user("Frank", Role.STAFF)
    user.groups.set(Group.objects.filter(name__in=StaffGroup.values))
    return user


@shared_scene
def loan() -> Loan:
    """10,000.00 at 12 % over 12 months, paid out on 15 January 2026; Bob 3,333, Carol 3,333, Dan 3,334."""
    alice, lenders = four()
    paid_out = example_loan(alice, lenders)
    fund_wallet(alice, 2_000_00)
    return Loan.objects.get(pk=paid_out.pk)


@shared_scene
def running() -> Loan:
    """The same, paid out ten days ago; nothing is due yet."""
    alice, lenders = four()
    paid_out = example_loan(alice, lenders, today=business_date() - dt.timedelta(days=10))
    fund_wallet(alice, 2_000_00, today=business_date())
    return Loan.objects.get(pk=paid_out.pk)

"""The cast, a market with loans in it, and rules that are on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings

from accounts.enums.people import Role
from accounts.models import User
from loans.models import Loan
from matching.models import LendingMandate
from matching.services.mandates import activate_mandate, save_mandate
from p2plending.lib.clock import business_date
from p2plending.tests.support import world
from p2plending.tests.support.cast import *  # noqa: F403 - fixtures reach pytest by name


@pytest.fixture
def now_day(settings: LazySettings) -> dt.date:
    """The day on which pages are looked at."""
    return business_date()


@pytest.fixture
def market(dora: User, now_day: dt.date) -> Callable[..., Loan]:
    """Open a loan of a new borrower today: `market("Nora", amount=2_000_00, title="Boat")`."""

    def open_loan(name: str, **answers: Any) -> Loan:
        return world.listed_loan(world.verified(name, Role.BORROWER), today=now_day, **answers)

    return open_loan


@pytest.fixture
def rule(db: None) -> Callable[..., LendingMandate]:
    """A rule that is on: `rule(bob, amount_per_loan=50_00)`."""

    def turn_on(lender: User, **figures: Any) -> LendingMandate:
        wanted = {
            "grades": ("A", "B", "C", "D", "E"),
            "min_rate": Decimal("0.01"),
            "max_term_months": 60,
            "amount_per_loan": 50_00,
            "keep_available": 0,
        }
        mandate = save_mandate(lender=lender, actor=lender, idempotency_key=world.new_key(), **(wanted | figures))
        return activate_mandate(
            mandate_id=mandate.pk, consent_text="Yes, lend.", actor=lender, idempotency_key=world.new_key()
        )

    return turn_on

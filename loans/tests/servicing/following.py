"""Loans whose plan follows the money: 12 % a year, no set-up fee, interest by the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from accounts.models import User
from loans.models import Loan
from p2plending.tests.support.world import TODAY, active_loan, set_price

FOLLOWING: dict[str, Any] = {
    "servicing_method": "progressive",
    "interest_recalculation": "daily",
    "allocation_order": "penalty,fee,interest,principal",
}


def following_loan(
    borrower: User, lenders: Mapping[User, int], *, term: int = 12, today: dt.date = TODAY, **choices: Any
) -> Loan:
    """Paid out on `today` under a product that says so; `choices` are columns of the product."""
    product = set_price(Decimal("0.12"), Decimal(0))
    for name, value in (FOLLOWING | choices).items():
        setattr(product, name, value)
    product.save()
    return Loan.objects.get(pk=active_loan(borrower, lenders, term=term, today=today).pk)

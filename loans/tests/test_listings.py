"""What the marketplace reads: filters, bands, nothing that leads to the person."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.enums.people import Role
from accounts.models import User
from loans.models import Loan
from loans.selectors.listing import listing_for, public_profile
from loans.wording.borrower_profile import debt_band, income_band, work_length_band
from p2plending.tests.support.world import listed_loan as list_one
from p2plending.tests.support.world import offered_loan, verified


@pytest.fixture
def market(alice: User, dora: User, today: dt.date) -> dict[str, Loan]:
    """Two open loans, one offer that nobody may see."""
    gina, hugo = verified("Gina", Role.BORROWER), verified("Hugo", Role.BORROWER)
    return {
        "small": list_one(alice, amount=1_000_00, term=12, today=today, purpose="home"),
        "large": list_one(gina, amount=10_000_00, term=36, today=today, purpose="vehicle", title="Van"),
        "offer": offered_loan(hugo, today=today),
    }


def test_an_offer_is_not_on_the_marketplace(market: dict[str, Loan]) -> None:
    with pytest.raises(Loan.DoesNotExist):
        listing_for(AnonymousUser(), market["offer"].reference)


def test_the_public_profile_has_bands_and_nothing_that_leads_to_the_person(market: dict[str, Loan]) -> None:
    loan = market["small"]
    profile = public_profile(loan)

    assert profile.member_number == loan.borrower.member_number
    assert (profile.income, profile.work_length) == ("€4,000 to €6,000", "5 years or more")
    assert (profile.loans_before, profile.loans_repaid, profile.worst_days_late) == (0, 0, 0)
    shown = " ".join(str(value) for value in dataclasses.asdict(profile).values())
    for secret in ("Alice", "example.org", "Main Street", "1990", "400000", "4,000.00"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "below €1,500"), (1_499_99, "below €1,500"), (1_500_00, "€1,500 to €2,500"), (6_000_00, "€6,000 or more")],
)
def test_income_bands(amount: int, words: str) -> None:
    assert income_band(amount) == words


def test_other_bands() -> None:
    assert debt_band(Decimal("0.3628")) == "35% to 45%"
    assert debt_band(Decimal("0.1")) == "below 15%"
    assert [work_length_band(months) for months in (5, 6, 24, 60)] == [
        "less than 6 months", "6 months to 2 years", "2 to 5 years", "5 years or more",
    ]  # fmt: skip
    assert income_band(None) == ""

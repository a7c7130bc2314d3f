"""The people of the run: lenders with money, made by the services that make them for everybody."""

from __future__ import annotations

from accounts.enums.people import Role
from p2plending.tests.support.cast import cast_dora
from p2plending.tests.support.world import fund_wallet, verified

MONEY = 90_000_00
NAMES = ("Hanna", "Henry")


def make_people() -> list[int]:
    """Two lenders who may take money out; returns their ids."""
    cast_dora()
    ids = []
    for name in NAMES:
        user = verified(name, Role.LENDER)
        fund_wallet(user, MONEY)
        ids.append(user.pk)
    return ids

"""The audit trail names what happened to a row by its app, by what it is, and by the event."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.selectors.people import audit_trail
from accounts.services.audit import record_about
from ledger.models import Deposit
from p2plending.lib.database.transactions import run_money

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("subject", "action", "kept_under"),
    [("", "ledger.deposit.confirmed", "deposit"), ("money", "ledger.money.confirmed", "money")],
)
def test_an_event_is_named_by_the_row_that_it_happened_to(
    subject: str, action: str, kept_under: str, bob: User
) -> None:
    row = Deposit(reference="DP-0001")
    run_money(lambda: record_about(row, "confirmed", bob, subject=subject, reason="Found", data={"amount": 5}))
    event = audit_trail(kept_under, "DP-0001").get()
    assert (event.action, event.actor, event.reason, event.data) == (action, bob, "Found", {"amount": 5})

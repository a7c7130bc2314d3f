"""The audit trail names what happened to a row by its app, by what it is, and by the event."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.models import User
from accounts.selectors.people import audit_trail
from accounts.services.audit import record_about
from ledger.models import Deposit
from p2plending.lib.database.transactions import run_money

pytestmark = pytest.mark.django_db

CaptureCallbacks = Callable[..., AbstractContextManager[list[Any]]]


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


def test_a_committed_event_is_logged_with_its_subject_and_actor_and_nothing_personal(
    bob: User, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: CaptureCallbacks
) -> None:
    row = Deposit(reference="DP-0001")
    with caplog.at_level("INFO"), django_capture_on_commit_callbacks(execute=True):
        run_money(lambda: record_about(row, "confirmed", bob, reason="Bob's bank", data={"iban": "DE1"}))
    (line,) = [one for one in caplog.records if one.name == "accounts.services.audit"]
    assert (line.getMessage(), vars(line)["subject"], vars(line)["actor"]) == (
        "ledger.deposit.confirmed",
        "DP-0001",
        bob.member_number,
    )
    assert "Bob's bank" not in str(vars(line))


def test_an_event_that_was_rolled_back_is_not_logged(
    bob: User, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: CaptureCallbacks
) -> None:
    def fail() -> None:
        record_about(Deposit(reference="DP-0001"), "confirmed", bob)
        raise ZeroDivisionError

    with caplog.at_level("INFO"), django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError):
        run_money(fail)
    assert [one for one in caplog.records if one.name == "accounts.services.audit"] == []

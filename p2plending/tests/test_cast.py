"""The cast stands where the tests assume it does."""

from __future__ import annotations

from accounts.models import User


def test_alice_borrows_and_bob_lends(alice: User, bob: User) -> None:
    assert (alice.role, bob.role) == ("borrower", "lender")
    assert alice.verification.status == "approved"


def test_eve_has_no_identity_check(eve: User) -> None:
    assert not hasattr(eve, "verification")

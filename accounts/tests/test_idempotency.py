"""At most once per key: the first time does it, every other time finds it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.enums.people import Role
from accounts.models import OperationKey, User
from accounts.services.idempotency import run_once
from p2plending.lib.errors import IdempotencyConflict, Refused

pytestmark = pytest.mark.django_db


def new_user(name: str) -> User:
    return User.objects.create(email=f"{name}@example.org", full_name=name, role=Role.LENDER)


def once(function: Callable[[], User], key: str = "k", *, actor: User | None = None, amount: int = 1) -> User:
    parameters = {"amount": amount}
    return run_once(function, model=User, operation="test.once", key=key, actor=actor, parameters=parameters)


def refuse() -> User:
    raise Refused


def test_a_key_that_was_used_for_something_else_is_refused(db: None) -> None:
    once(lambda: new_user("bob"))
    with pytest.raises(IdempotencyConflict):
        once(lambda: new_user("carol"), amount=2)
    assert list(User.objects.values_list("full_name", flat=True)) == ["bob"]


def test_a_refusal_leaves_no_key(db: None) -> None:
    with pytest.raises(Refused):
        once(refuse)
    assert OperationKey.objects.count() == 0
    assert once(lambda: new_user("bob")).is_replay is False


def test_the_second_time_returns_what_the_first_created(db: None) -> None:
    first = once(lambda: new_user("bob"))
    second = once(lambda: new_user("carol"))
    assert (second, first.is_replay, second.is_replay) == (first, False, True)
    assert list(User.objects.values_list("full_name", flat=True)) == ["bob"]
    assert OperationKey.objects.get().result_id == first.pk


def test_what_was_done_is_found_again_though_it_would_be_refused_by_now(db: None) -> None:
    """The refusal needs nothing from the database, so nothing was sent before it."""
    first = once(lambda: new_user("bob"))
    assert once(refuse) == first


def test_people_may_use_the_same_key(db: None) -> None:
    bob, carol = new_user("bob"), new_user("carol")
    facts = [
        once(lambda name=name: new_user(name), actor=actor) for name, actor in (("of bob", bob), ("of carol", carol))
    ]
    assert [fact.full_name for fact in facts] == ["of bob", "of carol"]
    assert set(OperationKey.objects.values_list("scope", flat=True)) == {f"user:{bob.pk}", f"user:{carol.pk}"}

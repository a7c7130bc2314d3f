"""Services that run at most once per key: the standard shape of everything that moves money.

@once(model=Repayment, operation="loans.record_repayment")
def record_repayment(*, loan_id: int, amount: int, actor: User | None, idempotency_key: str, today: dt.date): ...
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, ParamSpec, TypeVar

from django.db import models

from accounts.models import OperationKey, User
from p2plending.lib import clock
from p2plending.lib.database.bulk import DuplicateKey, insert_row, write_numbers
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import IdempotencyConflict

Fact = TypeVar("Fact", bound=models.Model)
Arguments = ParamSpec("Arguments")

SYSTEM_SCOPE = "system"
# Who asks, with which key and when: a second try may differ in the day alone.
NOT_PARAMETERS = frozenset({"actor", "idempotency_key", "today"})


def _as_text(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else str(value)


CANONICAL = json.JSONEncoder(sort_keys=True, default=_as_text, separators=(",", ":"))


def scope_of(actor: User | None) -> str:
    """Keys of different people never meet; jobs share the system's scope and derive their keys from what they do."""
    return f"user:{actor.pk}" if actor else SYSTEM_SCOPE


def fingerprint_of(parameters: Mapping[str, Any]) -> str:
    """A digest of what was asked for; the same key with another digest is a conflict."""
    return hashlib.sha256(CANONICAL.encode(parameters).encode()).hexdigest()


def was_done(*, operation: str, key: str, actor: User | None) -> bool:
    """Whether the key was used for this already, so that asking again moves nothing."""
    return OperationKey.objects.filter(scope=scope_of(actor), operation=operation, key=key).exists()


def run_once(
    function: Callable[[], Fact],
    *,
    model: type[Fact],
    operation: str,
    key: str,
    actor: User | None,
    parameters: Mapping[str, Any],
) -> Fact:
    """Run `function` in `run_money`, unless this key already did: then return what it created the first time.

    The key's row is inserted before anything else: a twin that arrives at the same moment waits on the unique index,
    and then replays. The returned fact has `is_replay` set. A
    refusal leaves no key: the same form may succeed later.

    Raises IdempotencyConflict when the key was used with other parameters, Busy when the database stays contended, and
    whatever `function` refuses.
    """
    identity = {"scope": scope_of(actor), "operation": operation, "key": key}
    fingerprint = fingerprint_of(parameters)

    def attempt() -> Fact:
        values = identity | {"fingerprint": fingerprint, "created_at": clock.now()}
        key_id = insert_row(OperationKey, values, must_be_new=True)
        fact = function()
        write_numbers(OperationKey, ("result_id",), {key_id: (fact.pk,)})
        _mark(fact, is_replay=False)
        return fact

    try:
        return run_money(attempt)
    except DuplicateKey:
        return run_money(lambda: _replay(model, identity, fingerprint))


def once(
    *,
    model: type[Fact],
    operation: str,
    besides: Collection[str] = (),
    canonical: Mapping[str, Callable[[Any], Any]] | None = None,
) -> Callable[[Callable[Arguments, Fact]], Callable[Arguments, Fact]]:
    """Make a service with the keyword arguments `actor` and `idempotency_key` run by `run_once`.

    Everything else that it is given, but `today` and what `besides` names, are the parameters that a second call with
    the same key must repeat; `canonical` gives the form in which a parameter is compared.
    """
    left_out = NOT_PARAMETERS.union(besides)
    forms = canonical or {}

    def decorate(function: Callable[Arguments, Fact]) -> Callable[Arguments, Fact]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def service(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Fact:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = bound.arguments
            return run_once(
                functools.partial(function, *args, **kwargs),
                model=model,
                operation=operation,
                key=given["idempotency_key"],
                actor=given["actor"],
                parameters={
                    name: forms[name](value) if name in forms else value
                    for name, value in given.items()
                    if name not in left_out
                },
            )

        return service

    return decorate


def _replay(model: type[Fact], identity: Mapping[str, str], fingerprint: str) -> Fact:
    """What the key created. It is committed: whoever inserts a key waits for the end of a twin."""
    earlier = OperationKey.objects.get(**identity)
    if earlier.fingerprint != fingerprint:
        raise IdempotencyConflict(operation=identity["operation"])
    fact = model._default_manager.get(pk=earlier.result_id)
    _mark(fact, is_replay=True)
    return fact


def _mark(fact: models.Model, *, is_replay: bool) -> None:
    """Set beside the columns, for the header of the API that tells of a repeated key."""
    vars(fact)["is_replay"] = is_replay

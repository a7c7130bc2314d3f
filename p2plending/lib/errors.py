"""Anticipated refusals: what a service raises when a rule says no.

A refusal is not a bug. It has a stable `code` (the API shows it), a sentence for people (pages show it) and the figures
behind it (`context`). Each service module declares its own subclasses beside the functions that raise them.
"""

from __future__ import annotations

from typing import Any, Self, TypeVar

from django.utils.functional import Promise

# When to try again what failed because the database was away or busy.
RETRY_AFTER_SECONDS = 5


class Refused(Exception):
    """Base of every refusal. Nothing is kept of the transaction in which it is raised.

    `code` is stable and documented; `status` is the HTTP status of the API; `message` is written for the person who
    asked, in the words of the interface. `field` names the one thing that should be given otherwise, if it is one.
    """

    code = "refused"
    status = 422
    default_message: str | Promise = "This can't be done."

    def __init__(self, message: str | Promise = "", **context: Any) -> None:
        self.message = str(message or self.default_message)
        self.context = context
        self.field = ""
        super().__init__(self.message)

    def at(self, field: str) -> Self:
        """The refusal, said about one field of what was given."""
        self.field = field
        return self


class InvalidTransition(Refused):
    """The thing is not in a state from which this step is possible."""

    code = "invalid_transition"
    status = 409
    default_message: str | Promise = "This step is no longer possible. The page was out of date."


class NotPermitted(Refused):
    """The actor's role, identity check or suspension forbids the step."""

    code = "not_permitted"
    status = 403
    default_message: str | Promise = "You can't do this."


class IdempotencyConflict(Refused):
    """The same idempotency key was used before for something else."""

    code = "idempotency_conflict"
    status = 422
    default_message: str | Promise = "This form was already used for something else. Open the page again."


class Busy(Refused):
    """The database could not finish in time; nothing has moved and the same key may be tried again."""

    code = "busy"
    status = 503
    default_message: str | Promise = "We are busy right now. Nothing has moved. Try again with the same form."


Value = TypeVar("Value")


class MissingValue(RuntimeError):
    """Something is empty in a state in which it has a value: a bug, or a row that was changed past the services."""


def required(value: Value | None, name: str) -> Value:
    """The value of a column that is filled in every state which leads here. Raises MissingValue with the name of it.

    The database checks the same by state (CHECK constraints of the models); a type can't know it.
    """
    if value is None:
        raise MissingValue(f"{name} is empty, and must not be in this state.")
    return value

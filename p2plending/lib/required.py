"""Values that may be missing by their type, where they are not: one way to say so, and one error when they are."""

from __future__ import annotations

from typing import TypeVar

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

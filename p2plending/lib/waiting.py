"""Statements that may wait for the next trip to the database, and what it answered."""

from __future__ import annotations

import dataclasses


class AlreadyThere(Exception):
    """The unique key of a row that must be new is in the database already; the transaction can only be rolled back.

    Not one of the database's errors, so that nobody on the way takes it for one of their own or tries again.
    """


@dataclasses.dataclass(slots=True, eq=False)
class Statement:
    """A statement that was sent or waits for the next trip, and its answer.

    With `must_be_new` a row that is there already raises AlreadyThere where the statement is sent.
    """

    text: str
    must_be_new: bool = False
    is_sent: bool = False
    row_id: int | None = None

"""Transactions for services that move money.

`run_money` opens the outermost transaction, and runs the whole function again when the database says that two people
met: every read is repeated, so nothing is decided on stale figures. An ambiguous end (connection lost at COMMIT) is
retried too, which is safe only because every such function starts by looking up its idempotency key.
"""

from __future__ import annotations

import contextvars
import logging
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    models,
    transaction,
)
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F

from p2plending.lib.errors import Busy, Refused

if TYPE_CHECKING:
    from p2plending.lib.models import GuardedModel

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
GuardedRow = TypeVar("GuardedRow", bound="GuardedModel")

DEADLINE_SECONDS = 20.0
FIRST_PAUSE_SECONDS = 0.005
LONGEST_PAUSE_SECONDS = 0.5
# A twin's unique key is seen by the next run, which replays; a duplicate that stays is a bug and is raised.
DUPLICATE_RETRIES = 3

# MySQL and MariaDB: deadlock, lock wait, changed since read; then the errors of a lost or failing server.
CONFLICT_ERRORS = {1213, 1205, 1020}
CONNECTION_ERRORS = {1047, 1180, 1053, 1317, 1927, 2002, 2003, 2006, 2013}
# What else a server says that serves nobody right now: too many connections, read-only, cut off or unknown on the way.
OTHER_OUTAGES = {1040, 1158, 1159, 1160, 1161, 1203, 1226, 1290, 1836, 2005, 2012, 2026, 2055}
SQLITE_OUTAGES = ("locked", "unable to open database file")
DUPLICATE_KEY_ERROR = 1062


_when_refused: contextvars.ContextVar[list[Callable[[], object]]] = contextvars.ContextVar("when_refused")
_is_dry: contextvars.ContextVar[bool] = contextvars.ContextVar("is_dry", default=False)


class ConcurrentChange(DatabaseError):
    """A row changed between being read and being written; the whole function is run again."""


class _RolledBack(Exception):
    def __init__(self, result: Any) -> None:
        self.result = result
        super().__init__()


def require_transaction() -> BaseDatabaseWrapper:
    """The connection, inside a transaction. Raises RuntimeError (a bug) outside: a service forgot `run_money`."""
    database = connections[DEFAULT_DB_ALIAS]
    if not database.in_atomic_block:
        raise RuntimeError("This writes money rows: call it inside run_money().")
    return database


def run_money(function: Callable[[], Result], *, deadline_seconds: float | None = None) -> Result:
    """Run `function` in the outermost, durable transaction; again, whole, when the database reports a conflict.

    Raises Busy after the deadline: nothing has moved and the same key may be tried again. Raises RuntimeError when
    already inside a transaction, because an inner block can't be retried.
    """
    started = time.monotonic()
    patience = DEADLINE_SECONDS if deadline_seconds is None else deadline_seconds
    pause = FIRST_PAUSE_SECONDS
    duplicates_left = DUPLICATE_RETRIES
    while True:
        kept: list[Callable[[], object]] = []
        token = _when_refused.set(kept)
        try:
            with transaction.atomic(durable=True):
                return function()
        except Refused:
            _do_again(kept)
            raise
        except (OperationalError, IntegrityError, InterfaceError, ConcurrentChange) as error:
            if not _may_retry(error) or (isinstance(error, IntegrityError) and not duplicates_left):
                raise
            duplicates_left -= isinstance(error, IntegrityError)
            if connection.in_atomic_block or time.monotonic() - started > patience:
                raise Busy from error
            if _connection_is_gone(error):
                connection.close()
            logger.info("transaction run again", extra={"reason": type(error).__name__, "code": _code(error)})
            time.sleep(random.uniform(0, pause))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        finally:
            _when_refused.reset(token)


def run_small(function: Callable[[], Result]) -> Result:
    """Run a write that may stand alone: in `run_money`, or as a part of the transaction that runs already."""
    if connection.in_atomic_block:
        with transaction.atomic():
            return function()
    return run_money(function)


def do_again_if_refused(function: Callable[[], object]) -> None:
    """Run `function` in a transaction of its own if what runs now in `run_money` is refused and rolled back.

    For what had to happen anyway, whoever asked for what: a day that has passed ends a listing, and lenders' money must
    not stay reserved because the last person who came too late was refused. `function` must be harmless when it was
    done meanwhile. A dry run keeps nothing.
    """
    require_transaction()
    kept = _when_refused.get(None)
    if kept is not None and not _is_dry.get():
        kept.append(function)


def run_dry(function: Callable[[], Result]) -> Result:
    """Run the steps of a service as `run_money` does, roll all of it back, and return what they returned.

    A preview made so has the figures of the posting, because it is the posting. Nothing leaves it: books, rows,
    notifications, audit rows and queued tasks go back together. Raises what `function` refuses, Busy as `run_money`.
    """

    def run() -> Result:
        raise _RolledBack(function())

    token = _is_dry.set(True)
    try:
        return run_money(run)
    except _RolledBack as end:
        result: Result = end.result
        return result
    finally:
        _is_dry.reset(token)


def is_dry_run() -> bool:
    """Whether what runs now will be rolled back whatever happens: for log lines, never for decisions."""
    return _is_dry.get()


def lock_guard(queryset: models.QuerySet[GuardedRow], *, is_written_later: bool = False) -> GuardedRow:
    """Lock one aggregate's guard row and write its version, so that clusters certify the lock too.

    A caller that writes the row itself before it ends, with its version one higher, says `is_written_later`.
    Raises the model's DoesNotExist. Returns the row as it is under the lock.
    """
    require_transaction()
    row = queryset.select_for_update().get()
    if is_written_later:
        row.version += 1
        return row
    changed = type(row)._default_manager.filter(pk=row.pk, version=row.version).update(version=F("version") + 1)
    if changed != 1:
        raise ConcurrentChange(f"{type(row).__name__} changed while it was being locked")
    row.version += 1
    return row


def _do_again(functions: list[Callable[[], object]]) -> None:
    for function in functions:
        try:
            function()
        except Busy:
            # The end of day does what is left.
            logger.info("not kept after a refusal: the database is busy")


def is_outage(error: BaseException | None) -> bool:
    """Whether an error says, itself or by what it came of, that the database does not answer or gave up a conflict.

    What was asked for may then work in some seconds as it is; every other error of a database is a bug.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, InterfaceError):
            return True
        if isinstance(error, OperationalError):
            code = _code(error)
            if code in CONFLICT_ERRORS | CONNECTION_ERRORS | OTHER_OUTAGES:
                return True
            if isinstance(code, str) and any(words in code for words in SQLITE_OUTAGES):
                return True
        error = error.__cause__ or error.__context__
    return False


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that the connection was lost or not made: there is nobody to be busy with."""
    return error is not None and _connection_is_gone(error)


def _code(error: BaseException) -> Any:
    return error.args[0] if error.args else None


def _connection_is_gone(error: BaseException) -> bool:
    return isinstance(error, InterfaceError) or _code(error) in CONNECTION_ERRORS


def _may_retry(error: BaseException) -> bool:
    if isinstance(error, InterfaceError | ConcurrentChange):
        return True
    code = _code(error)
    if isinstance(error, IntegrityError):
        # A twin with the same key or the same (account, seq) won: the next run sees its row and replays.
        return code == DUPLICATE_KEY_ERROR or "UNIQUE constraint failed" in str(error)
    if code in CONFLICT_ERRORS | CONNECTION_ERRORS:
        return True
    # SQLite has words in place of numbers: "database is locked", "database table is locked".
    return isinstance(code, str) and "locked" in code

"""Django's backend for MySQL and MariaDB, with fewer trips to the server.

A statement whose answer nobody waits for (BEGIN, and the writes given to `run_later`) is kept and sent ahead of the
next statement, or of COMMIT, in one packet. The server runs a packet in order and stops at the first error, so that
COMMIT is never reached by a transaction of which a part was refused.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError
from django.db.backends.mysql import base as mysql
from django.db.backends.utils import debug_transaction

BEGIN = "BEGIN"
# Characters. Longer statements gain nothing by company, and the server takes packets only up to a size.
LONGEST_WAITING = 16_384
# Deadlock, lock wait, changed since read: the server may have rolled the transaction back, and what came after would
# stand alone. Nothing may come after.
CONFLICT_ERRORS = {1213, 1205, 1020}


class Cursor(mysql.CursorWrapper):
    """A cursor that sends what waits ahead of its own statement and skips those answers."""

    def __init__(self, cursor: Any, database: DatabaseWrapper) -> None:
        super().__init__(cursor)
        self.database = database
        self.bytes_ahead = 0

    def execute(self, query: str, args: Any = None) -> int:
        waiting = self.database.take_waiting()
        if waiting:
            ahead = "".join([f"{statement};" for statement in waiting])
            self.bytes_ahead = len(ahead.encode())
            query = (ahead if args is None else ahead.replace("%", "%%")) + query
        else:
            self.bytes_ahead = 0
        try:
            self.cursor.execute(query, args)
            for _statement in waiting:
                self.cursor.nextset()
        except mysql.Database.OperationalError as error:
            code = error.args[0]
            if code in CONFLICT_ERRORS and self.database.in_atomic_block:
                self.database.needs_rollback = True
            if code in self.codes_for_integrityerror:
                raise IntegrityError(*error.args) from error
            raise
        return self.cursor.rowcount

    def executemany(self, query: str, args: Iterable[Any]) -> int | None:
        self._send_waiting()
        return super().executemany(query, args)

    def callproc(self, name: str, args: Iterable[Any] = ()) -> Any:
        self._send_waiting()
        return self.cursor.callproc(name, args)

    @property
    def _executed(self) -> bytes | None:
        # Where Django's log of queries looks for the text: without what was sent ahead, which has its own lines there.
        return self.cursor._executed and self.cursor._executed[self.bytes_ahead :]

    def _send_waiting(self) -> None:
        if self.database.is_waiting:
            self.execute("DO 0")


class DatabaseWrapper(mysql.DatabaseWrapper):
    """One connection, and the statements that wait for the next trip."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: list[str] = []

    @property
    def is_waiting(self) -> bool:
        """Whether a statement has not been sent yet."""
        return bool(self._waiting)

    def take_waiting(self) -> list[str]:
        """The statements to be sent now, in order; none of them waits any longer."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def run_later(self, statement: str) -> None:
        """Run a write with the next statement of this transaction, at the latest with its COMMIT.

        Its values are written out. Its error is raised where it is sent. Raises RuntimeError (a bug) outside a
        transaction, where nothing would ever send it.
        """
        if not self.in_atomic_block:
            raise RuntimeError("A statement can only wait inside a transaction.")
        if len(statement) + sum(map(len, self._waiting)) > LONGEST_WAITING:
            with self.cursor() as cursor:
                cursor.execute(statement)
            return
        self.validate_no_broken_transaction()
        self._keep(statement)

    def _keep(self, statement: str) -> None:
        self._waiting.append(statement)
        if self.queries_logged:
            self.queries_log.append({"sql": statement, "time": "0.000"})

    def create_cursor(self, name: str | None = None) -> Cursor:
        return Cursor(self.connection.cursor(), self)

    def _start_transaction_under_autocommit(self) -> None:
        # Django calls this in place of SET autocommit = 0, and finds no SET autocommit = 1 to send at the end.
        self._waiting = []
        self._keep(BEGIN)

    def _commit(self) -> None:
        waiting = self.take_waiting()
        if waiting == [BEGIN]:
            return
        if not waiting:
            super()._commit()
            return
        self._waiting = waiting
        with (
            debug_transaction(self, "COMMIT"),
            self.wrap_database_errors,
            contextlib.closing(self.create_cursor()) as cursor,
        ):
            cursor.execute("COMMIT")

    def _rollback(self) -> None:
        # A transaction of which nothing was sent is unknown to the server.
        if self.take_waiting()[:1] != [BEGIN]:
            super()._rollback()

    def _savepoint_rollback(self, sid: str) -> None:
        # Whatever waits came after the savepoint: making one sends what waited before.
        self._waiting = []
        super()._savepoint_rollback(sid)

    def _close(self) -> None:
        self._waiting = []
        super()._close()

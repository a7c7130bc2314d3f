"""Django's backend for MySQL and MariaDB, with fewer trips to the server.

A statement whose answer nobody waits for yet (BEGIN, and the writes given to `run_later`) is kept and sent ahead of the
next statement, or of COMMIT, in one packet. The server runs a packet in order and stops at the first error, so that
COMMIT is never reached by a transaction of which a part was refused.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import IntegrityError
from django.db.backends.mysql import base as mysql
from MySQLdb.connections import Connection as DriverConnection

from p2plending.lib.waiting import AlreadyThere, Statement

BEGIN = "BEGIN"
# Characters. Longer statements gain nothing by company, and the server takes packets only up to a size.
LONGEST_WAITING = 16_384
# Deadlock, lock wait, changed since read: the server may have rolled the transaction back, and what came after would
# stand alone. Nothing may come after.
CONFLICT_ERRORS = {1213, 1205, 1020}
DUPLICATE_KEY_ERROR = 1062


class Connection(DriverConnection):
    """The driver's connection. It sends what waits ahead of any query, and gives those answers to the statements."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.drop_waiting()
        super().__init__(*args, **kwargs)

    def drop_waiting(self) -> None:
        """Send nothing of what waits."""
        self.waiting: list[Statement] = []
        self.length = 0

    def keep(self, statement: Statement) -> None:
        """Let a statement wait."""
        self.waiting.append(statement)
        self.length += len(statement.text)

    def query(self, query: bytes) -> None:
        if self.waiting:
            self._send(self.waiting, query)
        else:
            super().query(query)

    def send_waiting(self) -> None:
        """Send what waits, with nothing after it."""
        if self.waiting:
            self._send(self.waiting)

    def _send(self, waiting: list[Statement], *query: bytes) -> None:
        """Send one packet and read its answers, but for that of `query`, which is the caller's."""
        self.drop_waiting()
        try:
            super().query(b";".join([*[statement.text.encode() for statement in waiting], *query]))
            for statement in waiting:
                statement.row_id, statement.is_sent = self.insert_id(), True
                self.next_result()
        except mysql.Database.IntegrityError as error:
            refused = next((statement for statement in waiting if not statement.is_sent), None)
            if refused is not None and refused.must_be_new and error.args[0] == DUPLICATE_KEY_ERROR:
                raise AlreadyThere(refused.text) from error
            raise


class Cursor(mysql.CursorWrapper):
    """A cursor that ends the transaction on errors after which nothing may come."""

    def __init__(self, cursor: Any, database: DatabaseWrapper) -> None:
        super().__init__(cursor)
        self.database = database

    def execute(self, query: str, args: Any = None) -> int:
        self.database.log_waiting()
        try:
            return self.cursor.execute(query, args)
        except (mysql.Database.OperationalError, AlreadyThere) as error:
            self.database.raise_as_known(error)


class DatabaseWrapper(mysql.DatabaseWrapper):
    """One connection, and the statements that wait for the next trip."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        return Connection(**conn_params)

    def create_cursor(self, name: str | None = None) -> Cursor:
        return Cursor(self.connection.cursor(), self)

    @property
    def is_waiting(self) -> bool:
        """Whether a statement has not been sent yet."""
        return self.connection is not None and bool(self.connection.waiting)

    def run_later(self, text: str, *, must_be_new: bool = False) -> Statement:
        """Run a write with the next statement of this transaction, at the latest with its COMMIT.

        Its values are written out. Its error is raised where it is sent: AlreadyThere for a row that `must_be_new`.
        Raises RuntimeError (a bug) outside a transaction, where nothing would ever send it.
        """
        if not self.in_atomic_block:
            raise RuntimeError("A statement can only wait inside a transaction.")
        self.validate_no_broken_transaction()
        statement = Statement(text, must_be_new)
        self.connection.keep(statement)
        if self.connection.length > LONGEST_WAITING:
            self.send_waiting()
        return statement

    def send_waiting(self) -> None:
        """Send what waits now, because an answer is wanted."""
        self.validate_no_broken_transaction()
        self.log_waiting()
        with self.wrap_database_errors:
            try:
                self.connection.send_waiting()
            except (mysql.Database.OperationalError, AlreadyThere) as error:
                self.raise_as_known(error)

    def fetch(self, query: str) -> tuple[tuple[Any, ...], ...]:
        """All rows of a SELECT whose values are written out, without a cursor. Only while nobody watches statements."""
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            try:
                self.connection.query(query.encode())
                return self.connection.store_result().fetch_row(0)
            except (mysql.Database.OperationalError, AlreadyThere) as error:
                self.raise_as_known(error)

    def log_waiting(self) -> None:
        """Put what is about to be sent into Django's log of queries, each statement for itself."""
        if self.connection.waiting and self.queries_logged:
            self.queries_log.extend([{"sql": waiting.text, "time": "0.000"} for waiting in self.connection.waiting])

    def raise_as_known(self, error: Exception) -> NoReturn:
        """Raise the driver's error under the name that Django gives it; some of them end the transaction."""
        code = error.args[0]
        if self.in_atomic_block and (code in CONFLICT_ERRORS or isinstance(error, AlreadyThere)):
            self.needs_rollback = True
        if code in Cursor.codes_for_integrityerror:
            raise IntegrityError(*error.args) from error
        raise error

    def _start_transaction_under_autocommit(self) -> None:
        # Django calls this in place of SET autocommit = 0, and finds no SET autocommit = 1 to send at the end.
        self.connection.drop_waiting()
        self.connection.keep(Statement(BEGIN))

    def _nothing_was_sent(self) -> bool:
        """Whether the server does not know of the transaction."""
        return self.is_waiting and self.connection.waiting[0].text == BEGIN

    def _commit(self) -> None:
        if self._nothing_was_sent() and len(self.connection.waiting) == 1:
            self.connection.drop_waiting()
        elif self.is_waiting:
            self.connection.keep(Statement("COMMIT"))
            self.send_waiting()
        else:
            super()._commit()

    def _rollback(self) -> None:
        is_unknown = self._nothing_was_sent()
        if self.is_waiting:
            self.connection.drop_waiting()
        if not is_unknown:
            super()._rollback()

    def _savepoint_rollback(self, sid: str) -> None:
        # Whatever waits came after the savepoint: making one sends what waited before.
        self.connection.drop_waiting()
        super()._savepoint_rollback(sid)

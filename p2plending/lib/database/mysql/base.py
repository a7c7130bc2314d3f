"""Django's backend for MySQL and MariaDB: several hosts, one statement in each packet, nothing after a conflict."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

import MySQLdb as Database
from django.db import IntegrityError
from django.db.backends.mysql import base as mysql

from p2plending.lib.database.mysql.nodes import Node, read_state
from p2plending.lib.database.transactions import CONFLICT_ERRORS

logger = logging.getLogger(__name__)

# What a node says whose transaction another one's write has cut off while it was opening a table with triggers: before
# it had read a trigger's name, or in the middle of its body.
CUT_OFF_AT_TRIGGERS = re.compile(r"(Unknown trigger|Trigger '\w+') has an error in its body")
SYNTAX_ERROR, DEADLOCK = 1064, 1213
# A host that did not answer is asked after the others for so long: each try may cost a whole connect time-out.
RESTS_SECONDS = 10.0


class Cursor(mysql.CursorWrapper):
    """A cursor that ends the transaction on errors after which nothing may come."""

    def __init__(self, cursor: Any, database: DatabaseWrapper) -> None:
        super().__init__(cursor)
        self.database = database

    def execute(self, query: str, args: Any = None) -> int:
        try:
            found: int = super().execute(query, args)
            return found
        except Database.Error as error:
            self.database.raise_if_conflict(error)
            raise


class DatabaseWrapper(mysql.DatabaseWrapper):
    """A connection to the first host that is fit to write. Every statement is a packet of its own (docs/adr/0020)."""

    _rests_until: dict[Node, float] = {}

    def get_connection_params(self) -> dict[str, Any]:
        # Without this flag the server itself refuses a second statement in a packet.
        return super().get_connection_params() | {"multi_statements": False}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect to the first host of the list that answers and, in a cluster, is ready and part of the majority.

        Raises the driver's error of the last host when none is.
        """
        conn_params = dict(conn_params)
        nodes: list[Node] = conn_params.pop("nodes", [])
        if len(nodes) < 2:
            return super().get_new_connection(conn_params)
        now = time.monotonic()
        for node in sorted(nodes, key=lambda node: self._rests_until.get(node, 0) > now):
            try:
                connection = self._connect(node, conn_params)
            except Database.Error as error:
                failure = error
                self._rests_until[node] = time.monotonic() + RESTS_SECONDS
                logger.warning("database host left out", extra={"node": str(node), "reason": str(error)})
            else:
                self._rests_until.pop(node, None)
                return connection
        raise failure

    def _connect(self, node: Node, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params | {"host": node.host, "port": node.port})
        try:
            state = read_state(lambda query: _rows(connection, query))
            if not state.is_fit:
                raise Database.OperationalError(1047, f"{node} is not ready: {state.words}")
        except Database.Error:
            connection.close()
            raise
        return connection

    def create_cursor(self, name: str | None = None) -> Cursor:
        return Cursor(self.connection.cursor(), self)

    def raise_if_conflict(self, error: Exception) -> None:
        """After a conflict the server has given the transaction up: Django refuses every further statement of it.

        Raises the driver's error of a conflict, also for one that looks like another error.
        """
        code, words = (*error.args, None, "")[:2]
        is_conflict = isinstance(error, Database.OperationalError) and code in CONFLICT_ERRORS
        is_disguised = code == SYNTAX_ERROR and CUT_OFF_AT_TRIGGERS.match(str(words)) is not None
        if (is_conflict or is_disguised) and self.in_atomic_block:
            self.needs_rollback = True
        if is_conflict:
            raise error
        if is_disguised:
            raise Database.OperationalError(DEADLOCK, words) from error

    def run(self, query: str) -> tuple[int, tuple[tuple[Any, ...], ...]]:
        """Run a statement whose values are written out, without a cursor; returns the id of a new row, and all rows.

        Two cursors around each other cost more than a short statement. Only while nobody watches statements.
        """
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            try:
                self.connection.query(query.encode())
                # Some errors come only with the rows: a conflict at a lock.
                result = self.connection.store_result()
                return self.connection.insert_id(), result.fetch_row(0) if result is not None else ()
            except Database.Error as error:
                self.raise_if_conflict(error)
                if error.args[0] in Cursor.codes_for_integrityerror:
                    raise IntegrityError(*error.args) from error
                raise

    def _start_transaction_under_autocommit(self) -> None:
        # Django calls this in place of SET autocommit = 0, and finds no SET autocommit = 1 to send at the end.
        with self.wrap_database_errors:
            self.connection.query(b"BEGIN")


def _rows(connection: Any, query: str) -> tuple[tuple[str, str], ...]:
    """All rows of a query on a connection of the driver."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows: tuple[tuple[str, str], ...] = cursor.fetchall()
        return rows

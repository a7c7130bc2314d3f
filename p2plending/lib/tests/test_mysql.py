"""What our backend adds to Django's: one statement in each packet, nothing after a conflict, the first fit host."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, connections, transaction
from django.db.transaction import TransactionManagementError

from accounts.models import OperationKey
from accounts.services.idempotency import run_once
from p2plending.lib.database.bulk import DuplicateKey, fetch_rows, insert_row
from p2plending.lib.database.mysql.nodes import Node
from p2plending.lib.tests.test_bulk import values_of

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]
# Nothing listens on the first of all ports.
NOBODY = Node("127.0.0.1", 1)


def keys() -> list[str]:
    return list(OperationKey.objects.order_by("pk").values_list("key", flat=True))


def statements_sent() -> int:
    """How many statements the server has had from this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Questions'")
        return int(cursor.fetchone()[1])


def run_by_cursor(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def run_in_bulk(statement: str) -> None:
    connection.run(statement)


@pytest.mark.parametrize("run", [run_by_cursor, run_in_bulk])
def test_the_server_refuses_a_second_statement_in_a_packet(run: Callable[[str], object]) -> None:
    """Between two of them a cluster may take the transaction away without a word, and keep the second."""
    both = "DELETE FROM accounts_operationkey; COMMIT"
    OperationKey.objects.create(scope="system", operation="test", key="stays", fingerprint="")
    with pytest.raises(ProgrammingError), transaction.atomic():
        run(both)
    assert keys() == ["stays"]


def test_a_transaction_of_nothing_costs_two_statements() -> None:
    before = statements_sent()
    with transaction.atomic():
        pass
    assert statements_sent() - before == 3


def test_a_check_that_fails_is_an_integrity_error() -> None:
    with pytest.raises(IntegrityError, match="CONSTRAINT"), transaction.atomic():
        connection.run(
            "INSERT INTO ledger_account (`key`, code, book, type, normal_side, loan_reference, is_guarded, balance, "
            "version, has_due) VALUES ('C2100:U1', 'C2100', 'C', 'liability', 'credit', '', 1, -1, 0, 0)"
        )


def write_fingerprint(key: str) -> None:
    OperationKey.objects.filter(key=key).update(fingerprint="met")


def lock_by_hand(key: str) -> None:
    # By the whole unique key: a scan would lock the other row too, and nobody would meet.
    row = f"scope = 'system' AND operation = 'test' AND `key` = '{key}'"
    statement = f"SELECT id FROM accounts_operationkey WHERE {row} FOR UPDATE"  # noqa: S608 - ours
    assert len(fetch_rows(connection, statement)) == 1


@pytest.mark.parametrize("touch", [write_fingerprint, lock_by_hand])
@pytest.mark.parametrize("way", ["the ORM", "bulk"])
def test_nothing_is_written_after_the_server_gave_the_transaction_up(way: str, touch: Callable[[str], None]) -> None:
    """A deadlock undoes the whole transaction; what a careless caller writes afterwards would stand alone."""
    for key in ("one", "two"):
        OperationKey.objects.create(scope="system", operation="test", key=key, fingerprint="")
    first, second = threading.Barrier(2), threading.Barrier(2)
    ends: list[str] = []

    def write_alone(mine: str) -> None:
        if way == "bulk":
            insert_row(OperationKey, values_of(f"{mine} alone"))
        else:
            OperationKey.objects.create(scope="system", operation="test", key=f"{mine} alone", fingerprint="")

    def meet(mine: str, others: str) -> None:
        try:
            with transaction.atomic():
                touch(mine)
                first.wait(timeout=30)
                try:
                    touch(others)
                    ends.append("done")
                except OperationalError:
                    write_alone(mine)
        except TransactionManagementError:
            ends.append("refused")
        finally:
            second.wait(timeout=30)
            connections.close_all()

    threads = [threading.Thread(target=meet, args=pair) for pair in (("one", "two"), ("two", "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(ends) == ["done", "refused"]
    assert keys() == ["one", "two"]


@pytest.mark.parametrize(
    "words",
    [
        "Unknown trigger has an error in its body: 'Query was empty'",
        "Trigger 'ledger_posting_no_update' has an error in its body: 'You have an error in your SQL syntax; …'",
    ],
)
def test_a_conflict_that_looks_like_a_broken_trigger_is_a_conflict(words: str) -> None:
    """A node of a cluster says so when it is cut off while it opens a table with triggers."""
    import MySQLdb  # where only SQLite is, it may be missing

    said = MySQLdb.ProgrammingError(1064, words)
    with transaction.atomic():
        with pytest.raises(MySQLdb.OperationalError) as told:
            connections["default"].raise_if_conflict(said)
        assert told.value.args == (1213, said.args[1])
        assert connection.needs_rollback
    connections["default"].raise_if_conflict(MySQLdb.ProgrammingError(1064, "You have an error in your SQL syntax"))


def test_nothing_follows_a_row_that_is_there_though_it_must_be_new() -> None:
    OperationKey.objects.create(scope="system", operation="test", key="there", fingerprint="")
    with transaction.atomic():
        with pytest.raises(DuplicateKey):
            insert_row(OperationKey, values_of("there"), must_be_new=True)
        with pytest.raises(TransactionManagementError):
            insert_row(OperationKey, values_of("behind"))
        transaction.set_rollback(True)
    assert keys() == ["there"]


def test_a_key_and_what_it_created_are_written_together() -> None:
    def insert() -> OperationKey:
        return OperationKey.objects.create(scope="system", operation="test", key="made", fingerprint="")

    fact = run_once(insert, model=OperationKey, operation="test", key="k", actor=None, parameters={})
    assert OperationKey.objects.get(key="k").result_id == fact.pk
    replay = run_once(insert, model=OperationKey, operation="test", key="k", actor=None, parameters={})
    assert (replay.pk, replay.is_replay) == (fact.pk, True)
    assert keys() == ["k", "made"]


def wrapper_of(*nodes: Node) -> Any:
    """A connection of its own over a list of hosts."""
    made = connections.create_connection("default")
    made.settings_dict = made.settings_dict | {"OPTIONS": made.settings_dict["OPTIONS"] | {"nodes": list(nodes)}}
    return made


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Node:
    """The server of the tests as one host of a list; nobody rests yet."""
    monkeypatch.setattr(type(connections["default"]), "_rests_until", {})
    settings = connection.settings_dict
    return Node(settings["HOST"] or "localhost", int(settings["PORT"] or 3306))


def one(database: Any) -> Any:
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()[0]


def test_the_first_host_that_answers_is_taken_and_a_silent_one_rests(server: Node) -> None:
    database = wrapper_of(NOBODY, server)
    assert one(database) == 1
    database.close()
    assert list(database._rests_until) == [NOBODY]
    assert one(database) == 1
    database.close()


def test_the_error_of_the_last_host_is_told_when_none_answers(server: Node) -> None:
    with pytest.raises(OperationalError) as told:
        one(wrapper_of(NOBODY, Node("127.0.0.1", 2)))
    assert told.value.args[0] in {2002, 2003}


def test_a_host_that_would_refuse_writes_is_passed_over(server: Node) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
    try:
        with pytest.raises(OperationalError, match="is not ready: takes no writes"):
            one(wrapper_of(server, NOBODY, server))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET GLOBAL read_only = 0")

"""Statements that wait for the next trip to the server: in order, all or nothing, and never lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from accounts.models import OperationKey
from accounts.services.idempotency import run_once
from p2plending.lib.bulk import id_of
from p2plending.lib.waiting import AlreadyThere, Statement

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]


INSERT = (
    "INSERT INTO accounts_operationkey (scope, operation, `key`, fingerprint, created_at) "
    "VALUES ('system', 'test', '{key}', '{fingerprint}', '2026-01-15')"
)


def later(key: str, fingerprint: str = "f", *, must_be_new: bool = False) -> Statement:
    return connection.run_later(INSERT.format(key=key, fingerprint=fingerprint), must_be_new=must_be_new)


def together(*steps: Callable[[], object]) -> None:
    with transaction.atomic():
        for step in steps:
            step()


def keys() -> list[str]:
    return list(OperationKey.objects.order_by("pk").values_list("key", flat=True))


def statements_sent() -> int:
    """How many statements the server has had from this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Questions'")
        return int(cursor.fetchone()[1])


def refuse() -> None:
    raise ZeroDivisionError


def test_a_statement_does_not_wait_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"):
        later("lost")
    assert keys() == []


def test_what_waits_is_undone_with_its_transaction() -> None:
    with pytest.raises(ZeroDivisionError):
        together(partial(later, "one"), refuse)
    assert keys() == []
    with transaction.atomic():
        later("two")
    assert keys() == ["two"]


def test_what_waits_is_seen_by_the_next_statement() -> None:
    with transaction.atomic():
        later("one")
        later("two")
        assert keys() == ["one", "two"]
        OperationKey.objects.filter(key="two").update(fingerprint="100%")
        later("three", "50%s")
    assert list(OperationKey.objects.order_by("pk").values_list("key", "fingerprint")) == [
        ("one", "f"),
        ("two", "100%"),
        ("three", "50%s"),
    ]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_an_error_in_what_goes_with_commit_leaves_nothing(position: int) -> None:
    wanted = ["one", "two", "three"]
    wanted[position] = "there"
    with transaction.atomic():
        later("there")
    with pytest.raises(IntegrityError):
        together(*(partial(later, key) for key in wanted))
    assert keys() == ["there"]
    with transaction.atomic():
        later("after")
    assert keys() == ["there", "after"]


def test_an_error_in_what_waited_is_the_error_of_the_statement_that_it_went_with() -> None:
    with transaction.atomic():
        later("there")
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            together(partial(later, "there"), keys)
        assert keys() == ["there"]


def test_a_check_that_fails_while_waiting_is_an_integrity_error() -> None:
    with pytest.raises(IntegrityError, match="CONSTRAINT"), transaction.atomic():
        connection.run_later(
            "INSERT INTO ledger_account (`key`, code, book, type, normal_side, loan_reference, is_guarded, balance, "
            "version, has_due) VALUES ('C2100:U1', 'C2100', 'C', 'liability', 'credit', '', 1, -1, 0, 0)"
        )


def test_an_inner_block_takes_back_its_own_and_keeps_what_waited_before() -> None:
    with transaction.atomic():
        later("before")
        with pytest.raises(ZeroDivisionError):
            together(partial(later, "inside"), refuse)
        later("after")
    assert keys() == ["before", "after"]


def test_a_long_statement_does_not_wait() -> None:
    with transaction.atomic():
        connection.run_later(f"DO '{'x' * 20_000}'")
        assert not connection.is_waiting


def test_short_statements_do_not_pile_up() -> None:
    waited = []
    with transaction.atomic():
        for number in range(300):
            later(f"key-{number}")
            waited.append(connection.is_waiting)
    assert waited.count(False) == 2
    assert keys() == [f"key-{number}" for number in range(300)]


def test_a_transaction_of_nothing_is_not_told_to_the_server() -> None:
    before = statements_sent()
    together()
    with pytest.raises(ZeroDivisionError):
        together(refuse)
    assert statements_sent() - before == 1


def test_the_log_of_queries_has_each_statement_once() -> None:
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        later("one")
        keys()
        later("two")
    assert [query["sql"].split()[0] for query in captured] == ["BEGIN", "INSERT", "SELECT", "INSERT", "COMMIT"]


def test_nothing_is_written_after_the_server_gave_the_transaction_up() -> None:
    """A deadlock undoes the whole transaction; what a careless caller writes afterwards would stand alone."""
    for key in ("one", "two"):
        OperationKey.objects.create(scope="system", operation="test", key=key, fingerprint="")
    first, second = threading.Barrier(2), threading.Barrier(2)
    ends: list[str] = []

    def meet(mine: str, others: str) -> None:
        try:
            with transaction.atomic():
                OperationKey.objects.filter(key=mine).update(fingerprint=mine)
                first.wait(timeout=30)
                try:
                    OperationKey.objects.filter(key=others).update(fingerprint=mine)
                    ends.append("done")
                except OperationalError:
                    OperationKey.objects.create(scope="system", operation="test", key=f"{mine} alone", fingerprint="")
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


def test_the_first_answer_is_that_of_the_statement_and_not_of_what_went_ahead() -> None:
    def insert() -> OperationKey:
        later("waited")
        return OperationKey.objects.create(scope="system", operation="test", key="asked", fingerprint="")

    fact = run_once(insert, model=OperationKey, operation="test", key="k", actor=None, parameters={})
    assert OperationKey.objects.get(key="asked").pk == fact.pk
    assert OperationKey.objects.get(key="k").result_id == fact.pk
    replay = run_once(insert, model=OperationKey, operation="test", key="k", actor=None, parameters={})
    assert (replay.pk, replay.is_replay) == (fact.pk, True)
    assert keys() == ["k", "waited", "asked"]


def test_the_server_goes_no_further_than_a_row_that_is_there_though_it_must_be_new() -> None:
    with transaction.atomic():
        later("there")
    with pytest.raises(AlreadyThere):
        together(partial(later, "there", must_be_new=True), partial(later, "behind"), keys)
    assert keys() == ["there"]


def test_nothing_follows_a_row_that_is_there_though_it_must_be_new() -> None:
    with transaction.atomic():
        later("there")
    with transaction.atomic():
        later("there", must_be_new=True)
        with pytest.raises(AlreadyThere):
            keys()
        with pytest.raises(TransactionManagementError):
            later("behind")
        transaction.set_rollback(True)
    assert keys() == ["there"]


def test_the_answer_of_a_row_that_waits_is_there_when_it_was_sent() -> None:
    with transaction.atomic():
        rows = [later(key) for key in ("one", "two")]
        assert [row.is_sent for row in rows] == [False, False]
        connection.send_waiting()
        assert [row.row_id for row in rows] == list(OperationKey.objects.order_by("pk").values_list("pk", flat=True))


def test_a_row_that_was_rolled_back_before_it_was_sent_has_no_id() -> None:
    inserted = []
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError):
            together(lambda: inserted.append(later("lost")), refuse)
        with pytest.raises(RuntimeError, match="rolled back"):
            id_of(inserted[0])
    assert keys() == []

"""Money transactions: run again when two people meet, and never half."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction

from accounts.models import OperationKey, User
from ledger.enums.books import EntryKind, LineCode
from ledger.models import Account, Deposit, JournalEntry
from ledger.selectors import wallet_summary
from ledger.selectors.invariants import CHECKS
from ledger.services.deposits import confirm_deposit, declare_deposit
from ledger.services.posting import InsufficientBalance, credit, debit, post_entry
from ledger.services.withdrawals import request_withdrawal
from p2plending.lib.database import transactions
from p2plending.lib.database.transactions import (
    ConcurrentChange,
    do_again_if_refused,
    is_dry_run,
    lock_guard,
    run_dry,
    run_money,
)
from p2plending.lib.errors import Busy, Refused

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.date(2026, 1, 15)
IBAN = "DE89370400440532013000"


def at_once(number: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act` in so many threads that start together; what each returned or raised."""
    start = threading.Barrier(number)

    def run(index: int) -> Any:
        try:
            start.wait(timeout=30)
            return act(index)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def failing_first(*errors: Exception) -> tuple[Callable[[], str], list[int]]:
    """A function that raises each error once and then succeeds, and how often it ran."""
    runs: list[int] = []

    def function() -> str:
        runs.append(len(runs))
        OperationKey.objects.create(scope="test", operation="test", key=f"run-{len(runs)}", fingerprint="")
        if len(runs) <= len(errors):
            raise errors[len(runs) - 1]
        return "done"

    return function, runs


def books_are_sound() -> bool:
    return not [found for check in CHECKS for found in check.function()]


@pytest.mark.parametrize(
    "error",
    [
        OperationalError(1213, "Deadlock found when trying to get lock"),
        OperationalError(1205, "Lock wait timeout exceeded"),
        OperationalError(1020, "Record has changed since last read"),
        OperationalError(2013, "Lost connection to server during query"),
        OperationalError("database is locked"),
        IntegrityError(1062, "Duplicate entry"),
        IntegrityError("UNIQUE constraint failed: ledger_posting.account_id"),
        InterfaceError(0, ""),
        ConcurrentChange("changed"),
    ],
    ids=str,
)
def test_a_conflict_runs_the_whole_function_again_and_leaves_nothing_of_the_first(error: Exception) -> None:
    function, runs = failing_first(error)
    assert run_money(function) == "done"
    assert runs == [0, 1]
    assert [row.key for row in OperationKey.objects.all()] == ["run-2"]


@pytest.mark.parametrize(
    "error",
    [
        OperationalError(1054, "Unknown column"),
        IntegrityError(4025, "CONSTRAINT `account_balance_not_negative` failed"),
        IntegrityError("CHECK constraint failed: account_balance_not_negative"),
        DatabaseError("broken"),
        ValueError("a bug"),
    ],
    ids=str,
)
def test_any_other_error_is_raised_at_once(error: Exception) -> None:
    function, runs = failing_first(error)
    with pytest.raises(type(error)):
        run_money(function)
    assert runs == [0]
    assert OperationKey.objects.count() == 0


def test_a_duplicate_that_stays_is_a_bug() -> None:
    function, runs = failing_first(*[IntegrityError(1062, "Duplicate entry")] * 9)
    with pytest.raises(IntegrityError):
        run_money(function)
    assert len(runs) == 1 + transactions.DUPLICATE_RETRIES


def test_after_the_deadline_we_are_busy_and_nothing_moved() -> None:
    function, _runs = failing_first(*[OperationalError(1213, "Deadlock")] * 50)
    with pytest.raises(Busy):
        run_money(function, deadline_seconds=0.1)
    assert OperationKey.objects.count() == 0


def test_money_is_never_moved_inside_another_transaction() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        run_money(lambda: None)


def test_a_guard_row_is_written_and_not_only_read(bob: User) -> None:
    deposit = Deposit.objects.create(reference="DP-1", user=bob, amount=100, sent_on=DAY)
    locked = run_money(lambda: lock_guard(Deposit.objects.filter(pk=deposit.pk)))
    deposit.refresh_from_db()
    assert (locked.version, deposit.version) == (1, 1)


def fund(user: User, amount: int) -> None:
    lines = [debit("C1000", amount, LineCode.DEPOSIT), credit("C2100", amount, LineCode.DEPOSIT, owner=user)]
    run_money(
        lambda: post_entry(
            kind=EntryKind.DEPOSIT, key=f"fund:{user.pk}", value_date=DAY, lines=lines, actor=None, narrative="Test"
        )
    )


def test_the_same_form_sent_twice_at_once_has_one_effect(bob: User, dora: User) -> None:
    def declare(_index: int) -> Deposit:
        return declare_deposit(
            user=bob, amount=100_00, sent_on=DAY, method="cash", bank_reference="", actor=bob,
            idempotency_key="one-form", today=DAY,
        )  # fmt: skip

    told = at_once(4, declare)
    assert {one.pk for one in told} == {Deposit.objects.get().pk}
    assert sorted(one.is_replay for one in told) == [False, True, True, True]

    def confirm(_index: int) -> Deposit:
        return confirm_deposit(
            deposit_id=told[0].pk, value_date=DAY, actor=dora, idempotency_key="one-click", today=DAY
        )

    found = at_once(4, confirm)
    assert sorted(one.is_replay for one in found) == [False, True, True, True]
    assert wallet_summary(bob).available == 100_00
    assert JournalEntry.objects.count() == 1
    assert books_are_sound()


def test_people_who_race_for_the_same_money_get_it_once(bob: User) -> None:
    fund(bob, 100_00)

    def take(index: int) -> Any:
        return request_withdrawal(
            user=bob, amount=60_00, account_holder="Bob", iban=IBAN, actor=bob, idempotency_key=f"take-{index}",
            today=DAY,
        )  # fmt: skip

    taken = at_once(4, take)
    assert sorted(type(one).__name__ for one in taken) == ["InsufficientBalance"] * 3 + ["Withdrawal"]
    refused = next(one for one in taken if isinstance(one, InsufficientBalance))
    assert refused.context == {"available": 40_00}
    assert (wallet_summary(bob).available, wallet_summary(bob).withdrawing) == (40_00, 60_00)
    assert books_are_sound()


def move(source: User, target: User, key: str) -> None:
    lines = [
        debit("C2100", 1_00, LineCode.OTHER, owner=source),
        credit("C2100", 1_00, LineCode.OTHER, owner=target),
    ]
    run_money(
        lambda: post_entry(kind=EntryKind.DEPOSIT, key=key, value_date=DAY, lines=lines, actor=None, narrative="Test")
    )


def test_entries_that_cross_lose_no_cent(bob: User, carol: User) -> None:
    fund(bob, 100_00)
    fund(carol, 100_00)

    def cross(index: int) -> None:
        for number in range(5):
            pair = (bob, carol) if (index + number) % 2 else (carol, bob)
            move(*pair, key=f"cross-{index}-{number}")

    assert at_once(6, cross) == [None] * 6
    assert wallet_summary(bob).available + wallet_summary(carol).available == 200_00
    assert Account.objects.get(owner=bob).version == 31
    assert books_are_sound()


@pytest.mark.mariadb
def test_a_real_deadlock_is_run_again(bob: User, carol: User) -> None:
    """Two transactions lock two rows in opposite order: the server ends one of them, which then succeeds."""
    rows = [Deposit.objects.create(reference=f"DP-{n}", user=bob, amount=100, sent_on=DAY) for n in range(2)]
    both_hold_one = threading.Barrier(2)
    runs: list[int] = []

    def lock_both(index: int) -> str:
        runs.append(index)
        lock_guard(Deposit.objects.filter(pk=rows[index].pk))
        if len(runs) <= 2:
            both_hold_one.wait(timeout=10)
        lock_guard(Deposit.objects.filter(pk=rows[1 - index].pk))
        return "done"

    assert at_once(2, lambda index: run_money(lambda: lock_both(index))) == ["done", "done"]
    assert len(runs) == 3
    assert sorted(Deposit.objects.values_list("version", flat=True)) == [2, 2]


@pytest.mark.mariadb
def test_a_lock_that_is_held_too_long_is_waited_for_again(bob: User) -> None:
    row = Deposit.objects.create(reference="DP-1", user=bob, amount=100, sent_on=DAY)
    held, runs = threading.Event(), []

    def hold(_index: int) -> None:
        with transaction.atomic():
            lock_guard(Deposit.objects.filter(pk=row.pk))
            held.set()
            threading.Event().wait(2.5)

    def want() -> None:
        runs.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET innodb_lock_wait_timeout = 1")
        lock_guard(Deposit.objects.filter(pk=row.pk))

    def act(index: int) -> None:
        if index == 0:
            hold(index)
        else:
            held.wait(timeout=10)
            run_money(want)

    assert at_once(2, act) == [None, None]
    assert len(runs) >= 2
    row.refresh_from_db()
    assert row.version == 2


@pytest.mark.skipif("sqlite" not in connection.vendor, reason="how SQLite says that another one writes")
def test_a_locked_sqlite_file_is_waited_for() -> None:
    held = threading.Event()

    def act(index: int) -> None:
        if index == 0:
            with transaction.atomic():
                held.set()
                threading.Event().wait(1.0)
            return
        held.wait(timeout=10)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 100")

        def write() -> None:
            OperationKey.objects.create(scope="test", operation="test", key="k", fingerprint="")

        run_money(write)

    assert at_once(2, act) == [None, None]
    assert OperationKey.objects.count() == 1


# --- dry runs, and what stays though the rest is refused --------------------------------------------------------------
def note(key: str) -> OperationKey:
    return OperationKey.objects.create(scope="test", operation="test", key=key, fingerprint="")


def test_a_dry_run_returns_its_figures_and_leaves_nothing(bob: User) -> None:
    hooks: list[str] = []

    def act() -> tuple[str, int, bool]:
        transaction.on_commit(lambda: hooks.append("ran"))
        post_entry(
            kind=EntryKind.DEPOSIT,
            key="dry",
            value_date=DAY,
            lines=[debit("C1000", 5_00, LineCode.DEPOSIT), credit("C2100", 5_00, LineCode.DEPOSIT, owner=bob)],
            actor=None,
            narrative="Dry",
        )
        return note("dry").key, wallet_summary(bob).available, is_dry_run()

    assert run_dry(act) == ("dry", 5_00, True)
    assert (OperationKey.objects.count(), JournalEntry.objects.count(), wallet_summary(bob).available) == (0, 0, 0)
    assert (hooks, is_dry_run()) == ([], False)


def test_a_dry_run_says_what_the_posting_would_refuse() -> None:
    def act() -> None:
        note("dry")
        raise Refused("No.")

    with pytest.raises(Refused, match="No"):
        run_dry(act)
    assert (OperationKey.objects.count(), is_dry_run()) == (0, False)


def test_what_must_happen_anyway_is_done_again_after_a_refusal() -> None:
    def act() -> None:
        note("calendar")
        do_again_if_refused(lambda: run_money(lambda: note("calendar")))
        note("asked for")
        raise Refused("Too late.")

    with pytest.raises(Refused, match="Too late"):
        run_money(act)
    assert list(OperationKey.objects.values_list("key", flat=True)) == ["calendar"]


def test_it_is_not_done_again_after_success_a_bug_or_a_dry_run() -> None:
    again: list[str] = []

    def act(error: Exception | None) -> None:
        do_again_if_refused(lambda: again.append("done"))
        if error:
            raise error

    run_money(lambda: act(None))
    with pytest.raises(ZeroDivisionError):
        run_money(lambda: act(ZeroDivisionError()))
    with pytest.raises(Refused):
        run_dry(lambda: act(Refused("No.")))
    assert again == []


def test_a_busy_database_does_not_hide_why_one_was_refused() -> None:
    def busy() -> None:
        raise Busy

    def act() -> None:
        do_again_if_refused(busy)
        raise Refused("Too late.")

    with pytest.raises(Refused, match="Too late"):
        run_money(act)

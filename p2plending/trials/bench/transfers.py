"""A transfer between two wallets with key and checks, against the bare five statements, by 1, 4 and 8 clients."""

from __future__ import annotations

import datetime as dt
import functools
import gc
import multiprocessing
import random
import statistics
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import MySQLdb
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from accounts.enums.people import Role
from accounts.models import User
from accounts.services.idempotency import once
from ledger.enums.books import EntryKind, LineCode
from ledger.models import Account, JournalEntry
from ledger.services.posting import credit, debit, post_entry
from p2plending.lib import clock
from p2plending.trials.bench.measure import say, server_seconds, verdict
from p2plending.trials.bench.scene import move, people

CLIENTS = (1, 4, 8)
MOST_CLIENTS = max(CLIENTS)
WARM_UP_SECONDS = 0.8
SECONDS = 2.5
ROUNDS = 5
WALLETS = 200
HOT_TRANSFERS = 10_000
TIMED = 1_000
DAY = dt.date(2026, 1, 15)
# What a transfer with its key and its checks must reach of the rate of the bare statements.
LEAST = 0.45
STATEMENTS = "key, entry, both wallets locked and read, balances, postings, result of the key"
COMMIT = "COMMIT"
REST = "BEGIN, and Python around them"
WHOLE = "whole"


def run(pid: int) -> None:
    """Print rates as ratios, what a transfer spends its time on, and the deadlocks of a wallet that all pay into."""
    say("\nTransfers between wallets (per second)")
    owners = [user.pk for user in people("wallet", WALLETS, Role.LENDER)]
    lines = [credit("C2100", 1_000_000_00, LineCode.OTHER, owner=owner) for owner in owners]
    move("wallets", debit("C1000", 1_000_000_00 * WALLETS, LineCode.OTHER), *lines)
    for clients in CLIENTS:
        ways: dict[str, tuple[Callable[[int, int], None], bool]] = {
            "ours": (checked, False),
            "driver": (bare, False),
            "Django": (bare_in_django, False),
        }
        if clients == MOST_CLIENTS:
            ways["hot"] = (checked, True)
        rates = {name: statistics.median(found) for name, found in rates_of(ways, clients, owners).items()}
        say(
            f"  {clients} clients: ours {rates['ours']:,.0f}, five bare statements {rates['driver']:,.0f} by the "
            f"driver and {rates['Django']:,.0f} in Django's atomic()"
        )
        for name, words in (("driver", "by the driver"), ("Django", "in Django")):
            verdict(f"transfers, {clients} clients: ours / bare {words}", rates["ours"] / rates[name], least=LEAST)
        if "hot" in rates:
            verdict(f"one hot wallet / spread, {clients} clients", rates["hot"] / rates["ours"], least=0.35)
    say_spent(owners, pid)
    before = deadlocks()
    done = sum(together(MOST_CLIENTS, checked, owners, hot=True, number=HOT_TRANSFERS // MOST_CLIENTS))
    say(f"  {done:,} transfers into one wallet by {MOST_CLIENTS} clients: {deadlocks() - before} deadlocks")
    verdict(f"deadlocks in {done:,}", deadlocks() - before, most=0)


def rates_of(
    ways: dict[str, tuple[Callable[[int, int], None], bool]], clients: int, owners: list[int]
) -> dict[str, list[float]]:
    """Transfers a second of so many processes together, in rounds in which every way has its turn."""
    rates: dict[str, list[float]] = defaultdict(list)
    for _round in range(ROUNDS):
        for name, (step, hot) in ways.items():
            rates[name].append(sum(together(clients, step, owners, hot=hot, number=0)) / SECONDS)
    return rates


def together(clients: int, step: Callable[[int, int], None], owners: list[int], *, hot: bool, number: int) -> list[int]:
    """Run clients as processes of their own: `number` transfers each, or as many as fit into the time."""
    connection.close()
    # A process that works on its own would not copy the pages of a parent as it goes.
    gc.freeze()
    context = multiprocessing.get_context("fork")
    with context.Pool(clients) as pool:
        return pool.starmap(client, [(step, owners, hot, number, seed) for seed in range(clients)])


def client(step: Callable[[int, int], None], owners: list[int], hot: bool, number: int, seed: int) -> int:
    """One client; returns how many transfers it made after it had warmed up."""
    draw = random.Random(seed)

    def transfer() -> None:
        source, target = draw.sample(owners[1:], 2)
        step(source, owners[0] if hot else target)

    if number:
        for _transfer in range(number):
            transfer()
        return number
    started, done = time.perf_counter() + WARM_UP_SECONDS, 0
    while time.perf_counter() < started + SECONDS:
        transfer()
        done += time.perf_counter() >= started
    return done


def checked(source: int, target: int) -> None:
    """A transfer as our services make it: once per key, locked, checked, chained."""
    _transfer(source=source, target=target, actor=None, idempotency_key=uuid.uuid4().hex)


@once(model=JournalEntry, operation="bench.transfer")
def _transfer(*, source: int, target: int, actor: User | None, idempotency_key: str) -> JournalEntry:
    return post_entry(
        kind=EntryKind.DEPOSIT,
        key=f"transfer:{idempotency_key}",
        value_date=DAY,
        actor=actor,
        narrative="Bench",
        lines=[
            debit("C2100", 1, LineCode.OTHER, owner=source),
            credit("C2100", 1, LineCode.OTHER, owner=target),
        ],
    )


def say_spent(owners: list[int], pid: int) -> None:
    """What one client's transfer costs in its statements, at its end, and on our own side."""
    database = connections[DEFAULT_DB_ALIAS]
    spent: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def timed(name: str, run: Callable[..., Any], *arguments: Any) -> Any:
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            return run(*arguments)
        finally:
            spent[name].append((time.perf_counter() - wall, time.thread_time() - cpu))

    def trip(execute: Callable[..., Any], *arguments: Any) -> Any:
        return timed("trip", execute, *arguments)

    draw = random.Random(1)
    commit, server = database.commit, server_seconds(pid)
    vars(database)["commit"] = functools.partial(timed, COMMIT, commit)
    try:
        with database.execute_wrapper(trip):
            for _transfer in range(TIMED):
                timed(WHOLE, checked, *draw.sample(owners, 2))
                trips = spent.pop("trip")
                spent[STATEMENTS].append((sum(wall for wall, _cpu in trips), sum(cpu for _wall, cpu in trips)))
    finally:
        vars(database)["commit"] = commit
    server = (server_seconds(pid) - server) / TIMED * 1e6
    medians = {
        name: [statistics.median(both) * 1e6 for both in zip(*found, strict=True)] for name, found in spent.items()
    }
    whole = medians.pop(WHOLE)
    medians[REST] = [all_of_it - sum(parts) for all_of_it, *parts in zip(whole, *medians.values(), strict=True)]
    say(f"  One transfer by one client, medians of {TIMED:,}: {whole[0]:,.0f} µs")
    say(f"    CPU of the client {whole[1]:,.0f} µs, of the server {server:,.0f} µs")
    for name, (wall, cpu) in medians.items():
        say(f"    {wall:6,.0f} µs, {cpu:5,.0f} CPU of the client: {name}")


@functools.cache
def wallets() -> dict[int, int]:
    """The accounts of the wallets by owner."""
    return dict(Account.objects.filter(code="C2100", owner__isnull=False).values_list("owner_id", "pk"))


def bare_in_django(source: int, target: int) -> None:
    """Two balances, an entry, two postings: nothing else. One transaction of Django."""
    wallets()
    with transaction.atomic(), connection.cursor() as cursor:
        five_statements(cursor, source, target)


@functools.cache
def driver() -> Any:
    """A connection of the driver alone, with the parameters of the site's."""
    database = connections[DEFAULT_DB_ALIAS]
    found = MySQLdb.connect(**database.get_connection_params())
    found.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    found.autocommit(False)
    return found


def bare(source: int, target: int) -> None:
    """The same by the driver, without Django."""
    wallets()
    with driver().cursor() as cursor:
        five_statements(cursor, source, target)
    driver().commit()


def five_statements(cursor: Any, source: int, target: int) -> None:
    for owner in sorted((source, target), key=wallets().__getitem__):
        change = -1 if owner == source else 1
        cursor.execute(
            "UPDATE ledger_account SET balance = balance + %s, version = version + 1 WHERE id = %s",
            [change, wallets()[owner]],
        )
    cursor.execute(
        "INSERT INTO ledger_journalentry (reference, idempotency_key, kind, value_date, posted_at, actor_label, "
        "narrative, subject_type, subject_reference) "
        "VALUES (%s, %s, 'DEPOSIT', '2026-01-15', %s, 'x', 'x', '', '')",
        [f"X{uuid.uuid4().hex[:14]}", uuid.uuid4().hex, clock.now().replace(tzinfo=None)],
    )
    entry = cursor.lastrowid
    for owner, paid, received in ((source, 1, 0), (target, 0, 1)):
        cursor.execute(
            "INSERT INTO ledger_posting (entry_id, account_id, debit, credit, code) VALUES (%s, %s, %s, %s, 'OTHER')",
            [entry, wallets()[owner], paid, received],
        )


def deadlocks() -> int:
    """How many the server has counted, since it started."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")
        return int(cursor.fetchone()[1])

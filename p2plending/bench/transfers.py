"""A transfer between two wallets with key and checks, against the bare five statements, by 1, 4 and 8 clients."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import random
import statistics
import time
import uuid
from collections.abc import Callable

from django.db import connection, transaction

from accounts.enums import Role
from accounts.services.idempotency import run_once
from ledger.enums import EntryKind, LineCode
from ledger.models import Account, JournalEntry
from ledger.services.posting import credit, debit, post_entry
from p2plending.bench.measure import say, verdict
from p2plending.bench.scene import move, people
from p2plending.lib import clock

CLIENTS = (1, 4, 8)
SECONDS = 4.0
ROUNDS = 3
WALLETS = 200
HOT_TRANSFERS = 10_000
DAY = dt.date(2026, 1, 15)


def run(pid: int) -> None:
    """Print rates as ratios."""
    say("\nTransfers between wallets (per second)")
    owners = [user.pk for user in people("wallet", WALLETS, Role.LENDER)]
    lines = [credit("C2100", 1_000_000_00, LineCode.OTHER, owner=owner) for owner in owners]
    move("wallets", debit("C1000", 1_000_000_00 * WALLETS, LineCode.OTHER), *lines)
    spread = {}
    for clients in CLIENTS:
        rates: dict[str, list[float]] = {"ours": [], "bare": []}
        for _round in range(ROUNDS):
            for name, step in (("ours", checked), ("bare", bare)):
                rates[name].append(rate_of(step, clients, owners, hot=False))
        spread[clients] = statistics.median(rates["ours"])
        floor = statistics.median(rates["bare"])
        say(f"  {clients} clients: ours {spread[clients]:,.0f}, five bare statements {floor:,.0f}")
        verdict(f"ours / bare at {clients}", spread[clients] / floor, least=0.6)
    before = deadlocks()
    started = time.perf_counter()
    done = sum(together(8, checked, owners, hot=True, number=HOT_TRANSFERS // 8))
    hot = done / (time.perf_counter() - started)
    say(f"  {done:,} transfers into one wallet by 8 clients: {hot:,.0f}, deadlocks {deadlocks() - before}")
    verdict("hot account / spread, 8 clients", hot / spread[8], least=0.35)
    verdict("deadlocks", deadlocks() - before, most=0)


def rate_of(step: Callable[[int, int], None], clients: int, owners: list[int], *, hot: bool) -> float:
    """Transfers a second of so many processes together."""
    return sum(together(clients, step, owners, hot=hot, number=0)) / SECONDS


def together(clients: int, step: Callable[[int, int], None], owners: list[int], *, hot: bool, number: int) -> list[int]:
    """Run clients as processes of their own: `number` transfers each, or as many as fit into the time."""
    connection.close()
    context = multiprocessing.get_context("fork")
    with context.Pool(clients) as pool:
        return pool.starmap(client, [(step, owners, hot, number, seed) for seed in range(clients)])


def client(step: Callable[[int, int], None], owners: list[int], hot: bool, number: int, seed: int) -> int:
    """One client; returns how many transfers it made."""
    draw = random.Random(seed)
    until, done = time.perf_counter() + SECONDS, 0
    while done < number if number else time.perf_counter() < until:
        source, target = draw.sample(owners[1:], 2)
        step(source, owners[0] if hot else target)
        done += 1
    connection.close()
    return done


def checked(source: int, target: int) -> None:
    """A transfer as our services make it: once per key, locked, checked, chained."""
    key = uuid.uuid4().hex
    run_once(
        lambda: post_entry(
            kind=EntryKind.ADJUSTMENT, key=f"transfer:{key}", value_date=DAY, actor=None, narrative="Bench",
            lines=[
                debit("C2100", 1, LineCode.OTHER, owner=source),
                credit("C2100", 1, LineCode.OTHER, owner=target),
            ],
        ),
        model=JournalEntry, operation="bench.transfer", key=key, actor=None,
        parameters={"source": source, "target": target},
    )  # fmt: skip


_ids: dict[int, int] = {}


def bare(source: int, target: int) -> None:
    """Two balances, an entry, two postings: nothing else."""
    if not _ids:
        _ids.update(Account.objects.filter(code="C2100", owner__isnull=False).values_list("owner_id", "pk"))
    with transaction.atomic(), connection.cursor() as cursor:
        for owner in sorted((source, target)):
            change = -1 if owner == source else 1
            cursor.execute(
                "UPDATE ledger_account SET balance = balance + %s, version = version + 1 WHERE id = %s",
                [change, _ids[owner]],
            )
        cursor.execute(
            "INSERT INTO ledger_journalentry (reference, idempotency_key, kind, value_date, posted_at, actor_label, "
            "narrative, subject_type, subject_reference) "
            "VALUES (%s, %s, 'ADJUSTMENT', '2026-01-15', %s, 'x', 'x', '', '')",
            [f"X{uuid.uuid4().hex[:14]}", uuid.uuid4().hex, clock.now().replace(tzinfo=None)],
        )
        entry = cursor.lastrowid
        for owner, paid, received in ((source, 1, 0), (target, 0, 1)):
            cursor.execute(
                "INSERT INTO ledger_posting (entry_id, account_id, debit, credit, code) "
                "VALUES (%s, %s, %s, %s, 'OTHER')",
                [entry, _ids[owner], paid, received],
            )


def deadlocks() -> int:
    """How many the server has counted."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")
        row = cursor.fetchone()
        return int(row[1]) if row else 0

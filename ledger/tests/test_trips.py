"""How often a transfer goes to the server, and with what."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from accounts.services.idempotency import run_once
from ledger.enums.books import EntryKind, LineCode
from ledger.models import JournalEntry
from ledger.services.posting import Line, credit, debit, post_entry

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]
CODE = LineCode.OTHER


def move(key: str, *lines: Line) -> JournalEntry:
    """An entry with a key, as services make it."""
    day = dt.date(2026, 1, 15)
    return run_once(
        lambda: post_entry(
            kind=EntryKind.DEPOSIT, key=key, value_date=day, lines=lines, actor=None, narrative="Test"
        ),
        model=JournalEntry, operation="test", key=key, actor=None, parameters={},
    )  # fmt: skip


def test_a_transfer_goes_eight_times_to_the_server_with_one_statement_each(
    bob: User, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several in one packet would be fewer trips, and acknowledged money lost on a cluster (docs/adr/0020)."""
    from MySQLdb.connections import Connection  # where only SQLite is, it may be missing

    money = [credit("C2100", 1_00, CODE, owner=owner) for owner in (bob, carol)]
    move("fund", debit("C1000", 2_00, CODE), *money)
    packets: list[bytes] = []
    query = Connection.query

    def counted(connection: Connection, packet: bytes) -> None:
        packets.append(packet)
        query(connection, packet)

    monkeypatch.setattr(Connection, "query", counted)
    entry = move("move", debit("C2100", 40, CODE, owner=bob), credit("C2100", 40, CODE, owner=carol))
    monkeypatch.undo()
    assert [packet.decode().split(" ")[:3] for packet in packets] == [
        ["BEGIN"],
        ["INSERT", "INTO", "`accounts_operationkey`"],
        ["INSERT", "INTO", "`ledger_journalentry`"],
        ["SELECT", "`id`,", "`key`,"],
        ["UPDATE", "`ledger_account`", "SET"],
        ["INSERT", "INTO", "`ledger_posting`"],
        ["UPDATE", "`accounts_operationkey`", "SET"],
    ]  # and COMMIT, for which the driver has a call of its own
    assert not [packet for packet in packets if b";" in packet]
    assert entry == JournalEntry.objects.get(idempotency_key="move")
    assert sorted(entry.postings.values_list("balance_after", flat=True)) == [60, 1_40]

"""How often a transfer goes to the server."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from accounts.services.idempotency import run_once
from ledger.enums import EntryKind, LineCode
from ledger.models import JournalEntry
from ledger.services.posting import Line, credit, debit, post_entry

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]
CODE = LineCode.OTHER


def move(key: str, *lines: Line) -> JournalEntry:
    """An entry with a key, as services make it."""
    day = dt.date(2026, 1, 15)
    return run_once(
        lambda: post_entry(
            kind=EntryKind.ADJUSTMENT, key=key, value_date=day, lines=lines, actor=None, narrative="Test"
        ),
        model=JournalEntry, operation="test", key=key, actor=None, parameters={},
    )  # fmt: skip


def test_a_transfer_goes_twice_to_the_server(bob: User, carol: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its key and the entry up to the locks, and with all the rest to its end."""
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
    assert [packet.count(b";") + 1 for packet in packets] == [4, 4]
    assert packets[0].startswith(b"BEGIN;INSERT INTO `accounts_operationkey`")
    assert packets[1].endswith(b";COMMIT")
    monkeypatch.undo()
    assert entry == JournalEntry.objects.get(idempotency_key="move")
    assert sorted(entry.postings.values_list("balance_after", flat=True)) == [60, 1_40]

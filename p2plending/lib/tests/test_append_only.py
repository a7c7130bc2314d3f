"""Facts can't be changed: not through the model, not through a query set, not in SQL."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditEvent
from accounts.services.audit import record
from ledger.enums.books import EntryKind, LineCode
from ledger.models import JournalEntry, Posting
from ledger.services.posting import credit, debit, post_entry
from p2plending.lib.database.append_only import APPEND_ONLY_TABLES, AppendOnlyError, AppendOnlyModel
from p2plending.lib.database.transactions import run_money

pytestmark = pytest.mark.django_db
FACTS: dict[str, type[AppendOnlyModel]] = {
    "accounts_auditevent": AuditEvent,
    "ledger_journalentry": JournalEntry,
    "ledger_posting": Posting,
}


@pytest.fixture(autouse=True)
def facts() -> None:
    """One entry of two postings, and one audit event."""

    def write() -> None:
        lines = [debit("C1000", 100, LineCode.OTHER), credit("C2140", 100, LineCode.OTHER)]
        post_entry(
            kind=EntryKind.DEPOSIT,
            key="k",
            value_date=dt.date(2026, 1, 15),
            lines=lines,
            actor=None,
            narrative="Test",
        )
        record(action="test", actor=None, subject_type="test", subject_reference="T-1")

    run_money(write)


def stored(table: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - one of our own tables
        return list(cursor.fetchall())


def test_every_append_only_model_has_its_triggers() -> None:
    assert set(APPEND_ONLY_TABLES) == set(FACTS)
    models = AppendOnlyModel.__subclasses__()
    assert {model._meta.db_table for model in models} == set(APPEND_ONLY_TABLES)


@pytest.mark.parametrize("model", FACTS.values())
def test_the_model_refuses_to_change_or_delete(model: type[AppendOnlyModel]) -> None:
    fact = model.objects.latest("pk")
    for change in (
        fact.save,
        fact.delete,
        model.objects.all().delete,
        lambda: model.objects.update(pk=99),
        lambda: model.objects.bulk_update([fact], [model._meta.concrete_fields[1].name]),
    ):
        with pytest.raises(AppendOnlyError):
            change()


@pytest.mark.parametrize("table", FACTS)
@pytest.mark.parametrize("statement", ["UPDATE {table} SET id = id + 1000", "DELETE FROM {table}"])
def test_the_database_refuses_to_change_or_delete(table: str, statement: str) -> None:
    before = stored(table)
    with pytest.raises(DatabaseError, match="rows are facts"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table=table))
    assert stored(table) == before


def test_the_database_refuses_to_replace() -> None:
    before = stored("ledger_posting")
    posting = Posting.objects.earliest("pk")
    values = [posting.pk, posting.entry_id, posting.account_id, 999, 0, "OTHER"]
    statement = "REPLACE INTO ledger_posting (id, entry_id, account_id, debit, credit, code) VALUES (%s,%s,%s,%s,%s,%s)"
    with pytest.raises(DatabaseError, match="rows are facts"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    assert stored("ledger_posting") == before


def test_an_upsert_cannot_change_a_fact() -> None:
    before = stored("ledger_journalentry")
    entry = JournalEntry.objects.get()
    entry.narrative = "Rewritten"
    columns = ["id"] if connection.features.supports_update_conflicts_with_target else None
    with pytest.raises(DatabaseError, match="rows are facts"), transaction.atomic():
        JournalEntry.objects.bulk_create(
            [entry], update_conflicts=True, update_fields=["narrative"], unique_fields=columns
        )
    assert stored("ledger_journalentry") == before

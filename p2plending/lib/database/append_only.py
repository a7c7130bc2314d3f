"""Facts: rows that are written once. The model refuses changes, and triggers in the database refuse them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from django.db import migrations, models
from django.db.backends.base.base import BaseDatabaseWrapper

# Every table that holds facts; the test suite lifts their triggers while it empties the database.
APPEND_ONLY_TABLES = ("accounts_auditevent", "ledger_journalentry", "ledger_posting")


class AppendOnlyError(RuntimeError):
    """Somebody tried to change a fact. A bug, not a refusal."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are facts and are never changed.")

    def delete(self) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are facts and are never deleted.")


class AppendOnlyModel(models.Model):
    """A row that is written once."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnlyError(f"{type(self).__name__} rows are facts and are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{type(self).__name__} rows are facts and are never deleted.")


def _create_statements(vendor: str, table: str) -> list[str]:
    statements = []
    for action in ("UPDATE", "DELETE"):
        name = f"{table}_no_{action.lower()}"
        message = f"{table} rows are facts: no {action}"
        if vendor == "mysql":
            refusal = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{message}'"
            statements.append(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW {refusal}")
        else:
            refusal = f"SELECT RAISE(ABORT, '{message}');"
            statements.append(f"CREATE TRIGGER {name} BEFORE {action} ON {table} BEGIN {refusal} END")
    return statements


def create_triggers(connection: BaseDatabaseWrapper, tables: Sequence[str] = APPEND_ONLY_TABLES) -> None:
    """Make the database refuse UPDATE and DELETE on the tables. REPLACE is refused too (docs/operations.md)."""
    with connection.cursor() as cursor:
        for table in tables:
            for statement in _create_statements(connection.vendor, table):
                cursor.execute(statement)


def drop_triggers(connection: BaseDatabaseWrapper, tables: Sequence[str] = APPEND_ONLY_TABLES) -> None:
    """Lift the protection; only migrations that rebuild a table, and the emptying of a test database, may."""
    with connection.cursor() as cursor:
        for table in tables:
            for action in ("update", "delete"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{action}")


def protect_tables(*tables: str) -> migrations.RunPython:
    """A migration step that makes tables append-only."""
    return migrations.RunPython(
        lambda apps, editor: create_triggers(editor.connection, tables),
        lambda apps, editor: drop_triggers(editor.connection, tables),
    )

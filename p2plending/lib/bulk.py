"""Many rows in few statements, without the price of a model instance each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

from p2plending.lib.db import require_transaction

ROWS_PER_STATEMENT = 5_000


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert plain tuples; `columns` are database column names. Values must already be what the driver takes."""
    require_transaction()
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    names = ", ".join(quote(column) for column in columns)
    places = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - names of our own schema
    with connection.cursor() as cursor:
        for part in _parts(rows):
            cursor.executemany(statement, part)


def _parts(rows: Sequence[Sequence[Any]]) -> Iterable[list[tuple[Any, ...]]]:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        yield [tuple(row) for row in rows[start : start + ROWS_PER_STATEMENT]]

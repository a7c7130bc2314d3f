"""Many rows in few statements, without the price of a model instance each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.db.models.constants import OnConflict

from p2plending.lib.db import require_transaction

ROWS_PER_STATEMENT = 5_000


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert plain tuples; `columns` are database column names. Values must already be what the driver takes."""
    require_transaction()
    table = quote_name(model._meta.db_table)
    names = ", ".join(quote_name(column) for column in columns)
    places = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {table} ({names}) VALUES "  # noqa: S608 - names of our own schema
    with connection.cursor() as cursor:
        for part in _parts(rows):
            if connection.vendor == "mysql":
                cursor.execute(statement + _written_out(part, len(columns)))
            else:
                cursor.executemany(f"{statement} ({places})", part)


def _written_out(rows: Sequence[tuple[Any, ...]], width: int) -> str:
    """Rows as SQL. Whole numbers need no quoting, and the driver's way of each value would cost more than the row."""
    quoted: dict[str, str] = {}

    def literal(value: Any) -> Any:
        if value is None:
            return "NULL"
        if type(value) is Decimal and value.is_finite():
            return format(value, "f")
        if type(value) is not str:
            return connection.connection.literal(value).decode()
        if value not in quoted:
            quoted[value] = connection.connection.literal(value).decode()
        return quoted[value]

    row_of = f"({', '.join(['%s'] * width)})"
    return ", ".join(row_of % tuple([value if type(value) is int else literal(value) for value in row]) for row in rows)


def insert_if_new(model: type[models.Model], values: Mapping[str, Any]) -> bool:
    """Insert one row unless its unique key is there already; says whether it was inserted. One statement.

    Somebody else's row that is not committed yet is waited for. The database may cut values that are too long
    instead of refusing them, so their lengths are checked here. Raises ValueError for one that does not fit.
    """
    require_transaction()
    fields = [model._meta.get_field(name) for name in values]
    for field, value in zip(fields, values.values(), strict=True):
        if field.max_length and len(value) > field.max_length:
            raise ValueError(f"{field.name} is longer than {field.max_length}.")
    columns = ", ".join(quote_name(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    insert = connection.ops.insert_statement(on_conflict=OnConflict.IGNORE)
    row = [field.get_db_prep_save(value, connection) for field, value in zip(fields, values.values(), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(f"{insert} {quote_name(model._meta.db_table)} ({columns}) VALUES ({places})", row)
        return cursor.rowcount == 1


def update_from(
    model: type[models.Model],
    *,
    source: str,
    parameters: Sequence[Any],
    match: str,
    values: Mapping[str, str],
) -> int:
    """Write columns of many rows from a SELECT in one statement; returns how many rows matched.

    `source` is the SELECT, whose column `match` holds primary keys of the model; `values` maps columns to SQL
    expressions over `target` (the row) and `source`. All names must be our own, never somebody's input.
    """
    require_transaction()
    table, key = quote_name(model._meta.db_table), quote_name(model._meta.pk.column)
    is_sqlite = connection.vendor == "sqlite"
    # SQLite takes plain column names on the left, MariaDB needs to know which table they belong to.
    prefix = "" if is_sqlite else "target."
    changes = ", ".join(f"{prefix}{quote_name(column)} = {value}" for column, value in values.items())
    join = f"target.{key} = source.{quote_name(match)}"
    if is_sqlite:
        statement = f"UPDATE {table} AS target SET {changes} FROM ({source}) AS source WHERE {join}"  # noqa: S608 - callers give quoted names
    else:
        statement = f"UPDATE {table} AS target JOIN ({source}) AS source ON {join} SET {changes}"  # noqa: S608 - callers give quoted names
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def quote_name(name: str) -> str:
    """A table or column name as the database wants it."""
    return connection.ops.quote_name(name)


def _parts(rows: Sequence[Sequence[Any]]) -> Iterable[list[tuple[Any, ...]]]:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        yield [tuple(row) for row in rows[start : start + ROWS_PER_STATEMENT]]

"""Many rows in few statements, without the price of a model instance each."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.constants import OnConflict

from p2plending.lib.db import require_transaction

ModelRow = TypeVar("ModelRow", bound=models.Model)

ROWS_PER_STATEMENT = 5_000
# What every driver takes as it is; a lazy translation is neither.
PLAIN_TYPES = (str, int, type(None))


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert plain tuples; `columns` are database column names. Values must already be what the driver takes."""
    require_transaction()
    table = quote_name(model._meta.db_table)
    names = ", ".join(quote_name(column) for column in columns)
    places = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {table} ({names}) VALUES "  # noqa: S608 - names of our own schema
    database = connections[DEFAULT_DB_ALIAS]
    for part in _parts(rows):
        if database.vendor == "mysql":
            database.run_later(statement + _written_out(part, len(columns), database.connection.literal))
        else:
            with database.cursor() as cursor:
                cursor.executemany(f"{statement} ({places})", part)


def _written_out(rows: Sequence[tuple[Any, ...]], width: int, literal_of: Callable[[Any], bytes]) -> str:
    """Rows as SQL. Whole numbers need no quoting, and the driver's way of each value would cost more than the row."""
    quoted: dict[str, str] = {}

    def literal(value: Any) -> Any:
        if value is None:
            return "NULL"
        if type(value) is Decimal and value.is_finite():
            return format(value, "f")
        if type(value) is not str:
            return literal_of(value).decode()
        if value not in quoted:
            quoted[value] = literal_of(value).decode()
        return quoted[value]

    row_of = f"({', '.join(['%s'] * width)})"
    return ", ".join(row_of % tuple([value if type(value) is int else literal(value) for value in row]) for row in rows)


def insert_row(row: ModelRow) -> ModelRow:
    """Insert one new instance as `save()` would, at a third of its price: the statement is put together only once.

    It sends no signals and takes no expressions. Returns the instance with its primary key. Raises ValueError (a bug)
    when it has one already.
    """
    require_transaction()
    if row.pk is not None:
        raise ValueError(f"{type(row).__name__} {row.pk} is in the database already.")
    fields, statement = _insert_of(type(row), None)
    database = connections[DEFAULT_DB_ALIAS]
    values = [
        value
        if is_plain and type(value := getattr(row, field.attname)) in PLAIN_TYPES
        else field.get_db_prep_save(field.pre_save(row, add=True), database)
        for field, is_plain in fields
    ]
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        row.pk = cursor.lastrowid
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


def insert_if_new(model: type[models.Model], values: Mapping[str, Any]) -> int | None:
    """Insert one row unless its unique key is there already; returns its primary key, or None. One statement.

    Somebody else's row that is not committed yet is waited for. The database may cut values that are too long
    instead of refusing them, so their lengths are checked here. Raises ValueError for one that does not fit.
    """
    require_transaction()
    fields, statement = _insert_of(model, tuple(values), OnConflict.IGNORE)
    database = connections[DEFAULT_DB_ALIAS]
    row = []
    for (field, is_plain), value in zip(fields, values.values(), strict=True):
        if field.max_length and len(value) > field.max_length:
            raise ValueError(f"{field.name} is longer than {field.max_length}.")
        row.append(value if is_plain and type(value) in PLAIN_TYPES else field.get_db_prep_save(value, database))
    with database.cursor() as cursor:
        cursor.execute(statement, row)
        return cursor.lastrowid if cursor.rowcount == 1 else None


@functools.cache
def _insert_of(
    model: type[models.Model], names: tuple[str, ...] | None, on_conflict: OnConflict | None = None
) -> tuple[list[tuple[models.Field[Any, Any], bool]], str]:
    """The fields that are named, or all but the primary key, and the statement that inserts one row of them.

    With each field, whether its plain values go to the driver as they are.
    """
    options = model._meta
    fields = [field for field in options.concrete_fields if not field.primary_key]
    if names is not None:
        fields = [options.get_field(name) for name in names]
    columns = ", ".join(quote_name(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    insert = connection.ops.insert_statement(on_conflict=on_conflict)
    statement = f"{insert} {quote_name(options.db_table)} ({columns}) VALUES ({places})"
    return [(field, _is_plain(field)) for field in fields], statement


def _is_plain(field: models.Field[Any, Any]) -> bool:
    """Text or whole numbers, with no preparation of the field's own."""
    own, base = type(field), models.Field
    return (
        own.get_prep_value in (models.CharField.get_prep_value, models.IntegerField.get_prep_value)
        and own.get_db_prep_value in (base.get_db_prep_value, models.IntegerField.get_db_prep_value)
        and (own.get_db_prep_save, own.pre_save) == (base.get_db_prep_save, base.pre_save)
    )


def write_numbers(model: type[models.Model], columns: Sequence[str], rows: Mapping[int, Sequence[int]]) -> None:
    """Write whole numbers into columns of rows given by primary key: one statement for every 5,000 rows.

    The rows must be ones that this transaction has locked or inserted.
    """
    require_transaction()
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        part = sorted(rows)[start : start + ROWS_PER_STATEMENT]
        _write_part(model, columns, {pk: rows[pk] for pk in part})


def _write_part(model: type[models.Model], columns: Sequence[str], rows: Mapping[int, Sequence[int]]) -> None:
    """One statement of `write_numbers`; the keys are in ascending order."""
    table, key = quote_name(model._meta.db_table), quote_name(model._meta.pk.column)
    keys = ", ".join(map(str, rows))
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "mysql":
        # A binary search among the keys, then a look-up: CASE would try one key after the other for every row.
        values = [", ".join([str(row[place]) for row in rows.values()]) for place in range(len(columns))]
        changes = ", ".join(
            f"{quote_name(name)} = ELT(INTERVAL({key}, {keys}), {listed})"
            for name, listed in zip(columns, values, strict=True)
        )
        database.run_later(f"UPDATE {table} SET {changes} WHERE {key} IN ({keys})")  # noqa: S608 - names and numbers of ours
        return
    listed = ", ".join(f"({pk}, {', '.join(map(str, row))})" for pk, row in rows.items())
    changes = ", ".join(f"{quote_name(name)} = source.column{place}" for place, name in enumerate(columns, start=2))
    with database.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {changes} FROM (VALUES {listed}) AS source WHERE {key} = source.column1")  # noqa: S608 - names and numbers of ours


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


@functools.cache
def quote_name(name: str) -> str:
    """A table or column name as the database wants it."""
    return connection.ops.quote_name(name)


def _parts(rows: Sequence[Sequence[Any]]) -> Iterable[list[tuple[Any, ...]]]:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        yield [tuple(row) for row in rows[start : start + ROWS_PER_STATEMENT]]

"""Many rows in few statements, without the price of a model instance each."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.base import ModelState
from django.utils import timezone

from p2plending.lib.database.transactions import DUPLICATE_KEY_ERROR, require_transaction

if TYPE_CHECKING:
    # Needs the driver, which a site on SQLite may lack.
    from p2plending.lib.database.mysql.base import DatabaseWrapper

ModelRow = TypeVar("ModelRow", bound=models.Model)

ROWS_PER_STATEMENT = 5_000


class DuplicateKey(Exception):
    """The unique key of a row that must be new is in the database already; the transaction can only be rolled back.

    Not one of the database's errors, so that nobody on the way takes it for one of their own or tries again.
    """


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert plain tuples; `columns` are database column names. Values must already be what the driver takes."""
    database = require_transaction()
    statement = _insert_into(model, tuple(columns))
    for part in _parts(rows):
        if database.vendor == "mysql":
            _run(database, statement + _written_out(part, database))
        else:
            with database.cursor() as cursor:
                cursor.executemany(f"{statement}({', '.join(['%s'] * len(columns))})", part)


def insert_row(model: type[models.Model], values: Mapping[str, Any], *, must_be_new: bool = False) -> int:
    """Insert one row of values by column and return its primary key. It sends no signals and takes no defaults.

    With `must_be_new` a row whose unique key is there already raises DuplicateKey. Somebody else's row that is not
    committed yet is waited for.
    """
    database = require_transaction()
    statement = _insert_into(model, tuple(values))
    try:
        if database.vendor == "mysql":
            return _run(database, statement + _written_out([values.values()], database))
        row = [database.ops.adapt_unknown_value(value) for value in values.values()]
        with database.cursor() as cursor:
            cursor.execute(f"{statement}({', '.join(['%s'] * len(row))})", row)
            new: int = cursor.lastrowid
            return new
    except IntegrityError as error:
        if must_be_new and (error.args[0] == DUPLICATE_KEY_ERROR or "UNIQUE constraint failed" in str(error)):
            database.needs_rollback = True
            raise DuplicateKey(statement) from error
        raise


def as_read(model: type[ModelRow], pk: int, values: Mapping[str, Any]) -> ModelRow:
    """The instance of a row whose columns, all but the primary key, were given to `insert_row`.

    As Django does it for a pickled instance: without `__init__`, whose signals nobody hears.
    """
    instance = model.__new__(model)
    instance._state = ModelState()
    instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS
    instance.__dict__.update(values, **{model._meta.pk.attname: pk})
    return instance


@functools.cache
def _insert_into(model: type[models.Model], columns: tuple[str, ...]) -> str:
    """The statement that inserts rows, up to their values."""
    names = ", ".join(map(quote_name, columns))
    return f"INSERT INTO {quote_name(model._meta.db_table)} ({names}) VALUES "  # noqa: S608 - names of our own schema


class _Literals(dict[Any, str]):
    """Values as SQL. The driver's way of each would cost more than the row, so texts are remembered."""

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        super().__init__({None: "NULL"})
        self.database = database

    def __missing__(self, value: Any) -> str:
        if type(value) is str:
            literal: str = self.database.connection.string_literal(value).decode()
            self[value] = literal
            return literal
        if type(value) is Decimal and value.is_finite():
            return format(value, "f")
        if type(value) is dt.datetime:
            # As Django stores a time, without asking for the settings of each.
            return f"'{timezone.make_naive(value, self.database.timezone)}'"
        written: str = self.database.connection.literal(value).decode()
        return written


def _written_out(rows: Sequence[Collection[Any]], database: BaseDatabaseWrapper) -> str:
    """Rows as SQL. Whole numbers need no quoting."""
    literals = _Literals(database)
    row_of = f"({', '.join(['%s'] * len(rows[0]))})"
    written = [row_of % tuple([value if type(value) is int else literals[value] for value in row]) for row in rows]
    return ", ".join(written)


def write_numbers(model: type[models.Model], columns: Sequence[str], rows: Mapping[int, Sequence[int]]) -> None:
    """Write whole numbers into columns of rows given by primary key: one statement for every 5,000 rows.

    The rows must be ones that this transaction has locked or inserted.
    """
    database = require_transaction()
    ordered = sorted(rows)
    for start in range(0, len(ordered), ROWS_PER_STATEMENT):
        keys = ordered[start : start + ROWS_PER_STATEMENT]
        _write_part(database, model, columns, keys, [rows[key] for key in keys])


def _write_part(
    database: BaseDatabaseWrapper,
    model: type[models.Model],
    columns: Sequence[str],
    keys: Sequence[int],
    rows: Sequence[Sequence[int]],
) -> None:
    """One statement of `write_numbers`; the keys are in ascending order."""
    table, key = quote_name(model._meta.db_table), quote_name(model._meta.pk.column)
    if database.vendor == "mysql":
        # A binary search among the keys, then a look-up: CASE would try one key after the other for every row.
        listed = ", ".join(map(str, keys))
        changes = [
            f"{quote_name(name)} = ELT(INTERVAL({key}, {listed}), {', '.join(map(str, values))})"
            for name, values in zip(columns, zip(*rows, strict=True), strict=True)
        ]
        _run(database, f"UPDATE {table} SET {', '.join(changes)} WHERE {key} IN ({listed})")  # noqa: S608 - names and numbers of ours
        return
    listed = ", ".join(f"({pk}, {', '.join(map(str, row))})" for pk, row in zip(keys, rows, strict=True))
    sources = ", ".join(f"{quote_name(name)} = source.column{place}" for place, name in enumerate(columns, start=2))
    with database.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {sources} FROM (VALUES {listed}) AS source WHERE {key} = source.column1")  # noqa: S608 - names and numbers of ours


def fetch_rows(database: BaseDatabaseWrapper, statement: str) -> Iterable[tuple[Any, ...]]:
    """All rows of a SELECT inside a transaction; its values are written out and nobody's input."""
    if _is_unwatched(database):
        return database.run(statement)[1]
    with database.cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _is_unwatched(database: BaseDatabaseWrapper) -> TypeGuard[DatabaseWrapper]:
    """Whether a statement may go to the driver without a cursor, which costs more than a short statement.

    On MariaDB and MySQL, unless statements are logged or wrapped.
    """
    return database.vendor == "mysql" and not database.queries_logged and not database.execute_wrappers


def _run(database: BaseDatabaseWrapper, statement: str) -> int:
    """Run a write whose values are written out; returns the primary key of the first row that it inserted."""
    if _is_unwatched(database):
        return database.run(statement)[0]
    with database.cursor() as cursor:
        cursor.execute(statement)
        new: int = cursor.lastrowid
        return new


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
        matched: int = cursor.rowcount
        return matched


@functools.cache
def quote_name(name: str) -> str:
    """A table or column name as the database wants it."""
    quoted: str = connection.ops.quote_name(name)
    return quoted


def _parts(rows: Sequence[Sequence[Any]]) -> Iterable[list[tuple[Any, ...]]]:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        yield [tuple(row) for row in rows[start : start + ROWS_PER_STATEMENT]]

"""Many rows, few statements."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Max, Min
from pytest_django import DjangoAssertNumQueries

from accounts.models import OperationKey
from p2plending.lib import clock
from p2plending.lib.database import bulk
from p2plending.lib.database.bulk import DuplicateKey, as_read, insert_row, insert_rows, write_numbers

COLUMNS = ("scope", "operation", "key", "fingerprint", "result_id", "created_at")


def rows(number: int) -> list[tuple]:
    return [("system", "test", f"key-{n}", "f", n, "2026-01-15 00:00:00") for n in range(number)]


@pytest.mark.django_db(transaction=True)
def test_rows_need_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="run_money"):
        insert_rows(OperationKey, COLUMNS, rows(1))
    assert OperationKey.objects.count() == 0


@pytest.mark.django_db
def test_every_row_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "ROWS_PER_STATEMENT", 10)
    with transaction.atomic():
        insert_rows(OperationKey, COLUMNS, rows(25))
    assert OperationKey.objects.aggregate(first=Min("result_id"), last=Max("result_id")) == {"first": 0, "last": 24}
    assert OperationKey.objects.count() == 25


@pytest.mark.django_db
def test_no_rows_are_no_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with transaction.atomic(), django_assert_num_queries(0):
        insert_rows(OperationKey, COLUMNS, [])


def stored(key: str) -> tuple:
    return OperationKey.objects.values_list("scope", "fingerprint", "result_id").get(key=key)


def values_of(key: str, fingerprint: str = "f", result_id: int | None = None) -> dict[str, Any]:
    """The columns of a row but for its primary key."""
    return {
        "scope": "system",
        "operation": "test",
        "key": key,
        "fingerprint": fingerprint,
        "result_id": result_id,
        "created_at": clock.now(),
    }


@pytest.mark.django_db
def test_an_inserted_row_is_what_save_would_have_written() -> None:
    values = values_of("né 100% ; '", result_id=7)
    with transaction.atomic():
        row = as_read(OperationKey, insert_row(OperationKey, values), values)
    assert OperationKey.objects.get().created_at == row.created_at
    assert (OperationKey.objects.get().pk, *stored("né 100% ; '")) == (row.pk, "system", "f", 7)
    row.fingerprint = "g"
    row.save()
    assert stored("né 100% ; '") == ("system", "g", 7)


@pytest.mark.django_db
def test_a_row_that_must_be_new_leaves_the_one_that_is_there() -> None:
    with transaction.atomic():
        insert_row(OperationKey, values_of("k"), must_be_new=True)
    with pytest.raises(DuplicateKey), transaction.atomic():
        insert_row(OperationKey, values_of("k", "other"), must_be_new=True)
    assert stored("k") == ("system", "f", None)


@pytest.mark.django_db
def test_a_row_that_is_there_is_an_error_when_nobody_asked_for_a_new_one() -> None:
    with transaction.atomic():
        insert_row(OperationKey, values_of("k"))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_row(OperationKey, values_of("k", "other"))
    assert stored("k") == ("system", "f", None)


@pytest.mark.django_db
@pytest.mark.parametrize("number", [0, 1, 2, 40])
def test_numbers_reach_the_rows_they_are_for_and_no_other(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(bulk, "ROWS_PER_STATEMENT", 30)
    with transaction.atomic():
        insert_rows(OperationKey, COLUMNS, rows(number + 2))
        ids = list(OperationKey.objects.order_by("-pk").values_list("pk", flat=True))
        changed = ids[1 : number + 1]
        write_numbers(OperationKey, ("result_id",), {pk: (-place,) for place, pk in enumerate(changed, start=1)})
    found = dict(OperationKey.objects.values_list("pk", "result_id"))
    assert [found[pk] for pk in changed] == [-place for place in range(1, number + 1)]
    assert [found[pk] for pk in ids if pk not in changed] == [number + 1, 0]

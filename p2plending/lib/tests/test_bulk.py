"""Many rows, few statements."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.db.models import Max, Min
from pytest_django import DjangoAssertNumQueries

from accounts.models import OperationKey
from p2plending.lib import bulk
from p2plending.lib.bulk import insert_rows

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

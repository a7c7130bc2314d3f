"""Emptying a database that refuses to lose facts.

Tests with `@pytest.mark.django_db(transaction=True)` end with a flush, which the triggers on facts refuse. Imported by
the cast, so that such a test needs nothing more than its marker.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import TransactionTestCase

from p2plending.lib.database.append_only import create_triggers, drop_triggers


@contextmanager
def triggers_lifted() -> Iterator[None]:
    """Facts can be changed inside the block: to empty a test database, or to break it on purpose."""
    drop_triggers(connection)
    try:
        yield
    finally:
        create_triggers(connection)


@pytest.fixture(scope="session", autouse=True)
def facts_can_be_emptied() -> Iterator[None]:
    """Every flush between tests runs with the triggers lifted.

    Each tests folder that imports the cast has this fixture of its own; the first one does it for all.
    """
    flush = TransactionTestCase._fixture_teardown
    if getattr(flush, "lifts_triggers", False):
        yield
        return

    def flush_facts(case: TransactionTestCase) -> None:
        with triggers_lifted():
            flush(case)

    flush_facts.lifts_triggers = True
    TransactionTestCase._fixture_teardown = flush_facts
    yield
    TransactionTestCase._fixture_teardown = flush

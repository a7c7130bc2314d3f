"""The demo world as `make run` makes it, made once for the tests of a session that look at it.

    def test_of_the_world(demo_world: DemoWorld) -> None: ...

On SQLite a copy of the database is kept and given to each test; on a server each test makes its own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from loans.models import Loan
from p2plending.demo.world import plan_of_world

CUT_AFTER_DAYS = 150


class PowerCut(Exception):
    """The run that makes the world ends in the middle of a day."""


@dataclasses.dataclass(frozen=True)
class DemoWorld:
    """What was printed, when it was made, and the loans that were paid out before the first run was cut short."""

    output: str
    opens_on: dt.date
    first_day: dt.date
    paid_out_before_the_cut: frozenset[str]


class Kept:
    """The world of this session, once it is made: what is known of it, and the copy of its database."""

    world: DemoWorld | None = None
    copy: sqlite3.Connection | None = None


def run_demo(**options: int) -> str:
    """`manage.py demo`; returns what it printed."""
    output = io.StringIO()
    call_command("demo", stdout=output, **options)
    return output.getvalue()


def make_world_in_two_runs() -> DemoWorld:
    """The world of `manage.py demo`, whose first run is cut short."""
    days = []

    def tick(_progress: object, text: str) -> None:
        days.append(text)
        if len(days) == CUT_AFTER_DAYS:
            raise PowerCut

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("p2plending.management.commands.demo.Progress.tick", tick)
        with pytest.raises(PowerCut):
            run_demo()
    paid_out = Loan.objects.filter(disbursed_on__isnull=False).values_list("reference", flat=True)
    before = frozenset(paid_out)
    output = run_demo()
    plan = plan_of_world()
    return DemoWorld(output, plan.opens_on, plan.first_day, before)


@pytest.fixture(scope="session")
def private_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the documents of the world's people are."""
    return tmp_path_factory.mktemp("private")


@pytest.fixture
def demo_mode(settings: LazySettings, private_folder: Path) -> None:
    settings.DEMO_MODE = True
    # As its setting is in the demo unless somebody turns it on.
    settings.STAFF_SECOND_STEP = False
    settings.PRIVATE_DIR = private_folder


@pytest.fixture
def demo_world(transactional_db: None, demo_mode: None) -> Iterator[DemoWorld]:
    """The world on the day of its opening."""
    if Kept.copy is None:
        Kept.world = make_world_in_two_runs()
        if connection.vendor == "sqlite":
            Kept.copy = sqlite3.connect(":memory:", check_same_thread=False)
            connection.connection.backup(Kept.copy)
    else:
        connection.ensure_connection()
        Kept.copy.backup(connection.connection)
    cache.clear()
    yield Kept.world
    cache.clear()

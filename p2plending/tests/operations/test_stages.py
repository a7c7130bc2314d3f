"""Which tests each stage of `make test` leaves out, and that it says so."""

from __future__ import annotations

import subprocess
import sys

from django.conf import settings

MONEY = "p2plending/lib/tests/test_money.py"
PAGES = "p2plending/tests/browser/test_browser_pages.py"
DEPOSITS = "ledger/tests/test_deposits.py"


def collect(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "p2plending.tests.support.stages",
        "--collect-only",
        "-q",
        *arguments,
    ]
    return subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120, check=False)


LIVES = "loans/tests/servicing/lives/test_lives.py"
FUNDING = "loans/tests/test_funding.py"


def test_the_server_runs_what_depends_on_it_and_counts_the_rest_by_reason() -> None:
    told = collect("--stage", "server", MONEY, PAGES, DEPOSITS, FUNDING).stdout

    assert f"{DEPOSITS}::" in told
    assert f"{FUNDING}::" in told
    assert f"{MONEY}::" not in told
    assert f"{PAGES}::" not in told
    assert "Left out, because they are marked one_database: 1\n" in told
    assert "Left out, because they open no database: " in told


def test_sqlite_runs_the_rest_and_the_books_and_lives_too() -> None:
    told = collect("--stage", "sqlite", MONEY, PAGES, DEPOSITS, FUNDING, LIVES).stdout

    assert all(f"{name}::" in told for name in (MONEY, PAGES, DEPOSITS, LIVES))
    assert f"{FUNDING}::" not in told
    assert "Left out, because the server stage runs them: " in told


def test_nothing_left_to_ask_of_the_server_is_no_failure() -> None:
    outcome = collect("--stage", "server", MONEY)

    assert outcome.returncode == 0
    assert "no tests collected" in outcome.stdout


def test_without_a_stage_everything_runs_and_files_with_slow_tests_come_first() -> None:
    told = collect(DEPOSITS, MONEY, PAGES).stdout

    assert told.index(PAGES) < told.index(DEPOSITS) < told.index(MONEY)
    assert "Left out" not in told

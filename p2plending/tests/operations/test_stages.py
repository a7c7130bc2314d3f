"""What the second database is spared, and that it is told."""

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


def test_a_second_database_is_asked_only_what_it_can_change_and_the_rest_is_counted_by_reason() -> None:
    told = collect("--second-database", MONEY, PAGES, DEPOSITS).stdout

    assert f"{DEPOSITS}::" in told
    assert f"{MONEY}::" not in told
    assert f"{PAGES}::" not in told
    assert "Left out, because another database ran them and they are marked one_database: 1\n" in told
    assert "Left out, because another database ran them and they open no database: " in told


def test_nothing_left_to_ask_of_a_second_database_is_no_failure() -> None:
    outcome = collect("--second-database", MONEY)

    assert outcome.returncode == 0
    assert "no tests collected" in outcome.stdout


def test_the_first_database_is_asked_everything_and_files_with_slow_tests_come_first() -> None:
    told = collect(DEPOSITS, MONEY, PAGES).stdout

    assert told.index(PAGES) < told.index(DEPOSITS) < told.index(MONEY)
    assert "Left out" not in told

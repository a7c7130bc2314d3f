"""A pytest plugin of `make test`: which file comes first, and what runs over one database only.

    python -m pytest -p p2plending.tests.support.stages --second-database

What is left out is counted by its reason and told at the end of the run.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

# Whoever asks for one of these reads or writes a database.
DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}
NO_DATABASE = "they open no database"
SAME_OVER_ANY = "they are marked one_database"
LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--second-database",
        action="store_true",
        help="the suite ran over another database: leave out what this one can't change",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = Counter()


def reason_to_leave_out(item: pytest.Item) -> str:
    """Say why another database can't change what this test finds; empty when it can."""
    if item.get_closest_marker("mariadb"):
        return ""
    if item.get_closest_marker("one_database"):
        return SAME_OVER_ANY
    if item.get_closest_marker("django_db") or DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ())):
        return ""
    return NO_DATABASE


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files with slow tests first: nobody waits for one of them when everything else is done."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    if not config.getoption("--second-database"):
        return
    reasons = {item: reason_to_leave_out(item) for item in items}
    left_out = [item for item in items if reasons[item]]
    config.stash[LEFT_OUT] = Counter(reasons[item] for item in left_out)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not reasons[item]]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    left_out = session.config.stash[LEFT_OUT]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(left_out)
    elif exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and left_out:
        # Everything that was asked for ran in the stage before.
        session.exitstatus = pytest.ExitCode.OK


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # Each worker collects everything, so one of them speaks for all.
    node.config.stash[LEFT_OUT] = Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for reason, count in sorted(config.stash[LEFT_OUT].items()):
        terminalreporter.write_line(f"Left out, because another database ran them and {reason}: {count}")

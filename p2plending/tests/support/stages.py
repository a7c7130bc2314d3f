"""A pytest plugin of `make test`: which file comes first, and which database each test runs on.

    python -m pytest -p p2plending.tests.support.stages --stage sqlite
    python -m pytest -p p2plending.tests.support.stages --stage server

Both stages together run every test: what depends on the database on the server, as in production, and the rest on
SQLite, with the books (`ON_BOTH`). Without `--stage` everything runs. What is left out is counted by its reason and
reported at the end of the run.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

# Whoever asks for one of these reads or writes a database.
DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}
SQLITE, SERVER = "sqlite", "server"
NO_DATABASE = "they open no database"
SAME_OVER_ANY = "they are marked one_database"
RUN_ON_SERVER = "the server stage runs them"
# What both databases must do alike: the books, what is written through the database layer, and whole lives of loans.
ON_BOTH = (
    "ledger/tests/",
    "p2plending/lib/tests/",
    "loans/tests/servicing/lives/",
    "accounts/tests/test_idempotency.py",
)
# These files look at one demo world, which takes a minute and more to make: one process makes it for both.
TOGETHER = {
    "p2plending/tests/test_demo.py": "the demo world",
    "p2plending/tests/test_demo_lives.py": "the demo world",
}
LEFT_OUT = pytest.StashKey[Counter[str]]()


class FilesTogether(LoadFileScheduling):
    """Each file to one process, and files that share what is expensive to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return TOGETHER.get(file, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesTogether:
    return FilesTogether(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stage", choices=(SQLITE, SERVER), help="leave out what the other stage of `make test` runs")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = Counter()


def reason_for_sqlite_alone(item: pytest.Item) -> str:
    """Say why a server can't change what this test finds; empty when it can."""
    if item.get_closest_marker("mariadb"):
        return ""
    if item.get_closest_marker("one_database"):
        return SAME_OVER_ANY
    if item.get_closest_marker("django_db") or DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ())):
        return ""
    return NO_DATABASE


def reason_to_leave_out(item: pytest.Item, stage: str | None) -> str:
    """Say why a stage leaves a test out; empty when it runs it."""
    if stage == SERVER:
        return reason_for_sqlite_alone(item)
    if stage == SQLITE and not reason_for_sqlite_alone(item) and not item.nodeid.startswith(ON_BOTH):
        return RUN_ON_SERVER
    return ""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The demo world and files with slow tests first: nobody waits for one of them when everything else is done."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.nodeid.split("::", 1)[0] not in TOGETHER, item.path not in slow))
    reasons = {item: reason_to_leave_out(item, config.getoption("--stage")) for item in items}
    left_out = [item for item in items if reasons[item]]
    if left_out:
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
        terminalreporter.write_line(f"Left out, because {reason}: {count}")

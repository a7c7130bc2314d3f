"""`make test`: lint, contracts, checks, then the suite on SQLite and what needs a database on a MariaDB of our own."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from p2plending.lib.processes import StopRequested, end_process, ignore_further_signals, stop_on_signals
from p2plending.scripts.console import CannotContinue, say, stop_with, warn
from p2plending.scripts.environment import DEVELOPMENT, ROOT, VENV_PYTHON, prepare_environment, random_field_key
from p2plending.scripts.format_code import TOOLS, installed
from p2plending.scripts.machine.system_parts import (
    browser_packages,
    install_command,
    install_packages,
    mysqlclient_packages,
)
from p2plending.scripts.mariadb import require_server, roomy_folder, temporary_server
from p2plending.scripts.run_cluster_test import require_cluster_parts

BIN = VENV_PYTHON.parent
NOTHING_COLLECTED = 5
STOP_SECONDS = 20
# How long the hot run of the cluster takes in the suite; `make test-cluster` takes a minute.
CLUSTER_SECONDS = "15"
# Two processes: tests wait for disks and browsers often enough that more would only take turns. The plugin puts files
# with slow tests first; the order by number of tests would keep a file with one long test for the end.
PARALLEL = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-p", "p2plending.tests.support.stages")


@dataclass(frozen=True, slots=True)
class StageResult:
    """What came of one stage."""

    name: str
    outcome: str
    seconds: float = 0.0
    failed_tests: tuple[str, ...] = ()

    @property
    def is_failure(self) -> bool:
        """Say whether this stage makes the whole run fail."""
        return self.outcome.startswith("FAILED")


@dataclass(frozen=True, slots=True)
class Beside:
    """A stage that runs while others do."""

    name: str
    process: subprocess.Popen[bytes]
    output: TextIO
    started: float


class SuiteRun:
    """Runs stages one after the other, keeps going after a failure, and remembers what happened."""

    def __init__(self, *, scratch: Path, in_ci: bool) -> None:
        self.scratch = scratch
        self.in_ci = in_ci
        self.results: list[StageResult] = []
        self.beside: Beside | None = None
        # The developer's own .env must not decide what the tests see; parallel checkouts must not share files.
        self.environment = {name: value for name, value in os.environ.items() if name not in OWN_SETTINGS}
        self.environment |= {"ENV_FILE": os.devnull, "VAR_DIR": str(scratch / "var"), "PYTHONUNBUFFERED": "1"}
        self.environment |= {"SECRET_KEY": secrets.token_urlsafe(50), "FIELD_KEYS": random_field_key()}

    def stage(self, name: str, command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        """Run one command as a stage with its output on the terminal."""
        say(f"\n--- {name}")
        started = time.monotonic()
        code = self.run(command, {**self.environment, **(environment or {})})
        outcome = "passed" if code == 0 else f"FAILED (exit code {code})"
        if code == NOTHING_COLLECTED and "pytest" in command:
            outcome = "FAILED (no test was selected)"
        self.results.append(StageResult(name, outcome, time.monotonic() - started, self.failed_tests()))

    def begin(self, name: str, command: Sequence[str]) -> None:
        """Start a stage beside those that follow; its output waits for `finish`."""
        output = (self.scratch / "beside.log").open("w+", encoding="utf-8", errors="replace")
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=self.environment,
            start_new_session=True,
        )
        self.beside = Beside(name, process, output, time.monotonic())

    def finish(self) -> None:
        """Wait for the stage that was begun, and put its output on the terminal."""
        if self.beside is None:
            return
        stage, self.beside = self.beside, None
        code = stage.process.wait()
        seconds = time.monotonic() - stage.started
        stage.output.seek(0)
        say(f"\n--- {stage.name}\n{stage.output.read().rstrip()}")
        stage.output.close()
        self.results.append(StageResult(stage.name, "passed" if code == 0 else f"FAILED (exit code {code})", seconds))

    def abandon(self) -> None:
        """End the stage that was begun, when the run ends before it."""
        if self.beside is not None:
            end_process(self.beside.process, patience_seconds=STOP_SECONDS)

    def failed_tests(self) -> tuple[str, ...]:
        """Return the tests that failed in the last stage, as pytest remembers them, and forget them."""
        memory = self.scratch / "cache" / "v" / "cache" / "lastfailed"
        if not memory.exists():
            return ()
        failed = tuple(sorted(json.loads(memory.read_text(encoding="utf-8"))))
        memory.unlink()
        return failed

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run one command to its end; when we are told to stop, it ends first."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment, start_new_session=True)
        try:
            return process.wait()
        finally:
            end_process(process, patience_seconds=STOP_SECONDS)

    def leave_out(self, name: str, problem: str, *, fails_in_ci: bool = True) -> None:
        """Record a stage that can't run here: a failure in CI, unless the machine can't ever, a loud line elsewhere."""
        is_failure = self.in_ci and fails_in_ci
        self.results.append(StageResult(name, f"FAILED ({problem})" if is_failure else f"SKIPPED: {problem}"))
        warn(f"{name} left out. {problem}")

    def summary(self) -> str:
        """Return the closing table."""
        width = max(len(result.name) for result in self.results)
        lines = [f"  {result.name:<{width}}  {result.seconds:7.1f} s  {result.outcome}" for result in self.results]
        # Again at the end: the report of a stage may be thousands of lines further up.
        failed = [f"  {result.name}: {test}" for result in self.results for test in result.failed_tests]
        return "\n".join(["", "Stages:", *lines, *(["", "Failed tests:", *failed] if failed else [])])


# Settings that a developer may have exported for the site, and that tests choose for themselves.
OWN_SETTINGS = {"DATABASE_URL", "DEBUG", "DEMO_MODE", "ALLOWED_HOSTS", "SITE_URL", "HTTPS", "LOG_FORMAT", "LOG_LEVEL"}


def run_static_checks(run: SuiteRun) -> None:
    """Everything that needs no test database."""
    manage = [str(VENV_PYTHON), "manage.py"]
    production = {"HTTPS": "on", "ALLOWED_HOSTS": "lend.example.org", "SITE_URL": "https://lend.example.org"}
    for tool in TOOLS:
        run.stage(tool.name, installed(tool.check))
    run.stage("import contracts", [str(BIN / "lint-imports")])
    run.stage("mypy", [str(BIN / "mypy")])
    run.stage("migrations", [*manage, "makemigrations", "--check", "--dry-run"])
    run.stage("deploy check", [*manage, "check", "--deploy", "--fail-level", "WARNING"], environment=production)


def pytest_command(run: SuiteRun, marks: list[str], arguments: Sequence[str]) -> list[str]:
    """Return the pytest command line for one database, leaving out `marks`."""
    left_out = ["-m", " and ".join(f"not {mark}" for mark in marks)] if marks else []
    memory = ["-o", f"cache_dir={run.scratch / 'cache'}"]
    return [str(VENV_PYTHON), "-m", "pytest", *PARALLEL, *memory, *left_out, *arguments]


def run_suites(run: SuiteRun, arguments: Sequence[str], *, is_fast: bool, is_on_both: bool) -> None:
    """What depends on the database on MariaDB, the rest on a SQLite file; everything on SQLite without a MariaDB."""
    if is_fast:
        run.stage("tests on SQLite", pytest_command(run, ["mariadb", "browser", "slow"], arguments))
        return
    browser = [] if have_browser(run) else ["browser"]
    problem = server_problem(run)
    # Without a server the SQLite stage takes over what it would have run.
    part = [] if problem or is_on_both else ["--stage", "sqlite"]
    run.stage("tests on SQLite", pytest_command(run, ["mariadb", *browser], [*part, *arguments]))
    name = "tests on MariaDB"
    if problem:
        run.leave_out(name, problem)
        return
    with temporary_server() as url:
        command = pytest_command(run, browser, ["--stage", "server", *arguments])
        run.stage(name, command, environment={"DATABASE_URL": url})


def server_problem(run: SuiteRun) -> str:
    """Make sure that a MariaDB can be started; return what stands in the way, or nothing."""
    try:
        if mysqlclient_packages() and not driver_is_installed():
            return f"mysqlclient could not be compiled: {install_command(mysqlclient_packages())}"
        require_server(run.scratch / "apt.log")
    except CannotContinue as problem:
        return str(problem)
    return ""


def run_cluster_stage(run: SuiteRun) -> None:
    """Three database nodes, where root may make networks and apt has what is missing."""
    name = "cluster"
    try:
        require_cluster_parts(run.scratch / "apt.log")
    except CannotContinue as problem:
        run.leave_out(name, str(problem), fails_in_ci=False)
        return
    launcher = [str(VENV_PYTHON), "-m", "p2plending.scripts.run_cluster_test"]
    run.stage(name, [*launcher, "--prepared", "--seconds", CLUSTER_SECONDS])


def have_browser(run: SuiteRun) -> bool:
    """Make sure that Chromium is there; when it can't be, record that browser tests are left out."""
    missing = browser_packages()
    if not missing or install_packages(missing, reason="browser tests need it", log=run.scratch / "apt.log"):
        return True
    run.leave_out("browser tests", f"Chromium is not installed. To run them: {install_command(missing)}")
    return False


def driver_is_installed() -> bool:
    """Say whether mysqlclient can be imported in `.venv`."""
    return subprocess.run([VENV_PYTHON, "-c", "import MySQLdb"], capture_output=True, check=False).returncode == 0


def main() -> None:
    """Run all stages; exit code 1 when any of them failed."""
    parser = argparse.ArgumentParser(prog="make test", description=__doc__, allow_abbrev=False)
    parser.add_argument("--fast", action="store_true", help="SQLite only, without browser and slow tests")
    parser.add_argument("--both", action="store_true", help="on SQLite too what the MariaDB stage runs")
    options, arguments = parser.parse_known_args()
    os.chdir(ROOT)
    stop_on_signals()
    scratch = Path(tempfile.mkdtemp(prefix="p2p-test-", dir=roomy_folder()))
    run = SuiteRun(scratch=scratch, in_ci=os.environ.get("CI", "").lower() in {"1", "true", "yes"})
    try:
        prepare_environment(DEVELOPMENT, log=scratch / "install.log")
        if not options.fast:
            # It waits for disks and for its own parts, and the checks use one core: both together take no longer.
            run.begin("make run in a fresh clone", [str(VENV_PYTHON), "-m", "p2plending.scripts.try_run"])
        run_static_checks(run)
        run.finish()
        run_suites(run, arguments, is_fast=options.fast, is_on_both=options.both)
        if not options.fast and not arguments:
            run_cluster_stage(run)
    except StopRequested:
        stop_with(CannotContinue("Stopped before the end."))
    except CannotContinue as problem:
        stop_with(problem)
    finally:
        ignore_further_signals()
        run.abandon()
        shutil.rmtree(scratch, ignore_errors=True)
    say(run.summary())
    failed = [result.name for result in run.results if result.is_failure]
    if failed:
        stop_with(CannotContinue(f"failed: {', '.join(failed)} (arguments: {shlex.join(arguments) or 'none'})"))
    say("\nAll stages passed." if all(r.outcome == "passed" for r in run.results) else "\nPassed, with parts SKIPPED.")


if __name__ == "__main__":
    main()

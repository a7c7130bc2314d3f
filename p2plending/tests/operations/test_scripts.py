"""The launchers behind `make`: what they refuse, what they write, and that nothing stays behind."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from p2plending.lib.processes import end_process, members_of_session, start_process
from p2plending.scripts.console import CannotContinue
from p2plending.scripts.environment import (
    driver_can_be_installed,
    fingerprint,
    make_venv,
    provide_pdf_libraries,
    read_settings_file,
    run_logged,
    write_settings_file,
)
from p2plending.scripts.machine.system_parts import install_packages, mysqlclient_packages, venv_packages
from p2plending.scripts.machine.timezone_tables import transitions
from p2plending.scripts.run_tests import SuiteRun
from p2plending.scripts.supervise import Program, Supervisor

ROOT = settings.BASE_DIR
PYTHON = sys.executable


def run_site(folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"VAR_DIR": str(folder / "var")} | changes
    command = [PYTHON, "-m", "p2plending.scripts.run_site"]
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No compiler, no headers, no apt, no sudo."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///var/p2plending.sqlite3")


def test_a_taken_port_is_one_line_that_names_another(tmp_path: Path) -> None:
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        occupied.listen()
        port = occupied.getsockname()[1]
        outcome = run_site(tmp_path, PORT=str(port))

    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith(f"ERROR: Port {port} is taken. Choose another: PORT=")
    assert len(outcome.stderr.splitlines()) == 1


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "80 80", "٣"])
def test_a_port_that_is_no_port_number_is_refused_in_one_line(tmp_path: Path, port: str) -> None:
    outcome = run_site(tmp_path, PORT=port)

    assert outcome.returncode == 1
    assert outcome.stderr == f"ERROR: PORT={port} is not a port number. Try: PORT=8010 make run\n"


def test_a_second_site_on_the_same_data_is_refused_with_the_address_of_the_first(tmp_path: Path) -> None:
    holder = (
        "from pathlib import Path; from p2plending.scripts.run_site import claim_folder; import sys\n"
        f"lock = claim_folder(Path({str(tmp_path / 'var')!r}), 'http://127.0.0.1:8123'); print('held', flush=True)\n"
        "sys.stdin.read()"
    )
    (tmp_path / "var").mkdir()
    with subprocess.Popen(
        [PYTHON, "-c", holder], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        outcome = run_site(tmp_path, PORT="8124")

    assert outcome.returncode == 1
    assert (
        outcome.stderr == "ERROR: This site already runs at http://127.0.0.1:8123. Stop it with Ctrl-C there first.\n"
    )


def test_a_machine_without_a_new_python_is_told_so_in_one_line(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    launcher = ROOT / "p2plending/scripts/with-python"
    outcome = subprocess.run(
        ["/bin/sh", str(launcher), "run_site"], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )

    assert outcome.returncode == 1
    assert len(outcome.stderr.splitlines()) == 1
    assert "Python 3.11 or newer is needed and was not found (python3 is: Python 3.9.2)" in outcome.stderr


@pytest.mark.usefixtures("bare_machine")
def test_without_headers_and_apt_rights_sqlite_goes_on_without_the_mysql_driver(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert driver_can_be_installed(tmp_path / "log") is False

    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.usefixtures("bare_machine")
def test_without_headers_and_apt_rights_a_mysql_database_stops_with_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://alice@db.example.org/lending")

    with pytest.raises(CannotContinue, match=r"needs: sudo apt-get install -y .*gcc .*libmariadb-dev"):
        driver_can_be_installed(tmp_path / "log")


@pytest.mark.usefixtures("bare_machine")
def test_without_the_libraries_of_pdf_files_and_apt_rights_everything_else_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda _name: None)

    provide_pdf_libraries(tmp_path / "log")

    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("Going on without PDF files; pages can be printed. For PDF files: sudo apt-get install -y ")
    assert "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in line


@pytest.mark.usefixtures("bare_machine")
def test_nothing_is_installed_without_the_right_to(tmp_path: Path) -> None:
    assert "gcc" in mysqlclient_packages()
    assert install_packages(["gcc"], reason="a test", log=tmp_path / "log") is False
    assert not (tmp_path / "log").exists()


@pytest.mark.usefixtures("bare_machine")
def test_a_python_without_venv_stops_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert venv_packages() == []
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setattr("p2plending.scripts.environment.VENV_PYTHON", tmp_path / "no-python-here")

    with pytest.raises(CannotContinue) as refusal:
        make_venv(tmp_path / "log")

    package = f"python3.{sys.version_info.minor}-venv"
    assert str(refusal.value) == (
        "Python's venv module is missing. Install it, then try again:"
        f" sudo apt-get install -y --no-install-recommends {package}"
    )


def test_packages_are_installed_again_only_when_pins_or_driver_change() -> None:
    runtime = fingerprint("requirements.txt", with_driver=True)

    assert fingerprint("requirements.txt", with_driver=True) == runtime
    assert fingerprint("requirements.txt", with_driver=False) != runtime
    assert fingerprint("requirements-dev.txt", with_driver=True) != runtime


def test_a_failing_install_is_one_line_with_the_last_error_and_the_log(tmp_path: Path) -> None:
    script = "print('ERROR: Connection refused by the index'); raise SystemExit(1)"

    with pytest.raises(CannotContinue) as refusal:
        run_logged([PYTHON, "-c", script], log=tmp_path / "install.log", failure="pip could not install x")

    assert str(refusal.value) == (
        "pip could not install x: Connection refused by the index. Is the network reachable?"
        f" Details: {tmp_path / 'install.log'}"
    )


def test_the_settings_file_is_written_once_with_fresh_secrets_for_its_owner_only(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"

    assert write_settings_file(first, example=ROOT / ".env.example") is True
    assert write_settings_file(second, example=ROOT / ".env.example") is True
    assert write_settings_file(first, example=ROOT / ".env.example") is False

    written, other = read_settings_file(first), read_settings_file(second)
    assert set(written) == {"SECRET_KEY", "FIELD_KEYS", "DIGEST_KEYS", "DEMO_MODE"}
    assert written["DEMO_MODE"] == "on"
    assert len(written["SECRET_KEY"]) >= 50
    assert written["SECRET_KEY"] != other["SECRET_KEY"]
    assert written["FIELD_KEYS"] != other["FIELD_KEYS"]
    assert stat.S_IMODE(first.stat().st_mode) == 0o600


def test_when_one_program_ends_it_is_named_and_the_other_is_ended_too(tmp_path: Path) -> None:
    programs = [
        Program("web server", ["sleep", "600"], tmp_path / "web.log"),
        Program("worker", ["sh", "-c", "echo no database; sleep 0.3; exit 3"], tmp_path / "worker.log"),
    ]
    with Supervisor(programs, environment=os.environ) as supervisor:
        with pytest.raises(CannotContinue, match=r"The worker ended \(exit code 3\).*no database"):
            supervisor.wait_for_end()
        sleeping = supervisor.running[0][1]

    assert sleeping.returncode == -15
    assert members_of_session(sleeping.pid) == []


def test_a_site_that_never_answers_is_given_up_with_the_reason(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    programs = [Program("web server", ["sleep", "600"], tmp_path / "web.log")]

    with Supervisor(programs, environment=os.environ) as supervisor:
        with pytest.raises(CannotContinue, match=r"not ready after 1 s \(.*refused"):
            supervisor.wait_until_ready(f"http://127.0.0.1:{port}/readyz", seconds=1)
        process = supervisor.running[0][1]

    assert process.poll() == -15


def test_a_program_that_ignores_term_and_its_orphans_are_killed() -> None:
    script = "import signal, subprocess, time; signal.signal(15, signal.SIG_IGN); print(flush=True)\n"
    script += "subprocess.Popen(['sleep', '600']); time.sleep(600)"
    stubborn = start_process([PYTHON, "-c", script], log=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while len(members_of_session(stubborn.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)

    end_process(stubborn, patience_seconds=0.2)

    assert stubborn.returncode == -9
    assert members_of_session(stubborn.pid) == []


@pytest.mark.parametrize(("in_ci", "outcome"), [(True, "FAILED (no Chromium)"), (False, "SKIPPED: no Chromium")])
def test_a_missing_part_fails_the_run_in_ci_and_is_said_loudly_elsewhere(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, in_ci: bool, outcome: str
) -> None:
    run = SuiteRun(scratch=tmp_path, in_ci=in_ci)

    run.leave_out("browser tests", "no Chromium")

    assert [(result.outcome, result.is_failure) for result in run.results] == [(outcome, in_ci)]
    assert capsys.readouterr().err == "WARNING: browser tests left out. no Chromium\n"


def test_a_cluster_that_a_machine_can_never_run_fails_no_build(tmp_path: Path) -> None:
    run = SuiteRun(scratch=tmp_path, in_ci=True)

    run.leave_out("cluster", "not root", fails_in_ci=False)

    assert [(result.outcome, result.is_failure) for result in run.results] == [("SKIPPED: not root", False)]


def test_a_failed_stage_is_remembered_and_the_next_one_still_runs(tmp_path: Path) -> None:
    run = SuiteRun(scratch=tmp_path, in_ci=False)

    run.stage("lint", ["sh", "-c", "exit 4"])
    run.stage("tests", ["true"])

    assert [result.outcome for result in run.results] == ["FAILED (exit code 4)", "passed"]
    assert [result.is_failure for result in run.results] == [True, False]


def test_the_summary_names_the_tests_that_failed_in_each_stage(tmp_path: Path) -> None:
    run = SuiteRun(scratch=tmp_path, in_ci=False)
    (tmp_path / "test_sum.py").write_text("def test_sum():\n    assert 1 + 1 == 3\n", encoding="utf-8")
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:django", str(tmp_path)]

    run.stage("tests", [*pytest_here, "-o", f"cache_dir={tmp_path / 'cache'}"])
    run.stage("more tests", ["true"])

    assert run.summary().endswith("Failed tests:\n  tests: test_sum.py::test_sum")


def test_the_developers_own_settings_do_not_reach_the_tests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://alice@db.example.org/lending")
    monkeypatch.setenv("DEMO_MODE", "on")

    environment = SuiteRun(scratch=tmp_path, in_ci=False).environment

    assert not {"DATABASE_URL", "DEMO_MODE"} & set(environment)
    assert environment["ENV_FILE"] == os.devnull


def test_summer_time_begins_and_ends_in_the_time_zone_tables_when_it_does_in_berlin() -> None:
    changes = dict(transitions(ZoneInfo("Europe/Berlin")))

    assert changes[int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp())] == (7200, 1, "CEST")
    assert changes[int(datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp())] == (3600, 0, "CET")
    assert int(datetime(2026, 3, 29, 0, tzinfo=UTC).timestamp()) not in changes

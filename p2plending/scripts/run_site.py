"""`make run`: from a bare clone to a running site with its worker and a demo world; Ctrl-C ends all of it."""

from __future__ import annotations

import argparse
import errno
import fcntl
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import IO

from p2plending.lib.processes import StopRequested, end_with_parent, ignore_further_signals, stop_on_signals
from p2plending.scripts.console import CannotContinue, say, stop_with
from p2plending.scripts.environment import (
    ROOT,
    RUNTIME,
    VENV_PYTHON,
    announce_settings_file,
    configured_value,
    prepare_environment,
    wants_mysql,
)
from p2plending.scripts.supervise import Program, Supervisor

READY_SECONDS = 90


def chosen_address() -> tuple[str, int]:
    """Return HOST and PORT. Raises CannotContinue when PORT is not a port number."""
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise CannotContinue(f"PORT={port} is not a port number. Try: PORT=8010 make run")
    return host, int(port)


def require_free_port(host: str, port: int) -> None:
    """Raise CannotContinue when something listens there already, or we may not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                other = port + 10 if port < 65000 else 8010
                raise CannotContinue(f"Port {port} is taken. Choose another: PORT={other} make run") from None
            raise CannotContinue(f"Can't listen on {host}:{port}: {error.strerror}. Try: PORT=8010 make run") from None


def claim_folder(var: Path, url: str) -> IO[str]:
    """Hold the lock of this checkout's data, so that two sites never share one worker queue by accident.

    Raises CannotContinue when another `make run` holds it.
    """
    lock = (var / "run.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        where = lock.read().strip() or "another terminal"
        lock.close()
        raise CannotContinue(f"This site already runs at {where}. Stop it with Ctrl-C there first.") from None
    lock.truncate(0)
    lock.write(url)
    lock.flush()
    return lock


def programs(host: str, port: int, logs: Path) -> list[Program]:
    """Return the web server and the worker. SQLite has one writer at a time, so one process with threads serves it."""
    processes, threads = (2, 4) if wants_mysql() else (1, 8)
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    web = [
        str(VENV_PYTHON), "-m", "gunicorn", "p2plending.wsgi:application", "--bind", bind,
        "--workers", str(processes), "--threads", str(threads), "--no-control-socket",
        "--access-logfile", "-",
    ]  # fmt: skip
    worker = [str(VENV_PYTHON), "manage.py", "worker"]
    return [Program("web server", web, logs / "web.log"), Program("worker", worker, logs / "worker.log")]


def prepare_site(environment: dict[str, str], demo_arguments: list[str]) -> None:
    """Bring database, static files and demo world up to date. Raises CannotContinue when that fails."""
    command = [str(VENV_PYTHON), "-m", "p2plending.scripts.prepare_site", *demo_arguments]
    outcome = subprocess.run(command, env=environment, check=False, preexec_fn=end_with_parent())
    if outcome.returncode != 0:
        raise CannotContinue("The site could not be prepared; the lines above say why.")


def prepare(url: str, logs: Path, demo_arguments: list[str]) -> dict[str, str]:
    """Make everything ready to be served at `url`; returns the environment for the programs."""
    prepare_environment(RUNTIME, log=logs / "install.log")
    announce_settings_file()
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "p2plending.settings"}
    environment["SITE_URL"] = configured_value("SITE_URL") or url
    prepare_site(environment, demo_arguments)
    return environment


def serve(host: str, port: int, url: str, logs: Path, demo_arguments: list[str]) -> None:
    """Start everything and keep it running; returns only by an exception."""
    started = time.monotonic()
    environment = prepare(url, logs, demo_arguments)
    with Supervisor(programs(host, port, logs), environment=environment) as supervisor:
        try:
            supervisor.wait_until_ready(f"{url}/readyz", seconds=READY_SECONDS)
            announce(url, logs, seconds=time.monotonic() - started)
            supervisor.wait_for_end()
        finally:
            ignore_further_signals()
            say("Stopping the web server and the worker.")


def shown_url(host: str, port: int) -> str:
    """Return the address that a browser on this machine opens."""
    name = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - a name to show, not to bind
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def announce(url: str, logs: Path, *, seconds: float) -> None:
    """Print where everything is."""
    say(
        f"\nReady in {seconds:.0f} s.\n"
        f"  Site       {url}/\n"
        f"  Admin      {url}/admin/\n"
        f"  API        {url}/api/docs/\n"
        f"  Logs       {logs}/\n"
        "Ctrl-C stops everything."
    )


def main() -> None:
    """Run until stopped: exit code 0 after Ctrl-C or TERM, 1 with one line when something is in the way."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__, allow_abbrev=False)
    parser.add_argument("--demo-only", action="store_true", help="prepare everything, start nothing")
    options, demo_arguments = parser.parse_known_args()
    stop_on_signals()
    os.chdir(ROOT)
    try:
        host, port = chosen_address()
        url = shown_url(host, port)
        var = Path(configured_value("VAR_DIR") or "var")
        logs = var / "log"
        logs.mkdir(parents=True, exist_ok=True)
        if options.demo_only:
            prepare(url, logs, demo_arguments)
            return
        with claim_folder(var, url):
            require_free_port(host, port)
            serve(host, port, url, logs, demo_arguments)
    except StopRequested:
        say("Stopped. Your data stays in var/.")
    except CannotContinue as problem:
        stop_with(problem)


if __name__ == "__main__":
    main()

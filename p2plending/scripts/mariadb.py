"""A MariaDB of our own for tests: in a temporary folder, on a socket only, gone when we are."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from p2plending.lib.processes import (
    StopRequested,
    end_process,
    ignore_further_signals,
    start_process,
    stop_on_signals,
)
from p2plending.scripts.console import CannotContinue, say, stop_with
from p2plending.scripts.machine.system_parts import (
    find_program,
    install_command,
    install_packages,
    mariadb_server_packages,
)
from p2plending.scripts.machine.timezone_tables import timezone_statements

NEEDED_BYTES = 1_500_000_000
START_SECONDS = 60
STOP_SECONDS = 30
# Nothing here outlives the tests, so nothing waits for the disk. Two test processes need room for their pages.
SERVER_OPTIONS = (
    "--skip-networking",
    "--skip-log-bin",
    "--performance-schema=0",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-log-file-size=128M",
    "--innodb-buffer-pool-size=512M",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_unicode_ci",
    "--max-connections=300",
)


def require_server(log: Path) -> None:
    """Install the server when it is missing and we may. Raises CannotContinue with the command otherwise."""
    missing = mariadb_server_packages()
    if missing and not install_packages(missing, reason="tests run on a real MariaDB too", log=log):
        raise CannotContinue(f"MariaDB is not installed. To run its tests: {install_command(missing)}")


def roomy_folder() -> Path:
    """Return where a data folder is fastest: memory when there is room, else the temporary folder."""
    memory = Path("/dev/shm")  # noqa: S108 - only as the parent of a private folder
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > NEEDED_BYTES:
        return memory
    return Path(tempfile.gettempdir())


@contextmanager
def temporary_server() -> Iterator[str]:
    """Run a MariaDB while the block runs and yield its DATABASE_URL; server and folder are removed afterwards.

    Raises CannotContinue when it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="p2p-db-", dir=roomy_folder()))
    try:
        log = folder / "server.log"
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        data = [f"--datadir={folder / 'data'}", *as_root]
        install = [
            find_program("mariadb-install-db") or "mariadb-install-db", "--no-defaults", *data, "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]  # fmt: skip
        socket = folder / "s"
        serve = [
            find_program("mariadbd") or "mariadbd", "--no-defaults", *data, f"--socket={socket}",
            f"--pid-file={folder / 'pid'}", f"--tmpdir={folder}", *SERVER_OPTIONS,
        ]  # fmt: skip
        with log.open("ab") as output:
            if subprocess.run(install, stdout=output, stderr=output, check=False).returncode != 0:
                raise CannotContinue(f"MariaDB could not make its data folder: {tail(log)}")
            server = start_process(serve, log=output)
        try:
            wait_for_server(server, socket, log)
            run_statements(socket, timezone_statements())
            yield f"mysql://root@localhost/p2plending?unix_socket={socket}"
        finally:
            end_process(server, patience_seconds=STOP_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_for_server(server: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    """Wait until the server answers a query. Raises CannotContinue with its last words when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        asked = subprocess.run(client(socket, "-e", "create database if not exists p2plending"), capture_output=True)
        if asked.returncode == 0:
            return
        time.sleep(0.1)
    raise CannotContinue(f"MariaDB did not start: {tail(log)}")


def client(socket: Path, *arguments: str) -> list[str]:
    """Return the command line of the client for our server."""
    return [find_program("mariadb") or "mariadb", "--no-defaults", "-uroot", f"--socket={socket}", *arguments]


def run_statements(socket: Path, sql: str) -> None:
    """Run SQL in the server's own database."""
    subprocess.run(client(socket, "mysql"), input=sql.encode(), check=True, capture_output=True)


def tail(log: Path) -> str:
    """Return the last lines of the server's log as one line."""
    return " | ".join(log.read_text(errors="replace").splitlines()[-5:])


def main() -> None:
    """`make mariadb`: print the DATABASE_URL of a temporary server and keep it running until Ctrl-C."""
    stop_on_signals()
    try:
        require_server(Path(tempfile.gettempdir()) / "p2plending-apt.log")
        with temporary_server() as url:
            say(f'DATABASE_URL="{url}"')
            say("Try: DATABASE_URL=… .venv/bin/python -m pytest ledger. Ctrl-C stops the server and removes its data.")
            try:
                while True:
                    time.sleep(60)
            finally:
                ignore_further_signals()
    except StopRequested:
        say("Stopped.")
    except CannotContinue as problem:
        stop_with(problem)


if __name__ == "__main__":
    main()

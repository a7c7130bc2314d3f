"""What can be taken away: a database, a mail server, the worker; and the web server, which stays."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from p2plending.lib.processes import end_process, kill_session, start_process
from p2plending.scripts.console import CannotContinue
from p2plending.scripts.environment import ROOT
from p2plending.scripts.machine.system_parts import find_program
from p2plending.scripts.mariadb import SERVER_OPTIONS, wait_for_server

# Acknowledged is acknowledged: here the disk is waited for.
DURABLE = ("--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=1")


class Database:
    """A MariaDB of our own that can be killed and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "mariadb.log"
        self.socket = folder / "s"
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        self.data = [f"--datadir={folder / 'data'}", *as_root]
        program = find_program("mariadb-install-db") or "mariadb-install-db"
        command = [program, "--no-defaults", *self.data, "--skip-test-db", "--auth-root-authentication-method=normal"]
        with self.log.open("ab") as output:
            if subprocess.run(command, stdout=output, stderr=output, check=False).returncode != 0:
                raise CannotContinue(f"MariaDB could not make its data folder; see {self.log}")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """Its DATABASE_URL."""
        return f"mysql://root@localhost/p2plending?unix_socket={self.socket}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        program = find_program("mariadbd") or "mariadbd"
        options = [f"--socket={self.socket}", f"--pid-file={self.folder / 'pid'}", f"--tmpdir={self.folder}"]
        with self.log.open("ab") as output:
            command = [program, "--no-defaults", *self.data, *options, *SERVER_OPTIONS, *DURABLE]
            self.process = start_process(command, log=output)
        wait_for_server(self.process, self.socket, self.log)

    def kill(self) -> None:
        """Kill -9."""
        if self.process is not None:
            kill_session(self.process.pid)
            self.process.wait()

    end = kill


class MailServer:
    """A mail server that takes everything, counts it, and can be away."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        self.last_at = 0.0
        self.lock = threading.Lock()
        self.clients: set[socket.socket] = set()
        self.listener: socket.socket | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen, on the same port as before."""
        self.listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def kill(self) -> None:
        """Go away in the middle of everything."""
        if self.listener is not None:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        with self.lock:
            clients, self.clients = self.clients, set()
        for client in clients:
            client.close()

    end = kill

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            with self.lock:
                self.clients.add(client)
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        try:
            with client, client.makefile("rwb") as stream:
                stream.write(b"220 kills\r\n")
                stream.flush()
                recipient = ""
                while line := stream.readline().decode(errors="replace").strip():
                    word = line[:4].upper()
                    if word == "RCPT":
                        recipient = line.partition("<")[2].partition(">")[0]
                    if word == "DATA":
                        stream.write(b"354 go on\r\n")
                        stream.flush()
                        while stream.readline() not in (b".\r\n", b""):
                            continue
                        self._take(recipient)
                    stream.write(b"221 bye\r\n" if word == "QUIT" else b"250 ok\r\n")
                    stream.flush()
        except (OSError, ValueError):
            return  # cut, by us or by them

    def _take(self, recipient: str) -> None:
        with self.lock:
            self.received[recipient] += 1
            self.last_at = time.monotonic()


class Programs:
    """The web server and the worker, each in a session of its own."""

    def __init__(self, folder: Path, environment: Mapping[str, str], port: int) -> None:
        self.folder = folder
        self.environment = environment
        self.port = port
        self.web: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None

    def start_web(self) -> None:
        """Start gunicorn as `make run` does on a server."""
        options = ["--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "4", "--no-control-socket"]
        self.web = self._start("web", ["-m", "gunicorn", "p2plending.wsgi:application", *options])

    def start_worker(self) -> None:
        """Start the worker."""
        self.worker = self._start("worker", ["manage.py", "worker"])

    def kill_worker(self) -> None:
        """Kill -9 the worker and everything that it started."""
        if self.worker is not None:
            kill_session(self.worker.pid)
            self.worker.wait()

    def end(self) -> None:
        """End both in order."""
        for process in (self.web, self.worker):
            if process is not None:
                end_process(process, patience_seconds=20)

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        os.chdir(ROOT)
        with (self.folder / f"{name}.log").open("ab") as log:
            return start_process([sys.executable, *command], log=log, environment=self.environment)

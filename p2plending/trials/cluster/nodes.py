"""Three Galera nodes, each in a network of its own: started, killed, paused, isolated and brought back."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from p2plending.scripts.console import CannotContinue
from p2plending.scripts.environment import ROOT
from p2plending.scripts.machine.system_parts import find_program
from p2plending.scripts.mariadb import tail

DEPLOY = ROOT / "docs" / "deploy"
BRIDGE, US = "p2pbr", "10.77.0.254"
NOBODY = 65534
NAMES = (1, 2, 3)
SYNC_SECONDS = 120
PATIENCE_SECONDS = 30.0
STATUS = "SHOW GLOBAL STATUS WHERE Variable_name = 'wsrep_local_state_comment'"
ACCOUNTS = (
    "CREATE USER clustercheck@localhost; CREATE USER p2p@'%' IDENTIFIED BY 'p2p'; GRANT ALL ON *.* TO p2p@'%';"
    " CREATE DATABASE p2plending CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
)

Found = TypeVar("Found")


def run(*command: str) -> str:
    """Run a command to its end and return what it said. Raises CannotContinue with its error."""
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        raise CannotContinue(f"{' '.join(command)[:200]}: {outcome.stderr.strip()[-400:]}")
    return outcome.stdout


def patiently(ask: Callable[[], Found]) -> Found:
    """Ask again while there is no answer. Raises the last CannotContinue after half a minute."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except CannotContinue:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


class GaleraNode:
    """One node with its network, its folder, its server and the health check beside it."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number = number
        self.address = f"10.77.0.{number}"
        self.folder = folder / f"n{number}"
        self.data, self.socket, self.log = self.folder / "data", self.folder / "s", self.folder / "server.log"
        self.server: subprocess.Popen[bytes] | None = None
        self.holder: subprocess.Popen[bytes] | None = None
        (self.folder / "tmp").mkdir(parents=True)

    @property
    def url(self) -> str:
        """The DATABASE_URL of this node alone."""
        return f"mysql://p2p:p2p@{self.address}:3306/p2plending"

    def make_network(self) -> None:
        """Give the node a network with one address, which ends with the process that holds it."""
        self.holder = _start(["unshare", "--net", "sleep", "infinity"], self.log)
        ours = Path("/proc/self/ns/net").readlink()
        while Path(f"/proc/{self.holder.pid}/ns/net").readlink() == ours:
            time.sleep(0.02)
        link = f"p2pv{self.number}"
        run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        run("ip", "link", "set", link, "master", BRIDGE, "up")
        for words in (f"addr add {self.address}/24 dev eth0", "link set eth0 up", "link set lo up"):
            run(*self.inside(), "ip", *words.split())
        check = ["python3", str(DEPLOY / "clustercheck.py"), f"--socket={self.socket}"]
        _start([*self.inside(), *check], self.log)

    def inside(self) -> list[str]:
        """The start of a command line that runs in the node's network."""
        assert self.holder is not None  # noqa: S101 - a node without a network has no inside
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"]

    def install(self) -> None:
        """Make a new data folder, for the first node; the others are filled by it."""
        self._own()
        program = find_program("mariadb-install-db") or "mariadb-install-db"
        run(*_as_nobody(), program, "--no-defaults", f"--datadir={self.data}", "--skip-test-db",
            "--auth-root-authentication-method=normal")  # fmt: skip

    def start(self, *, is_first: bool = False) -> None:
        """Start the server; `is_first` makes it the beginning of a cluster. A crashed one finds where it had got to."""
        self._own()
        arguments = ["--wsrep-new-cluster"] if is_first else []
        if (self.data / "mysql").is_dir() and (self.data / "grastate.dat").exists():
            state = self.data / "grastate.dat"
            if is_first:
                state.write_text(state.read_text().replace("safe_to_bootstrap: 0", "safe_to_bootstrap: 1"))
            arguments.append(f"--wsrep-start-position={self.recovered_position()}")
        self.server = _start([*self.inside(), *_as_nobody(), *self._command(), *arguments], self.log)

    def recovered_position(self) -> str:
        """Where the stopped node had got to: "uuid:seqno"."""
        log = self.folder / "recover.log"
        log.unlink(missing_ok=True)
        command = [*self.inside(), *_as_nobody(), *self._command(), "--wsrep-recover", f"--log-error={log}"]
        subprocess.run(command, capture_output=True, check=False)
        found = re.findall(r"Recovered position: *([0-9a-f-]+:-?\d+)", log.read_text(errors="replace"))
        if not found:
            raise CannotContinue(f"n{self.number} does not know where it had got to: {tail(log)}")
        return found[-1]

    def _command(self) -> list[str]:
        return [
            find_program("mariadbd") or "mariadbd", f"--defaults-file={DEPLOY / 'galera.cnf'}",
            f"--datadir={self.data}", f"--socket={self.socket}", f"--pid-file={self.folder / 'pid'}",
            f"--tmpdir={self.folder / 'tmp'}", f"--wsrep-node-name=n{self.number}",
            f"--wsrep-node-address={self.address}", "--innodb-buffer-pool-size=128M", "--innodb-log-file-size=64M",
        ]  # fmt: skip

    def _own(self) -> None:
        self.data.mkdir(exist_ok=True)
        run("chown", "-R", f"{NOBODY}:{NOBODY}", str(self.folder))

    def sql(self, statements: str, *, seconds: float = 20) -> str:
        """Run SQL as root. Raises CannotContinue when the node does not answer."""
        command = ["mariadb", "--no-defaults", f"--socket={self.socket}", "-uroot", "-N", "-B", "-e", statements]
        try:
            outcome = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise CannotContinue(f"n{self.number} does not answer.") from None
        if outcome.returncode != 0:
            raise CannotContinue(f"n{self.number}: {outcome.stderr.strip()}")
        return outcome.stdout.strip()

    def read(self, query: str, *, seconds: float = 60) -> list[list[str]]:
        """Return the rows of a query that sees whatever the cluster has committed.

        Such a read waits for the node to catch up, and is refused (error 1205) when the cluster's members change
        meanwhile or the node takes too long; it is then asked again. Raises CannotContinue after half a minute.
        """
        return [line.split("\t") for line in patiently(lambda: self.sql(query, seconds=seconds)).splitlines()]

    def wait_until_synced(self) -> float:
        """Wait until the node is a full member; returns the seconds that it took. Raises CannotContinue."""
        started = time.monotonic()
        while time.monotonic() - started < SYNC_SECONDS:
            if self.server is None or self.server.poll() is not None:
                break
            try:
                if self.sql(STATUS, seconds=5).endswith("Synced"):
                    return time.monotonic() - started
            except CannotContinue:
                pass  # not yet: it may be receiving a copy of the data
            time.sleep(0.2)
        raise CannotContinue(f"n{self.number} did not become a member of the cluster: {tail(self.log)}")

    def kill(self) -> None:
        """Crash the server."""
        self._signal(signal.SIGKILL)
        assert self.server is not None  # noqa: S101 - _signal has checked
        self.server.wait()

    def pause(self) -> None:
        """Stop the server where it stands: it keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        self._signal(signal.SIGCONT)

    def isolate(self) -> None:
        """Pull the cable: no packet comes or goes."""
        run("ip", "link", "set", f"p2pv{self.number}", "down")

    def heal(self) -> None:
        """Plug it in again."""
        run("ip", "link", "set", f"p2pv{self.number}", "up")

    def _signal(self, number: signal.Signals) -> None:
        if self.server is None:
            raise CannotContinue(f"n{self.number} was not started.")
        os.kill(self.server.pid, number)


def make_nodes(folder: Path) -> list[GaleraNode]:
    """Three nodes in networks of their own, connected by a bridge; the first runs alone, with an empty database."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "addr", "add", f"{US}/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    nodes = [GaleraNode(number, folder) for number in NAMES]
    for node in nodes:
        node.make_network()
    nodes[0].install()
    nodes[0].start(is_first=True)
    nodes[0].wait_until_synced()
    nodes[0].sql(ACCOUNTS)
    return nodes


def join(nodes: Sequence[GaleraNode]) -> None:
    """Let the other nodes join the first, which gives each of them a copy of all it has."""
    for node in nodes[1:]:
        node.start()
        node.wait_until_synced()


def recover_dead_cluster(nodes: Sequence[GaleraNode]) -> GaleraNode:
    """After every node crashed: begin again with the one that had got furthest, and let the others join it."""
    positions = {node.number: int(node.recovered_position().rpartition(":")[2]) for node in nodes}
    first = max(nodes, key=lambda node: positions[node.number])
    for node in sorted(nodes, key=lambda node: node is not first):
        node.start(is_first=node is first)
        node.wait_until_synced()
    return first


def _as_nobody() -> list[str]:
    # Not root: the rsync daemon that copies a node to another drops root's rights, and could not read the folder.
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    # All of them live in our own tree of processes, which ends with us however we end.
    with log.open("ab") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

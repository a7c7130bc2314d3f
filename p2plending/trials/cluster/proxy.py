"""haproxy with the file of docs/deploy, as it stands."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from p2plending.scripts.console import CannotContinue
from p2plending.scripts.machine.system_parts import find_program
from p2plending.trials.cluster.nodes import DEPLOY, run

CONFIG = DEPLOY / "haproxy.cfg"
ADMIN = "/run/haproxy-p2plending.sock"
URL = "mysql://p2p:p2p@127.0.0.1:3306/p2plending"
UP_SECONDS = 30


class Proxy:
    """The proxy in front of the nodes, and what it knows of them."""

    def __init__(self, log: Path) -> None:
        program = find_program("haproxy") or "haproxy"
        run(program, "-c", "-f", str(CONFIG))
        with log.open("ab") as output:
            self.process = subprocess.Popen([program, "-f", str(CONFIG)], stdout=output, stderr=output)
        deadline = time.monotonic() + UP_SECONDS
        while set(self.states().values()) != {"UP"}:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise CannotContinue(f"haproxy did not find the nodes: {self.states()}")
            time.sleep(0.2)

    def tell(self, command: str) -> str:
        """Give haproxy's admin socket one command and return the answer; empty while it does not listen."""
        with socket.socket(socket.AF_UNIX) as admin:
            try:
                admin.connect(ADMIN)
            except OSError:
                return ""
            admin.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: admin.recv(65536), b"")).decode()

    def states(self) -> dict[str, str]:
        """Each node's state as haproxy sees it."""
        rows = [line.split(",") for line in self.tell("show stat").splitlines() if line.startswith("galera,n")]
        return {row[1]: row[17] for row in rows}

    def writer(self) -> str:
        """The node that clients are connected to: "n1". Raises CannotContinue for none, and for more than one."""
        rows = [line.split(",") for line in self.tell("show stat").splitlines() if line.startswith("galera,n")]
        serving = [row[1] for row in rows if int(row[4] or 0)]
        if len(serving) != 1:
            raise CannotContinue(f"One node must serve; haproxy has clients on: {', '.join(serving) or 'none'}.")
        return serving[0]

    def fail_back(self, to: str) -> None:
        """Make a node the writer by hand, as docs/cluster.md says."""
        others = [name for name in self.states() if name != to]
        for name in others:
            self.tell(f"set server galera/{name} state maint")
            self.tell(f"shutdown sessions server galera/{name}")
        time.sleep(2)
        for name in others:
            self.tell(f"set server galera/{name} state ready")

"""The run itself, in a network, a process tree and a folder of its own; `scripts.run_cluster_test` starts it."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from p2plending.lib.processes import stop_on_signals
from p2plending.scripts.console import CannotContinue, say, stop_with
from p2plending.scripts.environment import ROOT
from p2plending.trials.cluster import proof
from p2plending.trials.cluster.nodes import GaleraNode, join, make_nodes, patiently, recover_dead_cluster, run
from p2plending.trials.cluster.proof import Acknowledged, longest_stop
from p2plending.trials.cluster.proxy import URL, Proxy

PEOPLE = 2
HOT_CLIENTS, SERVING_CLIENTS = 6, 4
HOT = "two people hot on three nodes"
BEFORE_FAULT, AFTER_FAULT = 4.0, 9.0
# A cluster that was dead is begun again by hand: the clients must live to see it.
UNTIL_BEGUN_AGAIN = 40.0
STILL_AT_THE_END = 5.0
# Indexes as a migration makes them, on the tables that the withdrawals write.
CHANGES = (
    "CREATE INDEX tried ON p2plending.{table} ({column})",
    "DROP INDEX tried ON p2plending.{table}",
)
TABLES = {
    "ledger_posting": "code, debit",
    "ledger_withdrawal": "requested_on, amount",
    "ledger_account": "book, balance",
}

Trial = tuple[str, float, list[str], Callable[[], object] | None]


class ClusterTest:
    """One cluster from its start to the last proof; remembers every acknowledged operation."""

    def __init__(self, folder: Path, *, python: str, tree: Path) -> None:
        self.folder, self.python, self.tree = folder, python, tree
        self.operations: list[Acknowledged] = []
        self.rows: list[tuple[str, ...]] = []
        self.people: list[str] = []
        self.problems: list[str] = []
        self.nodes: list[GaleraNode] = []
        self.last_writer: GaleraNode | None = None

    def prepare(self) -> None:
        """Begin with one node, migrate, make the people with money, and let the other nodes join."""
        started = time.monotonic()
        self.nodes = make_nodes(self.folder)
        python = self.python_with(self.nodes[0].url)
        run(*python, "manage.py", "migrate", "--verbosity=0")
        make = (
            "import django; django.setup();"
            " from p2plending.trials.cluster.people import make_people; print(*make_people())"
        )
        self.people = run(*python, "-c", make).split()
        say(f"one node, migrated, after {time.monotonic() - started:.0f} s")
        join(self.nodes)
        say(f"three nodes after {time.monotonic() - started:.0f} s")

    def python_with(self, url: str) -> list[str]:
        """The start of a command line for a process of the site on this database."""
        return ["env", f"--chdir={self.tree}", f"DATABASE_URL={url}", self.python]

    def serve(self, name: str, seconds: float, urls: list[str], meanwhile: Callable[[], object] | None = None) -> None:
        """Let one client for each URL work; `meanwhile` is done beside them. Prove what they were told."""
        files = [self.folder / f"{len(self.rows)}-{place}.txt" for place in range(len(urls))]
        command = ["-m", "p2plending.trials.cluster.client", str(seconds)]
        clients = [
            subprocess.Popen([*self.python_with(url), *command, str(file), *self.people])
            for url, file in zip(urls, files, strict=True)
        ]
        failures: list[BaseException] = []

        def beside() -> None:
            try:
                if meanwhile is not None:
                    meanwhile()
            except CannotContinue as problem:
                failures.append(problem)

        helper = threading.Thread(target=beside)
        helper.start()
        codes = [client.wait() for client in clients]
        helper.join()
        if failures:
            raise failures[0]
        if any(codes):
            self.problems.append(f"{name}: a client ended with {codes}")
        told, ends, began, ended = read_operations(files)
        self.operations += told
        self.judge(name, told, ends, longest_stop(told, began=began, ended=ended))
        if not any(one.at > ended - STILL_AT_THE_END for one in told):
            self.problems.append(f"{name}: nobody was served at its end")

    def judge(self, name: str, told: list[Acknowledged], ends: list[str], stop: float) -> None:
        """One line of the table: what was acknowledged, lost, doubled, half, and the longest stop."""
        for node in self.nodes:
            node.heal()
            node.wait_until_synced()
        found = proof.losses(self.nodes[0], self.operations)
        lost, half, doubled = len(found.lost), len(found.half), proof.doubled(self.operations)
        met = sum(conflicts_of(node) for node in self.nodes) if name == HOT else 0
        conflicts = f"{met:,}" if name == HOT else "-"
        self.rows.append((name, f"{len(told):,}", conflicts, str(lost), str(half), str(doubled), f"{stop:.1f} s"))
        if name == HOT and not met:
            self.problems.append(f"{name}: no node met another, so nothing was tried")
        say(f"{name}: {len(told):,} acknowledged, {lost} lost, {half} half, {doubled} doubled, {stop:.1f} s still")
        say(f"    not acknowledged: {' '.join(ends)}; booked without an answer so far: {found.unknown}")
        if not told:
            self.problems.append(f"{name}: nothing was acknowledged")
        for words, rows in (("lost", found.lost), ("half", found.half)):
            if rows:
                self.problems.append(f"{name}: {words}: {', '.join(rows[:5])}")

    def change_schema(self, seconds: float) -> int:
        """Make and drop indexes, as a migration would, one after the other on another node."""
        done, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            table, column = list(TABLES.items())[done % len(TABLES)]
            for change in CHANGES:
                self.nodes[1].sql(change.format(table=table, column=column), seconds=60)
            done += 1
        say(f"    {done} indexes made and dropped")
        return done

    def prove_all(self) -> None:
        """Sound books and the same tables on every node."""
        for node in self.nodes:
            code, words = proof.check_books(node.url)
            say(f"n{node.number}: {words.splitlines()[-1] if words else 'no answer'}")
            if code != 0:
                self.problems.append(f"n{node.number}: check_books: {words[-600:]}")
        code, words = proof.check_books(self.nodes[0].url, "--all-nodes")
        say("\n".join(line for line in words.splitlines() if line.startswith("n")))
        if code != 0:
            self.problems.append(f"check_books --all-nodes: {words[-600:]}")
        differing = proof.differing_tables(self.nodes)
        say(f"tables that differ between nodes: {', '.join(differing) or 'none'}")
        if differing:
            self.problems.append(f"tables differ: {differing}")


def read_operations(files: list[Path]) -> tuple[list[Acknowledged], list[str], float, float]:
    """What the clients were told, how the rest ended, and when the first of them began and the last one ended."""
    told, ends, times = [], [], []
    for file in files:
        for line in file.read_text().splitlines():
            at, step, rest = line.split(" ", 2)
            if step in ("begins", "ends"):
                times.append(float(at))
                ends += [rest] if step == "ends" else []
            else:
                told.append(Acknowledged(float(at), step, rest))
    return told, ends, min(times, default=0.0), max(times, default=0.0)


def fault(test: ClusterTest, act: str, undo: str, serving: Callable[[], GaleraNode], *, stays: bool = True) -> None:
    """Do something to the node that serves, and undo it when another one does.

    Raises CannotContinue when none does, and when `stays` and the clients had moved back since the last fault.
    """
    # Not before the clients are there: until then nobody is the writer.
    patiently(serving)
    time.sleep(BEFORE_FAULT)
    node = serving()
    if stays and test.last_writer not in (None, node):
        raise CannotContinue(f"The clients fell back to n{node.number} by themselves.")
    getattr(node, act)()
    time.sleep(AFTER_FAULT)
    now = patiently(serving)
    if now is node:
        raise CannotContinue(f"n{node.number} is still the one that serves: nothing was tried.")
    getattr(node, undo)()
    say(f"    n{node.number} served, then n{now.number}; a member again after {node.wait_until_synced():.1f} s")
    test.last_writer = now


def fail_back(proxy: Proxy) -> None:
    """Make n1 the writer by hand while clients work. Raises CannotContinue when it is not."""
    before = patiently(proxy.writer)
    time.sleep(BEFORE_FAULT)
    proxy.fail_back("n1")
    now = patiently(proxy.writer)
    if now != "n1":
        raise CannotContinue(f"{now} is the writer after the fail-back by hand to n1.")
    say(f"    {before} served, then n1")


def run_all(test: ClusterTest, *, seconds: float, only: str) -> None:
    """Every trial in its order, or those with `only` in their names. Raises CannotContinue when a cluster breaks."""
    each = [node.url for node in test.nodes]
    proxy = Proxy(test.folder / "haproxy.log")
    through_proxy, whole = [URL] * SERVING_CLIENTS, BEFORE_FAULT + AFTER_FAULT + 2
    listed = each[0].replace("10.77.0.1:3306", ",".join(f"{node.address}:3306" for node in test.nodes))

    def writer() -> GaleraNode:
        return test.nodes[int(proxy.writer().removeprefix("n")) - 1]

    def busiest() -> GaleraNode:
        node = max(test.nodes, key=clients_of)
        if not clients_of(node):
            raise CannotContinue("No node has clients.")
        return node

    trials: list[Trial] = [
        (HOT, seconds, each * (HOT_CLIENTS // len(each)), None),
        ("indexes made beside one writer", seconds / 2, through_proxy, lambda: test.change_schema(seconds / 2 - 2)),
        ("writer killed behind haproxy", whole, through_proxy, lambda: fault(test, "kill", "start", writer)),
        ("writer isolated behind haproxy", whole, through_proxy, lambda: fault(test, "isolate", "heal", writer)),
        ("writer paused behind haproxy", whole, through_proxy, lambda: fault(test, "pause", "resume", writer)),
        ("fail-back by hand", 10, through_proxy, lambda: fail_back(proxy)),
        ("serving host of a list killed", whole, [listed] * SERVING_CLIENTS,
         lambda: fault(test, "kill", "start", busiest, stays=False)),
        ("whole cluster killed", UNTIL_BEGUN_AGAIN, through_proxy, lambda: kill_all(test)),
    ]  # fmt: skip
    for name, duration, urls, meanwhile in trials:
        if only in name:
            test.serve(name, duration, urls, meanwhile)


def conflicts_of(node: GaleraNode) -> int:
    """How many transactions of a node were cut off or refused because of another node's, since it started."""
    names = "('wsrep_local_bf_aborts', 'wsrep_local_cert_failures')"
    rows = node.sql(f"SHOW GLOBAL STATUS WHERE Variable_name IN {names}").splitlines()
    return sum(int(row.split("\t")[1]) for row in rows)


def clients_of(node: GaleraNode) -> int:
    """How many of our clients a node serves now; none when it is down."""
    try:
        return int(node.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'p2p'", seconds=5))
    except CannotContinue:
        return 0


def kill_all(test: ClusterTest) -> None:
    """Crash every node at once, then begin again as docs/cluster.md says."""
    time.sleep(BEFORE_FAULT)
    for node in test.nodes:
        node.kill()
    say(f"    every node killed: begun again with n{recover_dead_cluster(test.nodes).number}")


def main() -> None:
    """Run everything; exit code 1 when anything was lost, half, doubled or different."""
    parser = argparse.ArgumentParser(prog="make test-cluster")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the hot run takes (60)")
    parser.add_argument("--only", default="", metavar="WORDS", help="trials with these words in their names alone")
    parser.add_argument("--tree", type=Path, default=ROOT, help="another checkout whose clients are tried")
    options = parser.parse_args()
    stop_on_signals()
    # Our own, gone with us: the data, and what haproxy leaves in /run.
    for folder in (str(options.folder), "/run"):
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", folder)
    test = ClusterTest(options.folder, python=sys.executable, tree=options.tree)
    try:
        test.prepare()
        run_all(test, seconds=options.seconds, only=options.only)
        test.prove_all()
    except CannotContinue as problem:
        stop_with(problem)
    print_table(test)
    if test.problems:
        stop_with(CannotContinue("; ".join(test.problems)))


def print_table(test: ClusterTest) -> None:
    """The figures of the run."""
    headings = ("what", "acknowledged", "conflicts", "lost", "half", "doubled", "longest stop")
    rows = [headings, *test.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]
    say("")
    for row in rows:
        say("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "p2plending.settings")
    main()

"""What was acknowledged is booked, once, and every node has the same sound books."""

from __future__ import annotations

import dataclasses
import itertools
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence

from p2plending.scripts.environment import ROOT
from p2plending.trials.cluster.nodes import GaleraNode

TABLES = (
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'p2plending' AND table_type = 'BASE TABLE'"
)
BOOKED = (
    "SELECT e.idempotency_key, COUNT(p.id), SUM(p.debit) - SUM(p.credit) FROM p2plending.ledger_journalentry e"
    " LEFT JOIN p2plending.ledger_posting p ON p.entry_id = e.id"
    " WHERE e.idempotency_key LIKE 'withdrawal:%' GROUP BY e.id"
)
STATES = "SELECT reference, status FROM p2plending.ledger_withdrawal"


@dataclasses.dataclass(frozen=True, slots=True)
class Acknowledged:
    """One operation whose end somebody was told."""

    at: float
    step: str
    reference: str

    @property
    def key(self) -> str:
        """The key of the entry that must be there."""
        return f"withdrawal:{self.reference}:{self.step}"


@dataclasses.dataclass(frozen=True, slots=True)
class Loss:
    """What is wrong with the operations of a run on one node."""

    lost: list[str]
    half: list[str]
    unknown: int


def losses(node: GaleraNode, operations: Sequence[Acknowledged]) -> Loss:
    """Acknowledged operations without their entry or in another state, entries that are not whole, and how many entries
    nobody was told of (their process was cut off: they may be there).
    """
    rows = node.read(BOOKED)
    half = [key for key, postings, difference in rows if (postings, difference) != ("2", "0")]
    booked = {key for key, *_sums in rows}.difference(half)
    states = dict(node.read(STATES))
    told = {operation.key for operation in operations}
    lost = [operation.key for operation in operations if operation.key not in booked]
    lost += [
        f"{operation.reference} is {states.get(operation.reference, 'missing')}"
        for operation in operations
        if operation.step == "returned" and states.get(operation.reference) != "cancelled"
    ]
    # A request without its entry, or an entry without its request, is one that was written by half.
    references = {key.split(":")[1] for key, *_sums in rows}
    half += sorted(references.symmetric_difference(set(states)))
    return Loss(lost, half, len(booked - told))


def checksums(node: GaleraNode) -> dict[str, str]:
    """The checksum of every table on one node, with everything in it that the cluster has committed."""
    tables = ", ".join(f"p2plending.`{name}`" for (name,) in node.read(TABLES))
    return dict(node.read(f"SET SESSION wsrep_sync_wait = 7; CHECKSUM TABLE {tables}", seconds=120))


def differing_tables(nodes: Sequence[GaleraNode]) -> list[str]:
    """Tables that are not the same on every node."""
    found = [checksums(node) for node in nodes]
    return sorted(name for name in found[0] if len({sums.get(name) for sums in found}) > 1)


def check_books(url: str, *arguments: str) -> tuple[int, str]:
    """The exit code and the words of `manage.py check_books` on one node."""
    command = [sys.executable, "manage.py", "check_books", *arguments]
    outcome = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, capture_output=True, text=True, check=False
    )
    return outcome.returncode, outcome.stdout + outcome.stderr


def longest_stop(operations: Sequence[Acknowledged], *, began: float, ended: float) -> float:
    """Most seconds in which nobody was told of anything, the beginning and the end of the trial included."""
    times = [began, *sorted(operation.at for operation in operations), ended]
    return max(later - earlier for earlier, later in itertools.pairwise(times))


def doubled(operations: Sequence[Acknowledged]) -> int:
    """Operations that were acknowledged twice under the same reference."""
    return sum(count - 1 for count in Counter(operation.key for operation in operations).values())

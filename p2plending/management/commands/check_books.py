"""`manage.py check_books`: prove every invariant of the books over live data."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from ledger.selectors.digest import digest_of_books
from ledger.selectors.invariants import CHECKS as LEDGER_CHECKS
from ledger.selectors.invariants import Break, Check
from loans.selectors.invariants import CHECKS as LOAN_CHECKS
from p2plending.lib import clock
from p2plending.lib.database.mysql.nodes import Node
from p2plending.lib.errors import required
from p2plending.operations.nodes import connected_to, database_node, database_nodes

# No transaction that is still open is older, so what is older is the same on every node.
SETTLED_AFTER = dt.timedelta(minutes=2)


class Command(BaseCommand):
    help = "Check every invariant of the books. Names each break and ends with 1 when there is one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all-nodes",
            action="store_true",
            help="on each server of the cluster, and compare all facts that are older than two minutes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["all_nodes"]:
            self._check_nodes(database_nodes())
            return
        broken = self._check()
        if broken:
            raise CommandError(f"The books are broken: {broken} of the checks failed.", returncode=1)
        self.stdout.write(self.style.SUCCESS("The books are sound."))

    def _check_nodes(self, nodes: list[Node]) -> None:
        """The same proof on every node, then one line for each: its state, its checks, its digest."""
        if not nodes:
            raise CommandError("The database is a single server: run check_books without --all-nodes.")
        before = clock.now() - SETTLED_AFTER
        lines, digests, problems = [], set(), []
        for node in nodes:
            self.stdout.write(f"{node}")
            try:
                with connected_to(node):
                    state, broken, digest = required(database_node(), "node"), self._check(), digest_of_books(before)
            except Error as error:
                problems.append(f"{node} does not answer ({error})")
                continue
            digests.add(digest)
            problems += [f"{broken} checks failed on {state.name}"] if broken else []
            lines.append(f"{state.name}: {state.words}; {broken} checks failed; {digest}")
        for line in lines:
            self.stdout.write(line)
        if len(digests) > 1:
            problems.append("the nodes don't have the same facts")
        if problems:
            raise CommandError(f"The books are not sound on every node: {'; '.join(problems)}.", returncode=1)
        self.stdout.write(self.style.SUCCESS(f"The books are sound, and the same on {len(nodes)} nodes."))

    def _check(self) -> int:
        """How many checks failed."""
        return sum(self._run(check) for check in (*LEDGER_CHECKS, *LOAN_CHECKS))

    def _run(self, check: Check) -> bool:
        """Print one check with its breaks; whether it failed."""
        breaks = check.function()
        mark = self.style.ERROR("✗") if breaks else self.style.SUCCESS("✓")
        self.stdout.write(f"{mark} {check.code:<4} {check.title}")
        for found in breaks:
            self.stdout.write(f"      {_sentence(found)}")
        return bool(breaks)


def _sentence(found: Break) -> str:
    return f"{found.code} {found.subject}: expected {found.expected}, found {found.found}"

"""Proving the books over live data, and keeping what came out."""

from __future__ import annotations

import dataclasses
import logging

from accounts.models import AuditEvent, User
from accounts.services.audit import record
from adminpanel.selectors import BOOKS_CHECKED
from ledger.selectors.invariants import CHECKS as LEDGER_CHECKS
from ledger.selectors.invariants import Break
from loans.selectors.invariants import CHECKS as LOAN_CHECKS
from p2plending.lib.database.transactions import run_money

logger = logging.getLogger(__name__)

CHECKS = (*LEDGER_CHECKS, *LOAN_CHECKS)
MOST_KEPT = 100


def check_books(*, actor: User | None) -> AuditEvent:
    """Run every invariant and write what came out as an audit event; `data` has the checks, red ones, and breaks.

    The checks only read. They run before the event's transaction, so that nobody waits for them.
    """
    breaks: list[Break] = []
    for check in CHECKS:
        breaks += check.function()
    for found in breaks:
        logger.error("books are broken", extra=dataclasses.asdict(found))
    logger.info("books checked", extra={"breaks": len(breaks)})
    data = {
        "checks": len(CHECKS),
        "red": sorted({found.code for found in breaks}),
        "breaks": [dataclasses.asdict(found) for found in breaks[:MOST_KEPT]],
    }
    return run_money(
        lambda: record(action=BOOKS_CHECKED, actor=actor, subject_type="books", subject_reference="books", data=data)
    )

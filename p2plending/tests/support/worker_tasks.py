"""Tasks for the tests of the worker."""

from __future__ import annotations

import os
import time
from pathlib import Path

from accounts.services.audit import record
from p2plending.lib.database.transactions import run_money


def say_and_sleep(mark: str, seconds: int) -> None:
    """Write the process id of the worker to a file, then take a while."""
    Path(mark).write_text(str(os.getpid()))
    time.sleep(seconds)


def write_audit_event() -> None:
    """Leave one event of the system in the audit trail."""
    run_money(
        lambda: record(action="loans.loan.tried", actor=None, subject_type="loan", subject_reference="LN-1") and None
    )

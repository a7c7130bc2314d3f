"""The end of a day over 1,000,000 instalments of which 1,000 are due."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
from pathlib import Path

import django
from django.db import connection
from django.db.models import Model

from ledger.models import JournalEntry
from loans.models import Instalment, Loan
from loans.services.servicing.end_of_day import run_end_of_day
from p2plending.trials.bench.measure import cost_of, say, verdict
from p2plending.trials.bench.scene import running_loan

TODAY = dt.date(2026, 6, 15)
LATER = dt.date(2027, 6, 15)
DUE = 1_000
PER_LOAN = 36
SMALL, LARGE = 100_000, 1_000_000


def run(pid: int) -> None:
    """Print costs, growth, memory, and that a second run changes nothing."""
    say("\nEnd of day")
    model = running_loan("nightly", 1)
    Loan.objects.exclude(pk=model.pk).update(next_due_on=LATER)
    costs = {}
    for instalments in (SMALL, LARGE):
        copies(model, instalments // PER_LOAN, prefix=f"N{instalments // PER_LOAN}")
        connection.close()
        # A fresh process, not a copy of this one: what the bench holds is not what a night needs.
        os.environ["WITHOUT_PEERS"] = "yes"
        with multiprocessing.get_context("spawn").Pool(1, initializer=django.setup) as pool:
            costs[instalments] = pool.apply(one_night, (pid,))
        shown = costs[instalments]
        say(
            f"  {Instalment.objects.count():,} instalments, {shown['done']:,} loans due: CPU {shown['cpu']:.1f} s, "
            f"{shown['cpu'] / DUE * 1e3:.1f} ms a loan; memory {shown['memory']:.0f} MB, before it "
            f"{shown['at_rest']:.0f}; again: {shown['again']:.2f} s, entries {shown['changed']}"
        )
    verdict("cost at 1,000,000 over 100,000", costs[LARGE]["cpu"] / costs[SMALL]["cpu"], most=1.5)
    verdict("memory in MB", costs[LARGE]["memory"], most=100)
    verdict("entries of a second run", costs[LARGE]["changed"], most=0)


def copies(model: Loan, number: int, *, prefix: str) -> None:
    """Loans like the model with 36 instalments each; a thousand of them have one due today."""
    connection.ensure_connection()
    loan_columns = _columns(Loan)
    changed = {
        "reference": f"CONCAT('{prefix}-', s.seq)",
        "next_due_on": f"IF(s.seq <= {DUE}, '{TODAY}', '{LATER}')",
        "rolled_forward_to": "'2026-05-16'",
    }
    row_columns = _columns(Instalment)
    first = f"IF(l.next_due_on = '{TODAY}', '{TODAY}', '{LATER}')"
    shifted = {
        "loan_id": "l.id",
        "number": "s.seq",
        "due_date": f"{first} + INTERVAL CAST(s.seq AS SIGNED) - 1 MONTH",
        "period_start": f"{first} + INTERVAL CAST(s.seq AS SIGNED) - 2 MONTH",
    }
    with connection.cursor() as cursor:
        cursor.execute("UPDATE loans_loan SET next_due_on = %s WHERE next_due_on <= %s", [LATER, TODAY])
        cursor.execute(_copy("loans_loan", loan_columns, "m", changed) + f" FROM loans_loan m, seq_1_to_{number} s "
                       "WHERE m.id = %s", [model.pk])  # fmt: skip
        cursor.execute(
            _copy("loans_instalment", row_columns, "m", shifted)
            + f" FROM loans_instalment m, loans_loan l, seq_1_to_{PER_LOAN} s "
            "WHERE m.loan_id = %s AND m.number = 1 AND l.reference LIKE %s",
            [model.pk, f"{prefix}-%"],
        )
        cursor.execute("ANALYZE TABLE loans_loan, loans_instalment")
        cursor.fetchall()


def _columns(model: type[Model]) -> list[str]:
    return [field.column for field in model._meta.fields if field.column is not None and not field.primary_key]


def _copy(table: str, columns: list[str], source: str, changed: dict[str, str]) -> str:
    names = ", ".join(f"`{column}`" for column in columns)
    values = ", ".join(changed.get(column, f"{source}.`{column}`") for column in columns)
    return f"INSERT INTO {table} ({names}) SELECT {values}"


def one_night(pid: int) -> dict[str, float]:
    """In a process of its own, so that its memory is its own: the run, and the run again."""
    done: list[int] = []
    at_rest = peak_memory()

    def night() -> None:
        done.append(run_end_of_day(today=TODAY).done)

    first = cost_of(night, pid)
    entries = JournalEntry.objects.count()
    second = cost_of(night, pid)
    return {
        "done": done[0],
        "cpu": first.cpu,
        "again": second.cpu,
        "changed": JournalEntry.objects.count() - entries,
        "at_rest": at_rest,
        "memory": peak_memory(),
    }


def peak_memory() -> float:
    """The most that this process has held, in MB. `ru_maxrss` would tell of the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024

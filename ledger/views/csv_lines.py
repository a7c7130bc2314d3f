"""One line of a wallet as a line of a CSV file."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from ledger.selectors import WalletLine
from p2plending.lib.documents.csv_files import plain

# Columns of wallet and statement files. Documented on the statements page; names are stable, new ones go to the end.
LINE_HEADER = (
    "value_date", "booked_at", "code", "what", "subject", "entry", "line",
    "amount_in", "amount_out", "balance_after", "currency",
)  # fmt: skip


def line_row(line: WalletLine) -> tuple[Any, ...]:
    """One line of a wallet under `LINE_HEADER`."""
    return (
        line.value_date.isoformat(),
        line.posted_at.isoformat(timespec="seconds"),
        line.code.value,
        line.words,
        line.subject_reference,
        line.entry_reference,
        line.seq,
        plain(line.amount_in),
        plain(line.amount_out),
        plain(line.balance_after),
        settings.CURRENCY,
    )

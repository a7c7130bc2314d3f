"""Money paid ahead that is kept: what it covers of the payments to come. In memory."""

from __future__ import annotations

from collections.abc import Sequence

from loans.models import Instalment


def left_to_pay(rows: Sequence[Instalment], credit: int) -> list[tuple[Instalment, int]]:
    """Each unpaid instalment, the oldest first, with what `credit` (minor units) leaves to pay of it; 0 is covered."""
    found = []
    for row in rows:
        if row.total_unpaid:
            covered = min(credit, row.total_unpaid)
            credit -= covered
            found.append((row, row.total_unpaid - covered))
    return found

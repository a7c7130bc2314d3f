"""Work that a worker does for the staff desk."""

from __future__ import annotations

from adminpanel.services.books_check import check_books as run_check


def check_books() -> str:
    """Prove the books; says how many checks hold. The breaks stand in the audit trail and in the log."""
    data = run_check(actor=None).data
    return f"{data['checks'] - len(data['red'])} of {data['checks']} checks hold"

"""A short name for all the facts of the books, to compare one server with another."""

from __future__ import annotations

import datetime as dt

from django.db import connection

# On the server: the facts of years would be too many to fetch. An entry and its postings never change.
FACTS = (
    "SELECT COUNT(*), COALESCE(SUM(CRC32(CONCAT_WS('#', e.id, e.reference, e.idempotency_key, e.kind, e.value_date,"
    " p.id, p.account_id, p.debit, p.credit, p.code, p.seq, p.balance_after))), 0)"
    " FROM ledger_journalentry e LEFT JOIN ledger_posting p ON p.entry_id = e.id WHERE e.posted_at < %s"
)


def digest_of_books(before: dt.datetime) -> str:
    """How many postings were booked before an instant, and a sum over all that they say. MariaDB and MySQL only."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS, [connection.ops.adapt_datetimefield_value(before)])
        number, total = cursor.fetchone()
    return f"{number} postings, digest {int(total):x}"

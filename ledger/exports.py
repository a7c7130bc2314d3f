"""Files for spreadsheets: plain decimals, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse

from ledger.selectors import WalletLine
from p2plending.lib.money import format_plain

# Columns of wallet and statement files. Documented on the statements page; names are stable, new ones go to the end.
LINE_HEADER = (
    "value_date", "booked_at", "code", "what", "subject", "entry", "line",
    "amount_in", "amount_out", "balance_after", "currency",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
BYTE_ORDER_MARK = "\ufeff"


class _Echo:
    """What `csv` needs of a file, giving each row back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def safe_cell(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS) and not _is_number(value):
        return f"'{value}"
    return value


def plain(minor: int) -> str:
    """An amount for a file: 123450 is `1234.50`."""
    return format_plain(minor, settings.CURRENCY_EXPONENT)


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The text of a CSV file, row by row (RFC 4180: comma, CRLF, quotes where needed)."""
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])


def csv_response(filename: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A download in UTF-8 with the mark that spreadsheets look for; streamed, so that its length does not matter."""
    response = StreamingHttpResponse(csv_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


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


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()

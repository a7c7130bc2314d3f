"""The one writer of CSV files: plain decimals, a byte order mark, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse

from p2plending.lib.money import format_plain

# Spreadsheets split a file at whatever separator their owner's country uses, so a formula may begin after each of them;
# blanks and quotes in front do not stop it. Full-width signs count in East Asian editions.
_FORMULA_START = re.compile(r"""(^|[,;|\t\r\n])(?=[\s"]*[=+\-@＝＋－＠])""")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
BYTE_ORDER_MARK = "\ufeff"


class _Echo:
    """What `csv` needs of a file, giving each row back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def safe_cell(value: Any) -> Any:
    """Numbers as they are; in text an apostrophe before everything that a spreadsheet could take for a formula.

    That holds whether the file is then read with commas, semicolons, tabs or pipes between its cells.
    """
    if value is None or (isinstance(value, int | Decimal) and not isinstance(value, bool)):
        return value
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text if _NUMBER.fullmatch(text) else _FORMULA_START.sub(r"\1'", text)


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

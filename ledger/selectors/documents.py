"""The statement of a wallet as a document to print and to keep."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from ledger.selectors import statement, wallet_totals
from p2plending.lib.documents.printed import Document
from p2plending.lib.errors import Refused

# A PDF of so many lines takes some ten seconds; the CSV file and the print page have no such limit.
MOST_LINES_OF_PDF = 3_000


class StatementTooLong(Refused):
    """More lines than a PDF file is made of."""

    code = "statement_too_long"
    default_message = gettext_lazy("This period has more lines than fit a PDF. Choose a shorter one, or take the CSV.")


def statement_document(user: User, start: dt.date, end: dt.date, *, most_lines: int | None = None) -> Document:
    """The person's statement from `start` to `end` inclusive. Raises StatementTooLong above `most_lines`."""
    if most_lines is not None:
        count = wallet_totals(user, start=start, end=end).count
        if count > most_lines:
            raise StatementTooLong(lines=count, most=most_lines)
    return Document(
        template="documents/statement.html",
        title=_("Statement"),
        reference=user.member_number,
        name=f"statement-{start.isoformat()}-{end.isoformat()}",
        print_url=reverse("ledger:statement_print", args=[start, end]),
        pdf_url=reverse("ledger:statement_pdf", args=[start, end]),
        back_url=reverse("ledger:statement", args=[start, end]),
        context={"statement": statement(user, start, end), "person": user},
    )

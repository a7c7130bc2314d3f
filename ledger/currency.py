"""The currency of the books: written with the first entry, and the same for ever after.

Amounts carry no currency, so books kept in euros and read with `CURRENCY=JPY` would show every cent as a yen.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ledger.models import BooksCurrency
from p2plending.lib.database.transactions import require_transaction
from p2plending.lib.errors import Refused


class WrongCurrency(Refused):
    """The setting CURRENCY is not the currency in which the books are kept: nothing may be read or written so."""

    code = "wrong_currency"
    status = 503
    default_message = _("The site is being set up. Nothing has moved.")


def books_currency() -> str | None:
    """The code of the currency in which the books are kept; None while they are empty."""
    return BooksCurrency.objects.values_list("code", flat=True).first()


def currency_problem() -> str:
    """One line that says what to do when the books are kept in another currency than the setting; else empty."""
    kept = books_currency()
    if kept in (None, settings.CURRENCY):
        return ""
    return f"The books are kept in {kept}, but CURRENCY is {settings.CURRENCY}. Set CURRENCY={kept}."


def keep_currency() -> None:
    """Write the currency with the first entry; afterwards compare. Call in the transaction of the entry.

    Raises WrongCurrency.
    """
    require_transaction()
    kept = books_currency()
    if kept is None:
        BooksCurrency.objects.bulk_create([BooksCurrency(code=settings.CURRENCY)], ignore_conflicts=True)
        kept = books_currency()
    if kept != settings.CURRENCY:
        raise WrongCurrency(books=kept, setting=settings.CURRENCY)

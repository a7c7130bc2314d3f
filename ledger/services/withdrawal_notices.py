"""What people are told about their withdrawals."""

from __future__ import annotations

from django.utils.translation import gettext as _t

from ledger.models import Withdrawal
from p2plending.lib.formatting import format_money


def withdrawal_words(withdrawal: Withdrawal) -> dict[str, str]:
    """What sentences name: what is left to send, and the end of the account number."""
    return {"left": format_money(withdrawal.on_its_way), "last4": withdrawal.iban_last4}


def kept_words(taken: int) -> str:
    """That a part (minor units) paid what was owed."""
    return _t("%(taken)s of it paid what you owed us for a payment that came back.") % {"taken": format_money(taken)}


def dues_words(withdrawal: Withdrawal, taken: int) -> str:
    """The same, and where the rest goes."""
    left = _t("%(left)s goes to your account ending in %(last4)s.") % withdrawal_words(withdrawal)
    return f"{kept_words(taken)} {left}"

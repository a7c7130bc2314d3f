"""Accounts of the client book in the words of a wallet page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger import chart

if TYPE_CHECKING:
    from ledger.selectors.statement import EntrySide

# Of the person who reads, and of everybody else.
_WORDS: dict[str, tuple[str | Promise, str | Promise]] = {
    chart.CLIENT_BANK: (_("Client account at the bank"), _("Client account at the bank")),
    chart.REPAYMENTS_BANK: (_("Client account for loan payments"), _("Client account for loan payments")),
    chart.DUE_FROM_USER: (_("What you owe us"), _("What others owe us")),
    chart.WALLET_AVAILABLE: (_("Your wallet, available"), _("Other people's wallets")),
    chart.WALLET_RESERVED: (_("Your wallet, reserved for loans"), _("Other people's reserved money")),
    chart.WALLET_WITHDRAWING: (_("Your wallet, on its way out"), _("Other people's money on its way out")),
    chart.LOAN_COLLECTION: (_("Account of the loan"), _("Account of the loan")),
    chart.FEES_DUE: (_("Our fees"), _("Our fees")),
    chart.CONTINGENCY_FUND: (_("Contingency fund"), _("Contingency fund")),
    chart.TAX_WITHHELD: (_("Tax withheld"), _("Tax withheld")),
}


def side_words(side: EntrySide) -> str:
    """What an account is called for the person who reads: their own, or everybody else's."""
    own, others = _WORDS[side.account_code]
    return str(own if side.is_own else others)

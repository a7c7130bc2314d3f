"""Who may see wallets, what goes in and out of them, and the books."""

from __future__ import annotations

from django.db.models import Q

from ledger.chart import WALLET_AVAILABLE
from ledger.enums.permissions import VIEW_DEPOSITS, VIEW_ENTRIES, VIEW_POSTINGS, VIEW_WITHDRAWALS
from ledger.models import Account, Deposit, JournalEntry, Posting, Withdrawal
from p2plending.lib.access import AccessRule

DEPOSITS = AccessRule(Deposit, VIEW_DEPOSITS, own=lambda user: Q(user=user))
WITHDRAWALS = AccessRule(Withdrawal, VIEW_WITHDRAWALS, own=lambda user: Q(user=user))
# The lines of a wallet are the postings on its free money.
WALLET_LINES = AccessRule(
    Posting, VIEW_POSTINGS, own=lambda user: Q(account__owner=user, account__code=WALLET_AVAILABLE)
)
# What a person has with us: shown to staff who look after money on its way in and out.
WALLETS = AccessRule(Account, VIEW_DEPOSITS, own=lambda user: Q(owner=user))
ENTRIES = AccessRule(JournalEntry, VIEW_ENTRIES)

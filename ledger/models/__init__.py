"""MONEY: accounts, entries, postings, deposits, withdrawals. The books know no loans."""

from ledger.models.account import Account, BalanceSnapshot
from ledger.models.currency import BooksCurrency
from ledger.models.journal import JournalEntry, Posting
from ledger.models.wallet import Deposit, Withdrawal

__all__ = ["Account", "BalanceSnapshot", "BooksCurrency", "Deposit", "JournalEntry", "Posting", "Withdrawal"]

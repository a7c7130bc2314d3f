"""Reads of the books: wallets, statements, balances."""

from __future__ import annotations

from ledger.selectors.books import TrialBalanceLine, balance, trial_balance
from ledger.selectors.statement import (
    LineExplanation,
    Statement,
    WalletLine,
    WalletTotals,
    explain_line,
    first_line_on,
    grouped,
    line_of,
    statement,
    wallet_codes,
    wallet_postings,
    wallet_rows,
    wallet_totals,
)
from ledger.selectors.wallet import (
    WalletDebt,
    WalletSummary,
    debts_of,
    deposit_of,
    deposits_of,
    open_withdrawals,
    similar_deposit,
    waiting_deposits,
    wallet_summary,
    withdrawal_of,
    withdrawals_of,
)

__all__ = [
    "LineExplanation",
    "Statement",
    "TrialBalanceLine",
    "WalletDebt",
    "WalletLine",
    "WalletSummary",
    "WalletTotals",
    "balance",
    "debts_of",
    "deposit_of",
    "deposits_of",
    "explain_line",
    "first_line_on",
    "grouped",
    "line_of",
    "open_withdrawals",
    "similar_deposit",
    "statement",
    "trial_balance",
    "waiting_deposits",
    "wallet_codes",
    "wallet_postings",
    "wallet_rows",
    "wallet_summary",
    "wallet_totals",
    "withdrawal_of",
    "withdrawals_of",
]

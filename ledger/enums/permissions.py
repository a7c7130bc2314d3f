"""Names of the permissions that access rules of the ledger ask for; `adminpanel` gives them to groups of staff."""

from __future__ import annotations

VIEW_DEPOSITS = "ledger.view_deposit"
VIEW_WITHDRAWALS = "ledger.view_withdrawal"
VIEW_ACCOUNTS = "ledger.view_account"
VIEW_ENTRIES = "ledger.view_journalentry"
VIEW_POSTINGS = "ledger.view_posting"

"""The whole journal in the formats of other people's bookkeeping tools, so that an outsider can check our books.

hledger and beancount get the same account names: the five roots that both know, our code, then member number or loan.
No file holds a name or an address of a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings

from ledger.chart import CHART
from ledger.enums.books import AccountType, OwnerKind
from ledger.models import Account, JournalEntry
from p2plending.lib.documents.csv_files import csv_lines, plain

ENTRIES_PER_QUERY = 2_000
CSV_HEADER = (
    "entry", "value_date", "booked_at", "kind", "subject", "actor", "narrative", "reverses",
    "account", "owner", "line_code", "debit", "credit", "currency",
)  # fmt: skip
_ROOTS = {
    AccountType.ASSET: "Assets",
    AccountType.LIABILITY: "Liabilities",
    AccountType.EQUITY: "Equity",
    AccountType.INCOME: "Income",
    AccountType.EXPENSE: "Expenses",
    # A memo pair cancels itself out; both tools want it under one of the five.
    AccountType.MEMO: "Equity:Memo",
}


def account_name(account: Account) -> str:
    """`Liabilities:C2100:M-7F3K2A9C`. The account's owner must have been fetched with it."""
    line = CHART[account.code]
    parts = [_ROOTS[line.type], account.code]
    if line.owner != OwnerKind.NONE:
        parts.append(_owner(account))
    return ":".join(parts)


def hledger_lines() -> Iterator[str]:
    """The journal for `hledger check --strict`: declared accounts and currency, then every entry."""
    yield f"commodity 1000.{'0' * settings.CURRENCY_EXPONENT} {settings.CURRENCY}\n\n"
    for account in _accounts():
        yield f"account {account_name(account)}  ; {CHART[account.code].name}\n"
    for entry in _entries():
        yield f"\n{entry.value_date.isoformat()} * ({entry.reference}) {_one_line(entry.narrative)}\n"
        yield f"    ; kind: {entry.kind}, subject: {entry.subject_reference}\n"
        for name, amount in _signed(entry):
            yield f"    {name}  {amount} {settings.CURRENCY}\n"


def beancount_lines() -> Iterator[str]:
    """The journal for `bean-check`: opened accounts, then every entry."""
    yield f'option "operating_currency" "{settings.CURRENCY}"\n\n'
    first = JournalEntry.objects.order_by("value_date").values_list("value_date", flat=True).first()
    if first is None:
        return
    for account in _accounts():
        yield f"{first.isoformat()} open {account_name(account)} {settings.CURRENCY}\n"
    for entry in _entries():
        narrative = _one_line(entry.narrative).replace("\\", "\\\\").replace('"', '\\"')
        yield f'\n{entry.value_date.isoformat()} * "{entry.kind}" "{narrative}"\n'
        yield f'  reference: "{entry.reference}"\n'
        for name, amount in _signed(entry):
            yield f"  {name}  {amount} {settings.CURRENCY}\n"


def journal_csv_lines() -> Iterator[str]:
    """One row per posting under `CSV_HEADER`, in the order in which things were written."""
    return csv_lines(CSV_HEADER, (row for entry in _entries() for row in _csv_rows(entry)))


FORMATS = {"hledger": hledger_lines, "beancount": beancount_lines, "csv": journal_csv_lines}


def _accounts() -> Iterator[Account]:
    return Account.objects.select_related("owner").order_by("code", "pk").iterator(ENTRIES_PER_QUERY)


def _entries() -> Iterator[JournalEntry]:
    entries = JournalEntry.objects.select_related("reverses").prefetch_related("postings__account__owner")
    return entries.order_by("pk").iterator(ENTRIES_PER_QUERY)


def _owner(account: Account) -> str:
    return account.owner.member_number if account.owner is not None else account.loan_reference


def _signed(entry: JournalEntry) -> Iterator[tuple[str, str]]:
    """Account and amount, debits positive: how both tools write it."""
    for posting in sorted(entry.postings.all(), key=lambda posting: posting.pk):
        yield account_name(posting.account), plain(posting.debit - posting.credit)


def _csv_rows(entry: JournalEntry) -> Iterator[tuple[Any, ...]]:
    for posting in sorted(entry.postings.all(), key=lambda posting: posting.pk):
        yield (
            entry.reference,
            entry.value_date.isoformat(),
            entry.posted_at.isoformat(timespec="seconds"),
            entry.kind,
            entry.subject_reference,
            entry.actor_label,
            entry.narrative,
            entry.reverses.reference if entry.reverses else "",
            posting.account.code,
            _owner(posting.account),
            posting.code,
            plain(posting.debit),
            plain(posting.credit),
            settings.CURRENCY,
        )


def _one_line(text: str) -> str:
    """Text that can't end a line or begin a comment in either format."""
    return " ".join(text.replace(";", ",").replace("|", "/").split())

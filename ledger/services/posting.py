"""The one door into the books. Nothing else writes accounts, entries or postings."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from ledger.chart import CHART, DUE_FROM_USER, WALLET_AVAILABLE, WALLET_RESERVED, WALLET_WITHDRAWING
from ledger.enums.books import EntryKind, LineCode, Side
from ledger.locks import LockedAccount, account_key, lock_accounts
from ledger.models import Account, JournalEntry, Posting
from p2plending.lib import clock
from p2plending.lib.database.bulk import as_read, insert_row, insert_rows, write_numbers
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import is_dry_run, require_transaction
from p2plending.lib.errors import Refused

logger = logging.getLogger(__name__)

POSTING_COLUMNS = ("entry_id", "account_id", "debit", "credit", "code", "seq", "balance_after")


class InsufficientBalance(Refused):
    """A wallet account would fall below zero."""

    code = "insufficient_balance"
    default_message = _("You don't have enough money available.")


class UnbalancedEntry(RuntimeError):
    """An entry does not balance within a book: a bug in the caller; nothing is written."""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One debit or credit in minor units on the account `key` (`ledger.locks.account_key`)."""

    key: str
    code: LineCode
    debit: int = 0
    credit: int = 0


def debit(code: str, amount: int, line: LineCode, *, owner: User | int | None = None, loan_reference: str = "") -> Line:
    """A debit line on the account of the chart."""
    return Line(account_key(code, owner, loan_reference), line, debit=amount)


def credit(
    code: str, amount: int, line: LineCode, *, owner: User | int | None = None, loan_reference: str = ""
) -> Line:
    """A credit line on the account of the chart."""
    return Line(account_key(code, owner, loan_reference), line, credit=amount)


def post_entry(
    *,
    kind: EntryKind,
    key: str,
    value_date: dt.date,
    lines: Sequence[Line],
    actor: User | None,
    narrative: str,
    subject_type: str = "",
    subject_reference: str = "",
    actor_label: str = "",
    reverses: JournalEntry | None = None,
    may_owe: bool = False,
    line_by_line: bool = False,
) -> JournalEntry:
    """Write one business event: entry, locks, checks, then balances and postings. The number of statements is constant.

    Lines of zero are left out. Call inside `run_money`, after the guard row of the thing that it is about. The key is
    unique for ever; callers replay before they come here.

    Money that comes into the wallet of somebody who owes us clears that first. With `may_owe` a wallet that is too
    empty becomes such a debt (C1300). With `line_by_line` a wallet may not pass below zero between two lines either.

    Raises InsufficientBalance when a guarded account would fall below zero, UnbalancedEntry (a bug) when the lines do
    not balance in every book.
    """
    require_transaction()
    lines = [line for line in lines if line.debit or line.credit]
    _check_balanced(lines)
    values = {
        "reference": new_reference("JE"),
        "idempotency_key": key,
        "kind": kind.value,
        "value_date": value_date,
        "posted_at": clock.now(),
        "actor_id": actor.pk if actor else None,
        "actor_label": actor_label or (actor.member_number if actor else "system"),
        "narrative": narrative,
        "subject_type": subject_type,
        "subject_reference": subject_reference,
        "reverses_id": reverses.pk if reverses else None,
    }
    entry, number = _write(values, lines, may_owe=may_owe, line_by_line=line_by_line)
    if not is_dry_run():
        logger.info(
            "entry posted",
            extra={"entry": entry.reference, "kind": kind.value, "subject": subject_reference, "postings": number},
        )
    return entry


def reverse_entry(
    *,
    entry: JournalEntry,
    key: str,
    value_date: dt.date,
    actor: User | None,
    narrative: str,
    actor_label: str = "",
    may_owe: bool = False,
) -> JournalEntry:
    """Undo an entry by its exact mirror, last line first (rule REV): no balance is lower on the way than it was.

    A second reversal of the same entry breaks its unique link.
    Raises InsufficientBalance when the money has left a wallet since; with `may_owe` its owner then owes it to us.
    """
    lines = [
        Line(posting.account.key, LineCode.REVERSAL, debit=posting.credit, credit=posting.debit)
        for posting in entry.postings.select_related("account").order_by("-pk")
    ]
    return post_entry(
        kind=EntryKind.REVERSAL,
        key=key,
        value_date=value_date,
        lines=lines,
        actor=actor,
        actor_label=actor_label,
        narrative=narrative,
        subject_type=entry.subject_type,
        subject_reference=entry.subject_reference,
        reverses=entry,
        may_owe=may_owe,
    )


def _write(
    values: Mapping[str, Any], lines: Sequence[Line], *, may_owe: bool, line_by_line: bool
) -> tuple[JournalEntry, int]:
    """The entry and how many postings it has."""
    # Ahead of the locks: it needs nothing of the accounts, which are so locked for a shorter time.
    entry = as_read(JournalEntry, insert_row(JournalEntry, values), values)
    accounts = lock_accounts({line.key for line in lines})
    lines = _settle_dues(lines, accounts, may_owe=may_owe)
    try:
        chained = _chain(lines, accounts, line_by_line=line_by_line)
    except (InsufficientBalance, UnbalancedEntry):
        # The entry is there without its postings: whoever swallows this can keep nothing of the transaction.
        transaction.set_rollback(True)
        raise
    moved = {account.pk: (account.balance, account.version) for account in accounts.values() if account.is_moved}
    write_numbers(Account, ("balance", "version"), moved)
    insert_rows(Posting, POSTING_COLUMNS, [(entry.pk, *row) for row in chained])
    return entry, len(chained)


def _check_balanced(lines: Sequence[Line]) -> None:
    if not lines:
        raise UnbalancedEntry("An entry needs lines.")
    difference: dict[str, int] = defaultdict(int)
    for line in lines:
        if type(line.debit) is not int or type(line.credit) is not int:
            raise UnbalancedEntry(f"{line} must be in whole minor units.")
        if line.debit < 0 or line.credit < 0 or (line.debit and line.credit):
            raise UnbalancedEntry(f"{line} must have exactly one positive side.")
        difference[line.key[0]] += line.debit - line.credit
    broken = {book: amount for book, amount in difference.items() if amount}
    if broken:
        raise UnbalancedEntry(f"Debits minus credits by book: {broken}.")


def _settle_dues(lines: Sequence[Line], accounts: dict[str, LockedAccount], *, may_owe: bool) -> list[Line]:
    """Lines with what people owe us (C1300) taken from money that comes in, or added when a wallet is too empty.

    An account of dues is only touched while its owner's wallet is locked, so it needs no place in the order of locks.
    """
    lowest, final = _course_of_wallets(lines, accounts)
    short = {key: -lowest[key] for key in lowest if may_owe and lowest[key] < 0}
    paying = [key for key, account in accounts.items() if account.has_due and key not in short]
    # A mirrored entry brings back what it had cleared or added.
    given = [line for line in lines if line.key.startswith(DUE_FROM_USER)]
    if not short and not paying and not given:
        return list(lines)
    accounts |= lock_accounts({_due_key(key) for key in [*short, *paying]})
    owed = [line for key, amount in short.items() for line in _due_lines(key, amount)]
    cleared = []
    for key in paying:
        due = accounts[_due_key(key)].balance
        due += sum(line.debit - line.credit for line in given if line.key == _due_key(key))
        amount = max(min(due, final[key] - accounts[key].balance, final[key]), 0)
        cleared += [Line(line.key, line.code, line.credit, line.debit) for line in _due_lines(key, amount) if amount]
    _mark_dues(accounts, [*owed, *given], cleared)
    return [*owed, *lines, *cleared]


def _course_of_wallets(
    lines: Sequence[Line], accounts: dict[str, LockedAccount]
) -> tuple[dict[str, int], dict[str, int]]:
    """The lowest and the last balance of each wallet along the lines."""
    final = {line.key: accounts[line.key].balance for line in lines if line.key.startswith(WALLET_AVAILABLE)}
    lowest = dict(final)
    for line in lines:
        if line.key in final:
            final[line.key] += line.credit - line.debit
            lowest[line.key] = min(lowest[line.key], final[line.key])
    return lowest, final


def _due_key(wallet_key: str) -> str:
    return wallet_key.replace(WALLET_AVAILABLE, DUE_FROM_USER, 1)


def _due_lines(wallet_key: str, amount: int) -> list[Line]:
    return [
        Line(_due_key(wallet_key), LineCode.DUE, debit=amount),
        Line(wallet_key, LineCode.DUE, credit=amount),
    ]


def _mark_dues(accounts: dict[str, LockedAccount], owed: Sequence[Line], cleared: Sequence[Line]) -> None:
    """Say on the wallets whose owners begin or stop to owe us."""
    left = {line.key: accounts[line.key].balance for line in [*owed, *cleared] if line.key.startswith(DUE_FROM_USER)}
    for line in [*owed, *cleared]:
        if line.key in left:
            left[line.key] += line.debit - line.credit
    for key, amount in left.items():
        wallet = accounts[key.replace(DUE_FROM_USER, WALLET_AVAILABLE, 1)]
        if wallet.has_due != bool(amount):
            Account.objects.filter(pk=wallet.pk).update(has_due=bool(amount))


def _chain(
    lines: Sequence[Line], accounts: dict[str, LockedAccount], *, line_by_line: bool
) -> list[tuple[int | str | None, ...]]:
    """Move the balances in memory, line by line, and return posting rows without the entry's id."""
    rows: list[tuple[int | str | None, ...]] = []
    for line in lines:
        account = accounts[line.key]
        chart_line = CHART[line.key[:5]]
        seq = balance_after = None
        if chart_line.is_guarded:
            change = line.debit - line.credit
            account.balance += change if chart_line.normal_side == Side.DEBIT else -change
            account.version += 1
            account.is_moved = True
            seq, balance_after = account.version, account.balance
            if line_by_line and balance_after < 0 and chart_line.code == WALLET_AVAILABLE:
                raise InsufficientBalance(
                    account=chart_line.code, available=balance_after + line.debit, missing=-balance_after
                )
        rows.append((account.pk, line.debit, line.credit, line.code.value, seq, balance_after))
    for account in accounts.values():
        if account.balance < 0 and not account.chart_line.may_be_negative:
            raise _shortfall(account)
    return rows


def _shortfall(account: LockedAccount) -> Exception:
    code = account.chart_line.code
    if code in (WALLET_AVAILABLE, WALLET_RESERVED, WALLET_WITHDRAWING, DUE_FROM_USER):
        return InsufficientBalance(account=code, missing=-account.balance)
    return UnbalancedEntry(f"{account.key} would fall to {account.balance}.")

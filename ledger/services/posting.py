"""The one door into the books. Nothing else writes accounts, entries or postings."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Sequence

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from ledger.chart import CHART, DUE_FROM_USER, WALLET_AVAILABLE, WALLET_RESERVED, WALLET_WITHDRAWING
from ledger.enums import EntryKind, LineCode, Side
from ledger.locks import account_key, lock_accounts
from ledger.models import Account, JournalEntry, Posting
from p2plending.lib.bulk import ROWS_PER_STATEMENT, insert_rows
from p2plending.lib.db import require_transaction
from p2plending.lib.errors import Refused
from p2plending.lib.refs import new_reference

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
) -> JournalEntry:
    """Write one business event: lock, check, balances, then entry and postings. The number of statements is constant.

    Lines of zero are left out. Call inside `run_money`, after the guard row of the thing that it is about. The key is
    unique for ever; callers replay before they come here.

    Raises InsufficientBalance when a guarded account would fall below zero, UnbalancedEntry (a bug) when the lines do
    not balance in every book.
    """
    require_transaction()
    lines = [line for line in lines if line.debit or line.credit]
    _check_balanced(lines)
    accounts = lock_accounts({line.key for line in lines})
    chained = _chain(lines, accounts)
    _write_balances([account for account in accounts.values() if account.is_guarded])
    entry = JournalEntry.objects.create(
        reference=new_reference("JE"),
        idempotency_key=key,
        kind=kind,
        value_date=value_date,
        actor=actor,
        actor_label=actor_label or (actor.member_number if actor else "system"),
        narrative=narrative,
        subject_type=subject_type,
        subject_reference=subject_reference,
        reverses=reverses,
    )
    insert_rows(Posting, POSTING_COLUMNS, [(entry.pk, *row) for row in chained])
    logger.info(
        "entry posted",
        extra={"entry": entry.reference, "kind": kind.value, "subject": subject_reference, "postings": len(chained)},
    )
    return entry


def reverse_entry(
    *, entry: JournalEntry, key: str, value_date: dt.date, actor: User | None, narrative: str, actor_label: str = ""
) -> JournalEntry:
    """Undo an entry by its exact mirror. A second reversal of the same entry breaks its unique link.

    Raises InsufficientBalance when the money has left a wallet since: the caller decides what is then owed.
    """
    lines = [
        Line(posting.account.key, LineCode.REVERSAL, debit=posting.credit, credit=posting.debit)
        for posting in entry.postings.select_related("account").order_by("pk")
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
    )


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


def _chain(lines: Sequence[Line], accounts: dict[str, Account]) -> list[tuple[int | str | None, ...]]:
    """Move the balances in memory, line by line, and return posting rows without the entry's id."""
    rows: list[tuple[int | str | None, ...]] = []
    for line in lines:
        account = accounts[line.key]
        seq = balance_after = None
        if account.is_guarded:
            change = line.debit - line.credit
            account.balance += change if account.normal_side == Side.DEBIT else -change
            account.version += 1
            seq, balance_after = account.version, account.balance
        rows.append((account.pk, line.debit, line.credit, line.code.value, seq, balance_after))
    for account in accounts.values():
        if account.balance < 0 and not CHART[account.code].may_be_negative:
            raise _shortfall(account)
    return rows


def _shortfall(account: Account) -> Exception:
    if account.code in (WALLET_AVAILABLE, WALLET_RESERVED, WALLET_WITHDRAWING, DUE_FROM_USER):
        return InsufficientBalance(account=account.code, missing=-account.balance)
    return UnbalancedEntry(f"{account.key} would fall to {account.balance}.")


def _write_balances(accounts: Sequence[Account]) -> None:
    """Write balance and version of locked accounts in id order: one statement, however many there are."""
    Account.objects.bulk_create(
        sorted(accounts, key=lambda account: account.pk),
        update_conflicts=True,
        update_fields=["balance", "version"],
        unique_fields=["id"] if connection.features.supports_update_conflicts_with_target else None,
        batch_size=ROWS_PER_STATEMENT,
    )

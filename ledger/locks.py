"""The only place where accounts are locked: all at once, in id order."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate

from accounts.models import User
from ledger.chart import CHART, ChartLine
from ledger.currency import keep_currency
from ledger.enums.books import OwnerKind
from ledger.models import Account
from p2plending.lib.database.bulk import fetch_rows, quote_name
from p2plending.lib.database.transactions import require_transaction

KEYS_PER_QUERY = 5_000
MOST_KNOWN = 200_000
# Ids of accounts by key, learnt when they are committed: an account is never deleted and never changes its key.
_known: dict[str, int] = {}


@dataclasses.dataclass(slots=True)
class LockedAccount:
    """An account in hand. `balance`, `version` and `has_due` are read under the lock; others keep neither.

    `is_moved` says that a line has changed the balance in hand.
    """

    pk: int
    key: str
    balance: int = 0
    version: int = 0
    has_due: bool = False
    is_moved: bool = False

    @property
    def chart_line(self) -> ChartLine:
        return CHART[self.key[:5]]


def account_key(code: str, owner: User | int | None = None, loan_reference: str = "") -> str:
    """The unique name of an account: `C1000`, `C2100:U12`, `L1200:LN-7F3K2A9C`. Raises ValueError on a wrong owner."""
    line = CHART[code]
    owner_id = owner.pk if isinstance(owner, User) else owner
    if line.owner == OwnerKind.USER and owner_id and not loan_reference:
        return f"{code}:U{owner_id}"
    if line.owner == OwnerKind.LOAN and loan_reference and not owner_id:
        return f"{code}:{loan_reference}"
    if line.owner == OwnerKind.NONE and not owner_id and not loan_reference:
        return code
    raise ValueError(f"Account {code} belongs to: {line.owner}.")


def lock_accounts(keys: Collection[str]) -> dict[str, LockedAccount]:
    """Open what is missing, then lock the guarded ones in id order. Call once per transaction, with all keys.

    Returns accounts by key. Unguarded accounts are returned unlocked: nobody writes them.
    """
    database = require_transaction()
    wanted = sorted(set(keys))
    ids = {key: _known[key] for key in wanted if key in _known}
    missing = [key for key in wanted if key not in ids]
    if missing:
        ids |= _find_or_open(missing)
    guarded = {key: pk for key, pk in ids.items() if CHART[key[:5]].is_guarded}
    accounts = _lock(database, guarded.values())
    if accounts.keys() != guarded.keys():
        # Another database stands behind the connection than the one that was learnt from.
        _known.clear()
        return lock_accounts(keys)
    accounts |= {key: LockedAccount(pk, key) for key, pk in ids.items() if key not in guarded}
    return accounts


def forget_accounts(**_signal: Any) -> None:
    """Learn the ids of accounts anew: the database was emptied or changed by a migration."""
    _known.clear()


post_migrate.connect(forget_accounts, dispatch_uid="ledger.locks.forget_accounts")


def _find_or_open(keys: list[str]) -> dict[str, int]:
    found = _fetch(keys)
    missing = [key for key in keys if key not in found]
    if missing:
        keep_currency()  # the first entry opens accounts; so does every first entry of a person or a loan
        Account.objects.bulk_create([_new_account(key) for key in missing], ignore_conflicts=True)
        found |= _fetch(missing)
    transaction.on_commit(lambda: _learn(found))
    return found


def _learn(found: dict[str, int]) -> None:
    if len(_known) + len(found) > MOST_KNOWN:
        _known.clear()
    _known.update(found)


def _lock(database: BaseDatabaseWrapper, ids: Iterable[int]) -> dict[str, LockedAccount]:
    ordered = sorted(ids)
    lock = " FOR UPDATE" if database.features.has_select_for_update else ""
    locked: dict[str, LockedAccount] = {}
    # By hand: this is the hottest statement of the books, and the ORM would cost more than the database.
    for start in range(0, len(ordered), KEYS_PER_QUERY):
        places = ", ".join(map(str, ordered[start : start + KEYS_PER_QUERY]))
        found = fetch_rows(database, f"{_select()} WHERE id IN ({places}) ORDER BY id{lock}")
        for pk, key, balance, version, has_due in found:
            locked[key] = LockedAccount(pk, key, balance, version, bool(has_due))
    return locked


@functools.cache
def _select() -> str:
    columns = ", ".join(map(quote_name, ("id", "key", "balance", "version", "has_due")))
    return f"SELECT {columns} FROM {quote_name(Account._meta.db_table)}"  # noqa: S608 - names of our own schema


def _fetch(keys: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(keys), KEYS_PER_QUERY):
        rows = Account.objects.filter(key__in=keys[start : start + KEYS_PER_QUERY])
        found |= dict(rows.values_list("key", "pk"))
    return found


def _new_account(key: str) -> Account:
    code, _, owner = key.partition(":")
    line = CHART[code]
    return Account(
        key=key,
        code=code,
        book=line.book,
        type=line.type,
        normal_side=line.normal_side,
        owner_id=int(owner[1:]) if line.owner == OwnerKind.USER else None,
        loan_reference=owner if line.owner == OwnerKind.LOAN else "",
        is_guarded=line.is_guarded,
    )

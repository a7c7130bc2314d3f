"""The only place where accounts are locked: all at once, in id order."""

from __future__ import annotations

from collections.abc import Collection

from accounts.models import User
from ledger.chart import CHART
from ledger.enums import OwnerKind
from ledger.models import Account
from p2plending.lib.db import require_transaction

KEYS_PER_QUERY = 5_000


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


def lock_accounts(keys: Collection[str]) -> dict[str, Account]:
    """Open what is missing, then lock the guarded ones in id order. Call once per transaction, with all keys.

    Returns accounts by key. Unguarded accounts are returned unlocked: nobody writes them.
    """
    require_transaction()
    wanted = sorted(set(keys))
    found = _fetch(wanted)
    missing = [key for key in wanted if key not in found]
    if missing:
        Account.objects.bulk_create([_new_account(key) for key in missing], ignore_conflicts=True)
        found |= _fetch(missing)
    guarded = sorted(account.pk for account in found.values() if account.is_guarded)
    for start in range(0, len(guarded), KEYS_PER_QUERY):
        locked = Account.objects.select_for_update().filter(pk__in=guarded[start : start + KEYS_PER_QUERY])
        for account in locked.order_by("pk"):
            found[account.key] = account
    return found


def _fetch(keys: list[str]) -> dict[str, Account]:
    found: dict[str, Account] = {}
    for start in range(0, len(keys), KEYS_PER_QUERY):
        for account in Account.objects.filter(key__in=keys[start : start + KEYS_PER_QUERY]):
            found[account.key] = account
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

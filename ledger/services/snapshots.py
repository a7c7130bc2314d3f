"""Snapshots of the accounts that keep no balance, so that their sum reads only what came since."""

from __future__ import annotations

import datetime as dt
from functools import partial

from ledger.models import Account, BalanceSnapshot
from ledger.selectors.books import totals
from p2plending.lib.database.transactions import run_money

# An entry gets its time before it commits. Older than this, every entry is either visible or gone for good: no
# transaction lives longer than a minute or two, and the clocks of two servers differ by less than the rest.
SETTLED_AFTER = dt.timedelta(minutes=5)


def take_snapshots(now: dt.datetime) -> int:
    """Write a snapshot of each shared account as it stood a few minutes before `now`; returns how many.

    An account without new postings gets none. May run twice: an account that has a snapshot of that moment is left out.
    """
    moment = now - SETTLED_AFTER
    accounts = Account.objects.filter(is_guarded=False).order_by("pk")
    return sum(run_money(partial(_snapshot, account, moment)) for account in accounts)


def _snapshot(account: Account, moment: dt.datetime) -> int:
    """Number of snapshots written: one or none."""
    last = BalanceSnapshot.objects.filter(account=account).order_by("-posted_up_to").first()
    if last is not None and last.posted_up_to >= moment:
        return 0
    new = account.postings.filter(entry__posted_at__lte=moment)
    if last is not None:
        new = new.filter(entry__posted_at__gt=last.posted_up_to)
    debit, credit = totals(new)
    if not debit and not credit:
        return 0
    if last is not None:
        debit, credit = debit + last.debit_total, credit + last.credit_total
    BalanceSnapshot.objects.create(account=account, posted_up_to=moment, debit_total=debit, credit_total=credit)
    return 1

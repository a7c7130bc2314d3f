"""Balances of any account, now or on a day, and the whole trial balance."""

from __future__ import annotations

import dataclasses
import datetime as dt

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from ledger.chart import CHART, ChartLine
from ledger.enums.books import Side
from ledger.models import Account, BalanceSnapshot, Posting


@dataclasses.dataclass(frozen=True, slots=True)
class TrialBalanceLine:
    """One code of the chart: all its debits and credits in minor units."""

    chart_line: ChartLine
    debit: int
    credit: int

    @property
    def balance(self) -> int:
        """On the account's normal side; negative when it stands on the other."""
        return on_normal_side(self.debit, self.credit, self.chart_line.normal_side)


def on_normal_side(debit: int, credit: int, side: str) -> int:
    """Debits minus credits as the balance of an account whose normal side is `side`."""
    return debit - credit if side == Side.DEBIT else credit - debit


def totals(postings: QuerySet[Posting]) -> tuple[int, int]:
    """Sum of debits and sum of credits, in one query."""
    sums = postings.aggregate(debit=Coalesce(Sum("debit"), 0), credit=Coalesce(Sum("credit"), 0))
    return int(sums["debit"]), int(sums["credit"])


def balance(code: str, owner: User | None = None, loan_reference: str = "", as_of: dt.date | None = None) -> int:
    """Balance of one account on its normal side, in minor units. An account that was never used has zero.

    Without a date: what stands now. With one: all lines whose value date is that day or earlier.
    """
    account = Account.objects.filter(code=code, owner=owner, loan_reference=loan_reference).first()
    if account is None:
        return 0
    if as_of is not None:
        debit, credit = totals(account.postings.filter(entry__value_date__lte=as_of))
    elif account.is_guarded:
        return account.balance
    else:
        debit, credit = totals_now(account)
    return on_normal_side(debit, credit, account.normal_side)


def totals_now(account: Account) -> tuple[int, int]:
    """All debits and credits of an account: its newest snapshot, and what was posted since."""
    snapshot = BalanceSnapshot.objects.filter(account=account).order_by("-posted_up_to").first()
    if snapshot is None:
        return totals(account.postings.all())
    debit, credit = totals(account.postings.filter(entry__posted_at__gt=snapshot.posted_up_to))
    return snapshot.debit_total + debit, snapshot.credit_total + credit


def trial_balance(as_of: dt.date | None = None) -> list[TrialBalanceLine]:
    """Debits and credits of every code of the chart, in its order; with a date, by value date up to that day."""
    counted = Q() if as_of is None else Q(entry__value_date__lte=as_of)
    rows = Posting.objects.filter(counted).order_by().values_list("account__code")
    sums = {code: (int(debit), int(credit)) for code, debit, credit in rows.annotate(Sum("debit"), Sum("credit"))}
    return [TrialBalanceLine(line, *sums.get(code, (0, 0))) for code, line in CHART.items()]

"""What must always hold in the books. Each check is a query over live data; the numbers are those of docs/domain.md.

`manage.py check_books`, the nightly job and the staff page run them, with those of the loans.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Case, F, QuerySet, Sum, When, Window
from django.db.models.functions import Coalesce, Lag
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger import chart
from ledger.enums.books import Book, Side, WithdrawalStatus
from ledger.models import Account, BalanceSnapshot, Posting, Withdrawal
from ledger.selectors.books import on_normal_side, totals, trial_balance
from ledger.selectors.wallet import WALLET_CODES

# A broken book can have millions of wrong rows; these are enough to see what is the matter.
MOST_BREAKS = 50
CLIENT_ASSETS = (chart.CLIENT_BANK, chart.REPAYMENTS_BANK, chart.DUE_FROM_USER)


@dataclasses.dataclass(frozen=True, slots=True)
class Break:
    """One place where an invariant does not hold. Figures are minor units unless the check says otherwise."""

    code: str
    subject: str
    expected: int
    found: int


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One invariant: its number, what it says, and the function that looks for breaks."""

    code: str
    title: str | Promise
    function: Callable[[], list[Break]]


def entries_balance() -> list[Break]:
    """I1: each entry has equal debits and credits in each book."""
    rows = _sums(Posting.objects.all(), "entry__reference", "account__book").exclude(debits=F("credits"))
    return [
        Break("I1", f"{row['entry__reference']} book {row['account__book']}", row["debits"], row["credits"])
        for row in rows[:MOST_BREAKS]
    ]


def books_balance() -> list[Break]:
    """I2: all debits equal all credits in each book."""
    sums = {row["account__book"]: row for row in _sums(Posting.objects.all(), "account__book")}
    return [
        Break("I2", f"book {book.value}", row["debits"], row["credits"])
        for book in Book
        if (row := sums.get(book)) and row["debits"] != row["credits"]
    ]


def client_money_is_there() -> list[Break]:
    """I3: client bank accounts, and what users owe, equal all that we owe to users and for them."""
    owned = owed = 0
    for line in trial_balance():
        if line.chart_line.book == Book.CLIENT:
            if line.chart_line.code in CLIENT_ASSETS:
                owned += line.balance
            else:
                owed += line.balance
    return [] if owned == owed else [Break("I3", "client money", owed, owned)]


def wallets_are_not_negative() -> list[Break]:
    """I4: no part of a wallet is below zero, nor ever was."""
    now = Account.objects.filter(code__in=WALLET_CODES, balance__lt=0).values_list("key", "balance")
    once = Posting.objects.filter(account__code__in=WALLET_CODES, balance_after__lt=0)
    breaks = [Break("I4", key, 0, balance) for key, balance in now[:MOST_BREAKS]]
    for key, seq, balance in once.order_by("pk").values_list("account__key", "seq", "balance_after")[:MOST_BREAKS]:
        breaks.append(Break("I4", f"{key} line {seq}", 0, balance))
    return breaks


def withdrawing_money_has_a_withdrawal() -> list[Break]:
    """I7: each user's money on its way out equals their open withdrawals."""
    held = dict(
        Account.objects.filter(code=chart.WALLET_WITHDRAWING).exclude(balance=0).values_list("owner_id", "balance")
    )
    open_rows = Withdrawal.objects.filter(status__in=WithdrawalStatus.open()).order_by().values_list("user_id")
    sums = open_rows.annotate(to_send=Sum(F("amount") - F("kept_for_dues")))
    asked = {user_id: int(amount) for user_id, amount in sums}
    return [
        Break("I7", chart.WALLET_WITHDRAWING + f":U{user_id}", asked.get(user_id, 0), held.get(user_id, 0))
        for user_id in sorted(held.keys() | asked.keys())
        if held.get(user_id, 0) != asked.get(user_id, 0)
    ][:MOST_BREAKS]


def fees_agree() -> list[Break]:
    """I8: fees due from the client account equal the platform's claim on it."""
    balances = {line.chart_line.code: line.balance for line in trial_balance()}
    due, earned = balances[chart.FEES_DUE], balances[chart.EARNED_FEES]
    return [] if due == earned else [Break("I8", "fees due", earned, due)]


def cached_balances_agree() -> list[Break]:
    """I10: each stored balance equals the sum of its postings, and its version their number."""
    sums = {
        key: on_normal_side(int(debit), int(credit), side)
        for key, side, debit, credit in Posting.objects.filter(account__is_guarded=True)
        .order_by()
        .values_list("account__key", "account__normal_side")
        .annotate(Sum("debit"), Sum("credit"))
    }
    stored = Account.objects.filter(is_guarded=True).values_list("key", "balance").iterator()
    breaks = [Break("I10", key, sums.get(key, 0), balance) for key, balance in stored if balance != sums.get(key, 0)]
    last = Posting.objects.filter(account__is_guarded=True, seq=F("account__version"))
    wrong = Account.objects.filter(is_guarded=True, version__gt=0).exclude(pk__in=last.values("account"))
    breaks += [Break("I10", f"{key}, last line", version, 0) for key, version in wrong.values_list("key", "version")]
    return breaks[:MOST_BREAKS]


def chains_are_whole() -> list[Break]:
    """I10: the lines of each guarded account are numbered without gaps, each balance follows from the one before."""
    change = Case(
        When(account__normal_side=Side.DEBIT, then=F("debit") - F("credit")), default=F("credit") - F("debit")
    )
    chain: dict[str, Any] = {"partition_by": [F("account_id")], "order_by": [F("seq").asc()]}
    lines = (
        Posting.objects.filter(account__is_guarded=True)
        .order_by("account_id", "seq")
        .annotate(
            next_seq=Coalesce(Window(Lag("seq"), **chain), 0) + 1,
            next_balance=Coalesce(Window(Lag("balance_after"), **chain), 0) + change,
        )
    )
    gaps = lines.exclude(seq=F("next_seq")).values_list("account__key", "seq", "next_seq")
    jumps = lines.exclude(balance_after=F("next_balance"))
    breaks = [Break("I10", f"{key}, number of line", wanted, seq or 0) for key, seq, wanted in gaps[:MOST_BREAKS]]
    for key, seq, wanted, found in jumps.values_list("account__key", "seq", "next_balance", "balance_after")[
        :MOST_BREAKS
    ]:
        breaks.append(Break("I10", f"{key} line {seq}", wanted, found or 0))
    return breaks


def snapshots_agree() -> list[Break]:
    """I10: each newest snapshot equals the postings that it stands for."""
    breaks: list[Break] = []
    newest: dict[int, BalanceSnapshot] = {}
    for snapshot in BalanceSnapshot.objects.select_related("account").order_by("posted_up_to"):
        newest[snapshot.account_id] = snapshot
    for snapshot in newest.values():
        debit, credit = totals(snapshot.account.postings.filter(entry__posted_at__lte=snapshot.posted_up_to))
        if (debit, credit) != (snapshot.debit_total, snapshot.credit_total):
            expected, found = debit - credit, snapshot.debit_total - snapshot.credit_total
            breaks.append(Break("I10", f"snapshot of {snapshot.account.key}", expected, found))
    return breaks[:MOST_BREAKS]


def _sums(postings: QuerySet[Posting], *by: str) -> QuerySet[Any, dict[str, Any]]:
    sums: QuerySet[Any, dict[str, Any]] = (
        postings.order_by().values(*by).annotate(debits=Sum("debit"), credits=Sum("credit"))
    )
    return sums


CHECKS: Sequence[Check] = (
    Check("I1", _("Each entry balances in each book"), entries_balance),
    Check("I2", _("All debits equal all credits in each book"), books_balance),
    Check("I3", _("Client money at the bank equals what we owe to clients"), client_money_is_there),
    Check("I4", _("No wallet is below zero"), wallets_are_not_negative),
    Check("I7", _("Money on its way out equals open withdrawals"), withdrawing_money_has_a_withdrawal),
    Check("I8", _("Fees due equal the platform's claim on them"), fees_agree),
    Check("I10", _("Stored balances equal the postings"), cached_balances_agree),
    Check("I10", _("Numbers and balances of lines have no gap"), chains_are_whole),
    Check("I10", _("Snapshots equal the postings"), snapshots_agree),
)

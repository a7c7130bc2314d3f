"""What a person has with us, and what is under way."""

from __future__ import annotations

import dataclasses
import datetime as dt

from django.db.models import QuerySet

from accounts.models import User
from ledger.chart import DUE_FROM_USER, WALLET_AVAILABLE, WALLET_RESERVED, WALLET_WITHDRAWING
from ledger.enums.books import DepositStatus, WithdrawalStatus
from ledger.models import Account, Deposit, Posting, Withdrawal
from ledger.selectors.access import DEPOSITS, WITHDRAWALS
from ledger.wording.links import subject_url

WALLET_CODES = (WALLET_AVAILABLE, WALLET_RESERVED, WALLET_WITHDRAWING)
SUMMARY_CODES = (*WALLET_CODES, DUE_FROM_USER)
# Two declarations this many days apart or less look like one transfer told twice.
DUPLICATE_DAYS = 3
ALIVE_DEPOSITS = (DepositStatus.DECLARED, DepositStatus.CONFIRMED)


@dataclasses.dataclass(frozen=True, slots=True)
class WalletSummary:
    """Amounts in minor units: free to use, reserved for loans, on the way out, and all three together.

    `owed` is what the person owes us because a payment came back after its money had left the wallet (C1300).
    """

    available: int = 0
    reserved: int = 0
    withdrawing: int = 0
    owed: int = 0

    @property
    def total(self) -> int:
        return self.available + self.reserved + self.withdrawing


def wallet_summary(user: User) -> WalletSummary:
    """The person's wallet as it is now, in one query. Somebody without a wallet has zeros."""
    rows = Account.objects.filter(owner=user, code__in=SUMMARY_CODES).values_list("code", "balance")
    balances = dict(rows)
    return WalletSummary(*(balances.get(code, 0) for code in SUMMARY_CODES))


@dataclasses.dataclass(frozen=True, slots=True)
class WalletDebt:
    """One event that made the person owe us `amount` minor units, and the page of what it was about, if it has one."""

    value_date: dt.date
    amount: int
    url: str


def debts_of(user: User, owed: int) -> list[WalletDebt]:
    """What `owed` comes from, newest first: as many events as add up to it. Older ones were cleared by money since."""
    if not owed:
        return []
    found, left = [], owed
    postings = Posting.objects.filter(account__owner=user, account__code=DUE_FROM_USER, debit__gt=0)
    for posting in postings.select_related("entry").order_by("-pk").iterator(chunk_size=20):
        entry = posting.entry
        url = subject_url(entry.subject_type, entry.subject_reference)
        found.append(WalletDebt(entry.value_date, min(posting.debit, left), url))
        left -= posting.debit
        if left <= 0:
            break
    return found


def similar_deposit(*, user: User, amount: int, sent_on: dt.date, bank_reference: str) -> Deposit | None:
    """The latest living deposit of this person with the same amount and reference, sent within three days; or None."""
    days = dt.timedelta(days=DUPLICATE_DAYS)
    candidates = Deposit.objects.filter(
        user=user, amount=amount, status__in=ALIVE_DEPOSITS, sent_on__range=(sent_on - days, sent_on + days)
    )
    wanted = normal_reference(bank_reference)
    # Compared here, because databases differ in what they hold to be equal text.
    return next((deposit for deposit in candidates if normal_reference(deposit.bank_reference) == wanted), None)


def normal_reference(text: str) -> str:
    """A bank reference without what people type differently: blanks and case."""
    return "".join(text.split()).casefold()


def waiting_deposits(user: User) -> list[Deposit]:
    """Deposits of this person that nobody has found yet, newest first."""
    return list(Deposit.objects.filter(user=user, status=DepositStatus.DECLARED))


def open_withdrawals(user: User) -> list[Withdrawal]:
    """Withdrawals of this person that are neither paid nor ended, newest first."""
    return list(Withdrawal.objects.filter(user=user, status__in=WithdrawalStatus.open()))


def deposit_of(user: User, reference: str) -> Deposit | None:
    """A deposit that this person told us of; None when it is not theirs."""
    return DEPOSITS.own_of(user).select_related("entry").filter(reference=reference).first()


def withdrawal_of(user: User, reference: str) -> Withdrawal | None:
    """A withdrawal that this person asked for; None when it is not theirs."""
    return WITHDRAWALS.own_of(user).filter(reference=reference).first()


def deposits_of(user: User) -> QuerySet[Deposit]:
    """All deposits that this person told us of, newest first."""
    return DEPOSITS.own_of(user).select_related("entry")


def withdrawals_of(user: User) -> QuerySet[Withdrawal]:
    """All withdrawals that this person asked for, newest first."""
    return WITHDRAWALS.own_of(user)

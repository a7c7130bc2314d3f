"""What a person has with us, and what is under way."""

from __future__ import annotations

import dataclasses
import datetime as dt

from accounts.models import User
from ledger.chart import WALLET_AVAILABLE, WALLET_RESERVED, WALLET_WITHDRAWING
from ledger.enums import DepositStatus, WithdrawalStatus
from ledger.models import Account, Deposit, Withdrawal

WALLET_CODES = (WALLET_AVAILABLE, WALLET_RESERVED, WALLET_WITHDRAWING)
# Two declarations this many days apart or less look like one transfer told twice.
DUPLICATE_DAYS = 3
ALIVE_DEPOSITS = (DepositStatus.DECLARED, DepositStatus.CONFIRMED)


@dataclasses.dataclass(frozen=True, slots=True)
class WalletSummary:
    """Amounts in minor units: free to use, reserved for loans, on the way out, and all three together."""

    available: int = 0
    reserved: int = 0
    withdrawing: int = 0

    @property
    def total(self) -> int:
        return self.available + self.reserved + self.withdrawing


def wallet_summary(user: User) -> WalletSummary:
    """The person's wallet as it is now, in one query. Somebody without a wallet has zeros."""
    rows = Account.objects.filter(owner=user, code__in=WALLET_CODES).values_list("code", "balance")
    balances = dict(rows)
    return WalletSummary(*(balances.get(code, 0) for code in WALLET_CODES))


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
    return Deposit.objects.select_related("entry").filter(user=user, reference=reference).first()


def withdrawal_of(user: User, reference: str) -> Withdrawal | None:
    """A withdrawal that this person asked for; None when it is not theirs."""
    return Withdrawal.objects.filter(user=user, reference=reference).first()

"""Sums that one person may not move alone, and sums that nobody may declare at all."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from ledger.chart import WALLET_AVAILABLE
from ledger.enums.books import DepositStatus, WithdrawalStatus
from ledger.locks import account_key, lock_accounts
from ledger.models import Deposit, Withdrawal
from p2plending.lib.errors import Refused
from p2plending.lib.formatting import format_money
from p2plending.lib.rules.values import platform_rules


class AboveCeiling(Refused):
    """More than anybody may declare, ask for or enter at once: a slip of the finger, or worse."""

    code = "above_ceiling"
    default_message = _("Enter a smaller amount.")


def require_below_ceiling(amount: int, *, field: str = "amount") -> None:
    """Raises AboveCeiling (context: maximum) when `amount` minor units are more than the setting allows at once."""
    most = platform_rules().largest_amount
    if amount > most:
        words = _t("Enter an amount of %(most)s or less. For more, write to us first.")
        raise AboveCeiling(words % {"most": format_money(most)}, maximum=most).at(field)


def deposit_needs_two(deposit: Deposit, today: dt.date) -> bool:
    """Whether this deposit, with what else of its owner was found today, reaches the limit for one person.

    The owner's wallet is locked, so that two deposits found at the same moment see each other. No split gets around
    it: what counts is the sum of the day.
    """
    lock_wallet(deposit.user)
    found = Deposit.objects.filter(user=deposit.user_id, status=DepositStatus.CONFIRMED, found_on=today)
    return _sum(found) + deposit.amount >= platform_rules().deposit_second_person_above


def withdrawal_needs_two(withdrawal: Withdrawal, today: dt.date) -> bool:
    """Whether this withdrawal, with the owner's others of its day or of today, reaches the limit for one person."""
    lock_wallet(withdrawal.user)
    stopped = (WithdrawalStatus.REJECTED, WithdrawalStatus.CANCELLED)
    others = Withdrawal.objects.filter(user=withdrawal.user_id).exclude(pk=withdrawal.pk).exclude(status__in=stopped)
    same_day = others.filter(Q(requested_on=withdrawal.requested_on) | Q(approved_on=today))
    return _sum(same_day) + withdrawal.amount >= platform_rules().second_person_above


def lock_wallet(user: User) -> None:
    """Lock a person's wallet, so that what is added up of their day stays true. Call inside a transaction."""
    lock_accounts({account_key(WALLET_AVAILABLE, user.pk)})


def _sum(rows: QuerySet[Deposit] | QuerySet[Withdrawal]) -> int:
    total: int | None = rows.aggregate(total=Sum("amount"))["total"]
    return total or 0

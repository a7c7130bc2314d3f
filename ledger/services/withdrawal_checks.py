"""What must still be true of a person when their money is let go: they may take it out, and owe us nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.selectors.eligibility import (
    Action,
    EmailNotVerified,
    IdentityNotVerified,
    UserSuspended,
    blocking_refusal,
)
from ledger.chart import DUE_FROM_USER, WALLET_AVAILABLE, WALLET_WITHDRAWING
from ledger.enums.books import WITHDRAWAL_TRANSITIONS, WithdrawalStatus
from ledger.locks import account_key, lock_accounts
from ledger.models import Withdrawal
from ledger.selectors import balance
from ledger.services.closed_period import require_open_period
from ledger.services.deposits import DateNotPossible
from p2plending.lib.errors import InvalidTransition, Refused
from p2plending.lib.formatting import format_money


class MayNotTakeOut(Refused):
    """Since they asked, the person was suspended, or their identity check no longer stands."""

    code = "may_not_take_out"
    status = 409
    default_message = _("This account can't take money out now. Refuse the withdrawal.")


class DueTakenFirst(Refused):
    """The person owes us for a payment that came back, and another sum was confirmed than what is left."""

    code = "due_taken_first"
    status = 409


class NothingLeftToSend(Refused):
    """The person owes us as much as the withdrawal, or more."""

    code = "nothing_left_to_send"
    status = 409


@dataclasses.dataclass(frozen=True, slots=True)
class Outlook:
    """What stands in the way of a withdrawal: a refusal by the gates, or `owed` minor units that are taken of it."""

    refusal: MayNotTakeOut | None
    owed: int
    to_send: int


_BECAUSE: dict[type[Refused], str | Promise] = {
    UserSuspended: _(
        "This person's account is suspended, so no money may leave. Lift the suspension first, or refuse the "
        "withdrawal: the money then stays in the wallet."
    ),
    EmailNotVerified: _(
        "This person's e-mail address is not confirmed. Wait until it is, or refuse the withdrawal: the money then "
        "stays in the wallet."
    ),
    IdentityNotVerified: _(
        "This person's identity check does not stand now. Finish the check first, or refuse the withdrawal: the money "
        "then stays in the wallet."
    ),
}


def withdrawal_outlook(withdrawal: Withdrawal) -> Outlook:
    """What would be refused and what would be taken if the money were let go now; for the page that asks."""
    owed = balance(DUE_FROM_USER, withdrawal.user)
    return Outlook(_refusal(withdrawal), owed, max(withdrawal.on_its_way - owed, 0))


def require_target(withdrawal: Withdrawal, target: WithdrawalStatus) -> None:
    """Raises InvalidTransition when no way leads from the withdrawal's state to `target`."""
    if target not in WITHDRAWAL_TRANSITIONS.get(WithdrawalStatus(withdrawal.status), ()):
        raise InvalidTransition(state=withdrawal.status, wanted=target.value)


def require_day(withdrawal: Withdrawal, paid_on: dt.date, today: dt.date) -> None:
    """The day on which the bank sent the money. Raises DateNotPossible, PeriodClosed."""
    if not withdrawal.requested_on <= paid_on <= today:
        raise DateNotPossible(
            _t("The day of payment must be from the day of the request to today."),
            earliest=withdrawal.requested_on,
            latest=today,
        )
    require_open_period(paid_on, field="paid_on")


def require_may_leave(withdrawal: Withdrawal) -> None:
    """Raise MayNotTakeOut (context: because) unless the gates for taking money out are open to the person now."""
    refusal = _refusal(withdrawal)
    if refusal is not None:
        raise refusal


def take_of_dues(withdrawal: Withdrawal) -> int:
    """How much of what is set aside clears what the person owes us (C1300), in minor units.

    The person's wallet is locked, so that the figure stays true to the end of the transaction.
    """
    wallet, held = (account_key(code, withdrawal.user_id) for code in (WALLET_AVAILABLE, WALLET_WITHDRAWING))
    if not lock_accounts({wallet, held})[wallet].has_due:
        return 0
    return min(balance(DUE_FROM_USER, withdrawal.user), withdrawal.on_its_way)


def require_confirmed(withdrawal: Withdrawal, *, taken: int, confirmed: int | None) -> None:
    """Refuse unless `confirmed` is what is left to send after `taken` minor units cleared dues; None is all of it.

    Raises NothingLeftToSend, DueTakenFirst (context: owed, left).
    """
    left = withdrawal.on_its_way - taken
    words = {"owed": format_money(taken), "left": format_money(left)}
    if not left:
        raise NothingLeftToSend(
            _t(
                "This person owes us %(owed)s of this withdrawal or more, and nothing is left to send. Refuse it: the "
                "money then clears what is owed."
            )
            % words,
            owed=taken,
        )
    if left != (withdrawal.on_its_way if confirmed is None else confirmed):
        raise DueTakenFirst(_changed_words(taken) % words, owed=taken, left=left)


def _changed_words(taken: int) -> str:
    if taken:
        return _t(
            "This person owes us %(owed)s for a payment that came back. That is taken of this withdrawal first, and "
            "%(left)s is left to send. Look at the figures and confirm again."
        )
    return _t("This person owes us nothing more, and %(left)s is to be sent. Look at the figures and confirm again.")


def _refusal(withdrawal: Withdrawal) -> MayNotTakeOut | None:
    cause = blocking_refusal(withdrawal.user, Action.WITHDRAW)
    if cause is None:
        return None
    return MayNotTakeOut(str(_BECAUSE.get(type(cause), "")), because=cause.code)

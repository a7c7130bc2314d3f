"""Money that people take out: set aside when asked for, gone when staff have paid it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors.eligibility import Action, require_may
from accounts.services.approvals.requests import drop_requests
from accounts.services.audit import record_about
from accounts.services.idempotency import once
from accounts.services.mail.notifications import notify
from ledger.bank_details.accounts import BankAccount, checked_account
from ledger.bank_details.iban import normal_iban
from ledger.chart import CLIENT_BANK, WALLET_AVAILABLE, WALLET_WITHDRAWING
from ledger.enums.books import EntryKind, LineCode, WithdrawalStatus
from ledger.models import Withdrawal
from ledger.services.large_sums import require_below_ceiling, withdrawal_needs_two
from ledger.services.posting import InsufficientBalance, Line, credit, debit, post_entry
from ledger.services.staff import require_decider
from ledger.services.withdrawal_checks import (
    require_confirmed,
    require_day,
    require_may_leave,
    require_target,
    take_of_dues,
)
from ledger.services.withdrawal_notices import dues_words, kept_words, withdrawal_words
from ledger.services.withdrawal_request import request_to_send
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import lock_guard
from p2plending.lib.errors import NotPermitted, Refused
from p2plending.lib.formatting import format_money

REQUEST = "ledger.request_withdrawal"


class BelowMinimumWithdrawal(Refused):
    """Less than one unit of the currency was asked for."""

    code = "below_minimum_withdrawal"
    default_message = _("Enter a larger amount.")


class NotYourWithdrawal(NotPermitted):
    """Only the person who asked can cancel."""

    code = "not_your_withdrawal"
    default_message = _("Only the person who asked for this money can cancel.")


def smallest_withdrawal() -> int:
    """One unit of the currency, in minor units."""
    one: int = 10**settings.CURRENCY_EXPONENT
    return one


@once(model=Withdrawal, operation=REQUEST, canonical={"iban": normal_iban})
def request_withdrawal(
    *,
    user: User,
    amount: int,
    account_holder: str,
    iban: str = "",
    bank_name: str = "",
    account_number: str = "",
    routing_code: str = "",
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> Withdrawal:
    """Set `amount` (minor units) aside at once, to be paid to the account (posting rule WRQ).

    The account is `iban` where the currency has IBANs, else `account_number` at `bank_name` with its `routing_code`.
    Raises BelowMinimumWithdrawal, AboveCeiling, InvalidIban, InvalidBankAccount, InsufficientBalance (context:
    available) and the refusals of `accounts.selectors.eligibility` for WITHDRAW.
    """
    require_may(user, Action.WITHDRAW)
    if amount < smallest_withdrawal():
        raise BelowMinimumWithdrawal(
            _t("Enter an amount of %(low)s or more.") % {"low": format_money(smallest_withdrawal())},
            minimum=smallest_withdrawal(),
        )
    require_below_ceiling(amount)
    account = checked_account(BankAccount(iban, bank_name, account_number, routing_code))
    withdrawal = Withdrawal.objects.create(
        reference=new_reference("WD"),
        user=user,
        amount=amount,
        account_holder=account_holder.strip(),
        **dataclasses.asdict(account),
        iban_last4=account.last4,
        requested_on=today,
    )
    _set_aside(withdrawal, actor, today)
    _audit(withdrawal, "requested", actor, amount=amount, account_ends=withdrawal.iban_last4)
    body = _t("%(left)s goes to your account ending in %(last4)s. If it was not you, cancel it and write to us.")
    _tell(withdrawal, "requested", _t("You asked for a withdrawal"), body % withdrawal_words(withdrawal))
    return withdrawal


@once(model=Withdrawal, operation="ledger.approve_withdrawal")
def approve_withdrawal(
    *,
    withdrawal_id: int,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
    confirmed: int | None = None,
) -> Withdrawal:
    """Say that the money may be sent. Nothing is posted, unless the person owes us: that is taken of it (rule WRJ).

    `confirmed` is the sum to send that staff saw, in minor units; without it, all that was asked for. From
    SECOND_PERSON_ABOVE, by the sum of the person's day, a second person is asked in place of that: the withdrawal comes
    back as it was, and the request does it. Raises AlreadyAsked, StaffOnly, OwnRequest, InvalidTransition unless
    REQUESTED, MayNotTakeOut when the gates have closed since, DueTakenFirst when what the person owes leaves another
    sum, NothingLeftToSend when it leaves none.
    """
    withdrawal = _locked(withdrawal_id, WithdrawalStatus.APPROVED)
    require_decider(actor, withdrawal.user_id)
    if actor is not None and withdrawal_needs_two(withdrawal, today):
        require_may_leave(withdrawal)
        request_to_send(withdrawal, confirmed, actor, today)
        return withdrawal
    return let_go(withdrawal, confirmed, actor, today)


@once(model=Withdrawal, operation="ledger.pay_withdrawal")
def pay_withdrawal(
    *,
    withdrawal_id: int,
    paid_on: dt.date,
    bank_reference: str,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
    confirmed: int | None = None,
) -> Withdrawal:
    """Record that our bank sent the money on `paid_on`: it leaves the books (posting rule WPD).

    What the person has come to owe us since the approval is taken of it first (rule WRJ). `confirmed` is the sum that
    was sent, in minor units; without it, all that was approved.

    Raises MayNotTakeOut, DueTakenFirst and NothingLeftToSend as `approve_withdrawal`, StaffOnly, OwnRequest,
    InvalidTransition unless APPROVED, DateNotPossible before the day of the request or after today, PeriodClosed.
    """
    withdrawal = _locked(withdrawal_id, WithdrawalStatus.PAID)
    require_decider(actor, withdrawal.user_id)
    require_day(withdrawal, paid_on, today)
    require_may_leave(withdrawal)
    taken = _clear_dues(withdrawal, confirmed, actor, today)
    lines = [
        debit(WALLET_WITHDRAWING, withdrawal.on_its_way, LineCode.WITHDRAWAL, owner=withdrawal.user_id),
        credit(CLIENT_BANK, withdrawal.on_its_way, LineCode.WITHDRAWAL),
    ]
    _post(withdrawal, EntryKind.WITHDRAWAL, "paid", lines, actor, paid_on)
    withdrawal.paid_on = paid_on
    withdrawal.bank_reference = bank_reference.strip()
    _decide(withdrawal, WithdrawalStatus.PAID, actor)
    _audit(withdrawal, "paid", actor, paid_on=paid_on.isoformat(), **_taken_of(taken))
    body = _t("We sent %(left)s to your account ending in %(last4)s.") % withdrawal_words(withdrawal)
    because = " " + kept_words(taken) if taken else ""
    _tell(withdrawal, "paid", _t("Your money is on its way to your bank"), body + because)
    return withdrawal


@once(model=Withdrawal, operation="ledger.reject_withdrawal")
def reject_withdrawal(
    *, withdrawal_id: int, note: str, actor: User | None, idempotency_key: str, today: dt.date
) -> Withdrawal:
    """Refuse, and put the money back at once (posting rule WRJ); `note` tells the person why.

    Raises StaffOnly, OwnRequest, InvalidTransition unless REQUESTED or APPROVED.
    """
    withdrawal = _locked(withdrawal_id, WithdrawalStatus.REJECTED)
    require_decider(actor, withdrawal.user_id)
    drop_requests("withdrawal", withdrawal.reference, today=today)
    taken = _end(withdrawal, actor, today)
    _decide(withdrawal, WithdrawalStatus.REJECTED, actor, note=note)
    _audit(withdrawal, "rejected", actor, reason=note, **_taken_of(taken))
    back = _t("%(left)s is back in your wallet.") % withdrawal_words(withdrawal) if withdrawal.on_its_way else ""
    body = " ".join(filter(None, [kept_words(taken) if taken else "", back, note]))
    _tell(withdrawal, "rejected", _t("We could not send your money"), body)
    return withdrawal


@once(model=Withdrawal, operation="ledger.cancel_withdrawal")
def cancel_withdrawal(*, withdrawal_id: int, actor: User, idempotency_key: str, today: dt.date) -> Withdrawal:
    """Take back one's own request before it is approved; the money is free again at once (posting rule WRJ).

    Raises NotYourWithdrawal, InvalidTransition unless REQUESTED.
    """
    withdrawal = _locked(withdrawal_id, WithdrawalStatus.CANCELLED)
    if actor.pk != withdrawal.user_id:
        raise NotYourWithdrawal
    drop_requests("withdrawal", withdrawal.reference, today=today)
    taken = _end(withdrawal, actor, today)
    _decide(withdrawal, WithdrawalStatus.CANCELLED, None)
    _audit(withdrawal, "cancelled", actor, **_taken_of(taken))
    return withdrawal


def let_go(withdrawal: Withdrawal, confirmed: int | None, actor: User | None, today: dt.date) -> Withdrawal:
    """Approve a withdrawal, after what its owner owes us was taken of it. Call under its guard.

    Raises MayNotTakeOut, DueTakenFirst, NothingLeftToSend.
    """
    require_may_leave(withdrawal)
    taken = _clear_dues(withdrawal, confirmed, actor, today)
    withdrawal.approved_by, withdrawal.approved_on = actor, today
    _decide(withdrawal, WithdrawalStatus.APPROVED, actor)
    _audit(withdrawal, "approved", actor, **_taken_of(taken))
    if taken:
        title = _t("A part of your withdrawal pays what you owe us")
        _tell(withdrawal, "reduced", title, dues_words(withdrawal, taken))
    return withdrawal


def _locked(withdrawal_id: int, target: WithdrawalStatus) -> Withdrawal:
    withdrawal = lock_guard(Withdrawal.objects.filter(pk=withdrawal_id))
    require_target(withdrawal, target)
    return withdrawal


def _set_aside(withdrawal: Withdrawal, actor: User | None, today: dt.date) -> None:
    amount, owner = withdrawal.amount, withdrawal.user_id
    lines = [
        debit(WALLET_AVAILABLE, amount, LineCode.WITHDRAWAL, owner=owner),
        credit(WALLET_WITHDRAWING, amount, LineCode.WITHDRAWAL, owner=owner),
    ]
    try:
        _post(withdrawal, EntryKind.WITHDRAWAL_REQUEST, "requested", lines, actor, today)
    except InsufficientBalance as refusal:
        available = amount - refusal.context["missing"]
        message = _t("You have %(available)s available. Take out less.") % {"available": format_money(available)}
        raise InsufficientBalance(message, available=available) from refusal


def _clear_dues(withdrawal: Withdrawal, confirmed: int | None, actor: User | None, today: dt.date) -> int:
    """Put back what the person owes us: in the wallet it clears that. Returns how much, in minor units."""
    taken = take_of_dues(withdrawal)
    require_confirmed(withdrawal, taken=taken, confirmed=confirmed)
    if taken:
        _put_back(
            withdrawal,
            taken,
            "kept-when-paid" if withdrawal.status == WithdrawalStatus.APPROVED else "kept",
            actor,
            today,
        )
        withdrawal.kept_for_dues += taken
    return taken


def _end(withdrawal: Withdrawal, actor: User | None, today: dt.date) -> int:
    """Put all of it back; what the person owes us is cleared on the way. Returns how much, in minor units."""
    taken = take_of_dues(withdrawal)
    _put_back(withdrawal, withdrawal.on_its_way, "returned", actor, today)
    withdrawal.kept_for_dues += taken
    return taken


def _put_back(withdrawal: Withdrawal, amount: int, event: str, actor: User | None, today: dt.date) -> None:
    owner = withdrawal.user_id
    lines = [
        debit(WALLET_WITHDRAWING, amount, LineCode.WITHDRAWAL_RETURN, owner=owner),
        credit(WALLET_AVAILABLE, amount, LineCode.WITHDRAWAL_RETURN, owner=owner),
    ]
    _post(withdrawal, EntryKind.WITHDRAWAL_RETURN, event, lines, actor, today)


def _post(
    withdrawal: Withdrawal, kind: EntryKind, event: str, lines: Sequence[Line], actor: User | None, value_date: dt.date
) -> None:
    post_entry(
        kind=kind,
        key=f"withdrawal:{withdrawal.reference}:{event}",
        value_date=value_date,
        lines=lines,
        actor=actor,
        narrative=f"Withdrawal {withdrawal.reference} {event}",
        subject_type="withdrawal",
        subject_reference=withdrawal.reference,
    )


def _decide(withdrawal: Withdrawal, status: WithdrawalStatus, actor: User | None, *, note: str = "") -> None:
    withdrawal.status = status
    withdrawal.decided_by = actor
    withdrawal.decided_at = clock.now()
    withdrawal.decision_note = note
    withdrawal.save(
        update_fields=[
            "status",
            "approved_by",
            "approved_on",
            "decided_by",
            "decided_at",
            "decision_note",
            "kept_for_dues",
            "paid_on",
            "bank_reference",
            "updated_at",
        ]
    )


def _audit(withdrawal: Withdrawal, event: str, actor: User | None, *, reason: str = "", **data: object) -> None:
    record_about(withdrawal, event, actor, reason=reason, data={"status": str(withdrawal.status), **data})


def _tell(withdrawal: Withdrawal, event: str, title: str, body: str) -> None:
    notify(
        user=withdrawal.user,
        key=f"withdrawal-{event}:{withdrawal.reference}",
        event=f"withdrawal_{event}",
        title=title,
        body=body,
        link=reverse("ledger:withdrawal", args=[withdrawal.reference]),
        is_required=True,
    )


def _taken_of(taken: int) -> dict[str, Any]:
    return {"kept_for_dues": taken} if taken else {}

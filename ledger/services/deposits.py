"""Money that people send us: told, then found or not found by staff."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.selectors.eligibility import Action, require_may
from accounts.services.approvals.requests import StartingPointChanged, drop_requests, request_approval
from accounts.services.audit import record_about
from accounts.services.idempotency import once
from accounts.services.mail.notifications import notify
from ledger.chart import CLIENT_BANK, WALLET_AVAILABLE
from ledger.enums.books import DEPOSIT_TRANSITIONS, DepositStatus, EntryKind, LineCode, PaymentMethod
from ledger.models import Deposit
from ledger.selectors import similar_deposit
from ledger.services.closed_period import require_open_period
from ledger.services.large_sums import deposit_needs_two, require_below_ceiling
from ledger.services.posting import credit, debit, post_entry
from ledger.services.staff import require_decider
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import lock_guard
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused
from p2plending.lib.formatting import format_money
from p2plending.lib.rules.values import platform_rules

OLDEST_DAYS = 90
AUTO_CONFIRMED = "system:auto-confirm"


class AmountNotPositive(Refused):
    """Zero or less was given as an amount."""

    code = "amount_not_positive"
    default_message = _("Enter an amount above zero.")


class DateNotPossible(Refused):
    """A date lies in the future or too far back."""

    code = "date_not_possible"
    default_message = _("Choose another date.")


class NotYourDeposit(NotPermitted):
    """Only the person who told us of a deposit can take it back."""

    code = "not_your_deposit"
    default_message = _("Only the person who told us of this money can take that back.")


@once(model=Deposit, operation="ledger.declare_deposit")
def declare_deposit(
    *,
    user: User,
    amount: int,
    sent_on: dt.date,
    method: str,
    bank_reference: str,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> Deposit:
    """Record that `user` says to have sent `amount` (minor units). Nothing is posted before staff find the money.

    The same amount and reference within three days is marked as possibly told twice, and the person hears of it. The
    setting AUTO_CONFIRM_MONEY confirms at once (demonstrations).

    Raises AmountNotPositive, AboveCeiling, DateNotPossible (in the future, or more than 90 days ago) and the refusals
    of `accounts.selectors.eligibility` for DEPOSIT.
    """
    require_may(user, Action.DEPOSIT)
    _check_declaration(amount, sent_on, today)
    twin = similar_deposit(user=user, amount=amount, sent_on=sent_on, bank_reference=bank_reference)
    deposit = Deposit.objects.create(
        reference=new_reference("DP"),
        user=user,
        amount=amount,
        sent_on=sent_on,
        method=PaymentMethod(method),
        bank_reference=bank_reference.strip(),
        is_possible_duplicate=twin is not None,
    )
    _audit(deposit, "declared", actor, amount=amount, sent_on=sent_on.isoformat())
    if platform_rules().auto_confirm_money:
        return _confirm(deposit, value_date=today, actor=None, actor_label=AUTO_CONFIRMED, today=today)
    if twin is not None:
        _notify_of_duplicate(deposit, twin)
    return deposit


@once(model=Deposit, operation="ledger.confirm_deposit")
def confirm_deposit(
    *, deposit_id: int, value_date: dt.date, actor: User | None, idempotency_key: str, today: dt.date
) -> Deposit:
    """Put found money into the wallet, counted from `value_date` (posting rule DEP).

    From DEPOSIT_SECOND_PERSON_ABOVE, by the sum of the person's day, a second person is asked in place of that: the
    deposit comes back as it was, and the request does it. Raises AlreadyAsked, StaffOnly, OwnRequest, InvalidTransition
    unless DECLARED, DateNotPossible when the value date lies before the day it was sent or after today, PeriodClosed.
    Money that was sent in a period which was closed before it was found counts on a day after it.
    """
    deposit = _locked(deposit_id, DepositStatus.CONFIRMED)
    require_decider(actor, deposit.user_id)
    if not deposit.sent_on <= value_date <= today:
        raise DateNotPossible(
            _t("The value date must be from the day the money was sent to today."),
            earliest=deposit.sent_on,
            latest=today,
        )
    require_open_period(value_date)
    if actor is not None and deposit_needs_two(deposit, today):
        _request_checker(deposit, value_date, actor, today)
        return deposit
    return _confirm(deposit, value_date=value_date, actor=actor, today=today)


@once(model=Deposit, operation="ledger.reject_deposit")
def reject_deposit(*, deposit_id: int, note: str, actor: User | None, idempotency_key: str, today: dt.date) -> Deposit:
    """Say that the money was not found; `note` tells the person why. Nothing is posted.

    Raises StaffOnly, OwnRequest, InvalidTransition unless DECLARED.
    """
    deposit = _locked(deposit_id, DepositStatus.REJECTED)
    require_decider(actor, deposit.user_id)
    drop_requests("deposit", deposit.reference, today=today)
    _decide(deposit, DepositStatus.REJECTED, actor, note=note)
    _audit(deposit, "rejected", actor, reason=note)
    body = _t("We could not find the %(amount)s that you told us about. %(note)s") % _words(deposit, note=note)
    _tell(deposit, "rejected", _t("We could not find your money"), body)
    return deposit


@once(model=Deposit, operation="ledger.cancel_deposit")
def cancel_deposit(*, deposit_id: int, actor: User, idempotency_key: str, today: dt.date) -> Deposit:
    """Take back what one told us, while nobody has found the money.

    Raises NotYourDeposit, InvalidTransition unless DECLARED.
    """
    deposit = _locked(deposit_id, DepositStatus.CANCELLED)
    if actor.pk != deposit.user_id:
        raise NotYourDeposit
    drop_requests("deposit", deposit.reference, today=today)
    _decide(deposit, DepositStatus.CANCELLED, None)
    _audit(deposit, "cancelled", actor)
    return deposit


def _check_declaration(amount: int, sent_on: dt.date, today: dt.date) -> None:
    if amount <= 0:
        raise AmountNotPositive
    require_below_ceiling(amount)
    earliest = today - dt.timedelta(days=OLDEST_DAYS)
    if sent_on > today:
        raise DateNotPossible(_t("The day you sent it can't be in the future."), earliest=earliest, latest=today)
    if sent_on < earliest:
        raise DateNotPossible(
            _t("The day you sent it must be within the last %(days)d days.") % {"days": OLDEST_DAYS},
            earliest=earliest,
            latest=today,
        )


def _locked(deposit_id: int, target: DepositStatus) -> Deposit:
    deposit = lock_guard(Deposit.objects.filter(pk=deposit_id))
    _require_target(deposit, target)
    return deposit


def _require_target(deposit: Deposit, target: DepositStatus) -> None:
    if target not in DEPOSIT_TRANSITIONS.get(DepositStatus(deposit.status), ()):
        raise InvalidTransition(state=deposit.status, wanted=target.value)


def _request_checker(deposit: Deposit, value_date: dt.date, actor: User, today: dt.date) -> None:
    request_approval(
        ApprovalKind.DEPOSIT,
        deposit.reference,
        {"amount": deposit.amount, "value_date": value_date.isoformat()},
        before={"status": str(deposit.status)},
        effect=deposit.amount,
        about=deposit.user,
        reason=_t("Found in our account"),
        actor=actor,
        today=today,
    )


def lock_deposit_of(request: ApprovalRequest, _today: dt.date) -> Deposit:
    """The deposit that a request for a second person is about, under its guard."""
    return lock_guard(Deposit.objects.filter(reference=request.subject_reference))


def apply_confirmation(deposit: Deposit, request: ApprovalRequest, *, actor: User, today: dt.date) -> Deposit:
    """Confirm what was approved. Call under the deposit's guard.

    Raises InvalidTransition unless DECLARED, StartingPointChanged when the amount differs, PeriodClosed.
    """
    _require_target(deposit, DepositStatus.CONFIRMED)
    value_date = dt.date.fromisoformat(request.payload["value_date"])
    if deposit.amount != request.payload["amount"]:
        raise StartingPointChanged
    require_open_period(value_date)
    return _confirm(deposit, value_date=value_date, actor=actor, today=today)


def _confirm(
    deposit: Deposit, *, value_date: dt.date, actor: User | None, today: dt.date, actor_label: str = ""
) -> Deposit:
    deposit.entry = post_entry(
        kind=EntryKind.DEPOSIT,
        key=f"deposit:{deposit.reference}",
        value_date=value_date,
        lines=[
            debit(CLIENT_BANK, deposit.amount, LineCode.DEPOSIT),
            credit(WALLET_AVAILABLE, deposit.amount, LineCode.DEPOSIT, owner=deposit.user_id),
        ],
        actor=actor,
        actor_label=actor_label,
        narrative=f"Deposit {deposit.reference} received",
        subject_type="deposit",
        subject_reference=deposit.reference,
    )
    deposit.value_date, deposit.found_on = value_date, today
    _decide(deposit, DepositStatus.CONFIRMED, actor)
    _audit(deposit, "confirmed", actor, actor_label=actor_label, entry=deposit.entry.reference)
    body = _t("%(amount)s is in your wallet.") % _words(deposit)
    _tell(deposit, "confirmed", _t("Your money has arrived"), body)
    return deposit


def _decide(deposit: Deposit, status: DepositStatus, actor: User | None, *, note: str = "") -> None:
    deposit.status = status
    deposit.decided_by = actor
    deposit.decided_at = clock.now()
    deposit.decision_note = note
    deposit.save(
        update_fields=[
            "status",
            "entry",
            "value_date",
            "found_on",
            "decided_by",
            "decided_at",
            "decision_note",
            "updated_at",
        ]
    )


def _audit(
    deposit: Deposit, event: str, actor: User | None, *, reason: str = "", actor_label: str = "", **data: object
) -> None:
    data = {"status": str(deposit.status), **data}
    record_about(deposit, event, actor, reason=reason, data=data, actor_label=actor_label)


def _words(deposit: Deposit, **more: str) -> dict[str, str]:
    return {"amount": format_money(deposit.amount), "reference": deposit.reference, **more}


def _tell(deposit: Deposit, event: str, title: str, body: str) -> None:
    notify(
        user=deposit.user,
        key=f"deposit-{event}:{deposit.reference}",
        event=f"deposit_{event}",
        title=title,
        body=body,
        link=reverse("ledger:deposit", args=[deposit.reference]),
    )


def _notify_of_duplicate(deposit: Deposit, twin: Deposit) -> None:
    body = _t(
        "You told us about %(amount)s twice, as %(twin)s and %(reference)s. If you sent it once, take one back."
    ) % _words(deposit, twin=twin.reference)
    _tell(deposit, "twice", _t("Did you send this money twice?"), body)

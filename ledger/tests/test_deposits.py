"""Money told of, found, not found, taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from constance import config

from accounts.models import AuditEvent, Notification, OperationKey, User
from accounts.selectors.eligibility import IdentityNotVerified, WrongRole
from accounts.services.approvals.permissions import StaffOnly
from accounts.services.idempotency import IdempotencyConflict
from ledger.enums.books import DEPOSIT_TRANSITIONS, DepositStatus
from ledger.models import Deposit, JournalEntry, Posting
from ledger.selectors import balance, wallet_summary
from ledger.services.deposits import (
    AmountNotPositive,
    DateNotPossible,
    NotYourDeposit,
    cancel_deposit,
    confirm_deposit,
    declare_deposit,
    reject_deposit,
)
from ledger.services.staff import OwnRequest
from p2plending.lib.errors import InvalidTransition
from p2plending.tests.support.cast import make_user
from p2plending.tests.support.figures import assert_links_open

pytestmark = pytest.mark.django_db


def declare(user: User, today: dt.date, *, key: str = "declare-1", **changes: object) -> Deposit:
    told = {"amount": 1_000_00, "sent_on": today, "method": "bank_transfer", "bank_reference": "Savings"} | changes
    return declare_deposit(user=user, actor=user, idempotency_key=key, today=today, **told)


def test_only_staff_can_confirm(bob: User, carol: User, today: dt.date) -> None:
    deposit = declare(bob, today)
    for actor in (bob, carol):
        with pytest.raises(StaffOnly):
            confirm_deposit(deposit_id=deposit.pk, value_date=today, actor=actor, idempotency_key="k", today=today)
    assert JournalEntry.objects.count() == 0


def test_staff_cannot_decide_about_their_own_money(bob: User, today: dt.date) -> None:
    deposit = declare(bob, today)
    bob.role = "staff"
    for decide in (
        lambda: confirm_deposit(deposit_id=deposit.pk, value_date=today, actor=bob, idempotency_key="k", today=today),
        lambda: reject_deposit(deposit_id=deposit.pk, note="", actor=bob, idempotency_key="k", today=today),
    ):
        with pytest.raises(OwnRequest):
            decide()
    deposit.refresh_from_db()
    assert deposit.status == DepositStatus.DECLARED


def test_somebody_without_identity_check_cannot_add_money(eve: User, dora: User, today: dt.date) -> None:
    frank = make_user("Frank", "lender")
    with pytest.raises(IdentityNotVerified):
        declare(frank, today)
    with pytest.raises(WrongRole):
        declare(dora, today)
    assert (Deposit.objects.count(), OperationKey.objects.count()) == (0, 0)


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_must_be_above_zero(bob: User, today: dt.date, amount: int) -> None:
    with pytest.raises(AmountNotPositive):
        declare(bob, today, amount=amount)
    assert Deposit.objects.count() == 0


@pytest.mark.parametrize("days", [1, -91])
def test_money_is_sent_today_or_within_the_last_90_days(bob: User, today: dt.date, days: int) -> None:
    with pytest.raises(DateNotPossible):
        declare(bob, today, sent_on=today + dt.timedelta(days=days))
    declare(bob, today, sent_on=today - dt.timedelta(days=90))
    assert Deposit.objects.count() == 1


def test_a_declared_deposit_moves_nothing(bob: User, today: dt.date) -> None:
    deposit = declare(bob, today)
    assert deposit.status == DepositStatus.DECLARED
    assert wallet_summary(bob).total == 0
    assert Posting.objects.count() == 0


def test_a_confirmed_deposit_is_in_the_wallet(bob: User, dora: User, today: dt.date) -> None:
    deposit = declare(bob, today - dt.timedelta(days=1), sent_on=today - dt.timedelta(days=1))
    confirmed = confirm_deposit(
        deposit_id=deposit.pk, value_date=today, actor=dora, idempotency_key="confirm", today=today
    )
    assert confirmed.status == DepositStatus.CONFIRMED
    assert confirmed.decided_by == dora
    assert wallet_summary(bob).available == 1_000_00
    assert balance("C1000") == 1_000_00
    assert confirmed.entry.value_date == today
    assert confirmed.entry.subject_reference == deposit.reference
    told = Notification.objects.get(user=bob)
    assert told.body == "€1,000.00 is in your wallet."
    assert told.link == f"/wallet/deposits/{deposit.reference}/"
    actions = list(AuditEvent.objects.order_by("id").values_list("action", "actor_label"))
    assert actions == [
        ("ledger.deposit.declared", bob.member_number),
        ("ledger.deposit.confirmed", dora.member_number),
    ]


@pytest.mark.parametrize("days", [-1, 2])
def test_the_value_date_lies_between_sending_and_today(bob: User, dora: User, today: dt.date, days: int) -> None:
    deposit = declare(bob, today)
    with pytest.raises(DateNotPossible):
        confirm_deposit(
            deposit_id=deposit.pk,
            value_date=today + dt.timedelta(days=days),
            actor=dora,
            idempotency_key="confirm",
            today=today + dt.timedelta(days=1),
        )
    assert wallet_summary(bob).available == 0


def test_the_same_key_confirms_once_and_says_so(bob: User, dora: User, today: dt.date) -> None:
    deposit = declare(bob, today)
    first, again = (
        confirm_deposit(deposit_id=deposit.pk, value_date=today, actor=dora, idempotency_key="once", today=today)
        for _ in range(2)
    )
    assert (first.is_replay, again.is_replay) == (False, True)
    assert wallet_summary(bob).available == 1_000_00
    with pytest.raises(InvalidTransition):
        confirm_deposit(deposit_id=deposit.pk, value_date=today, actor=dora, idempotency_key="twice", today=today)
    assert JournalEntry.objects.count() == 1


def test_a_key_for_one_amount_cannot_carry_another(bob: User, today: dt.date) -> None:
    declare(bob, today, key="form-one")
    with pytest.raises(IdempotencyConflict):
        declare(bob, today, key="form-one", amount=2_000_00)
    assert Deposit.objects.count() == 1


def test_telling_twice_is_marked_and_said(bob: User, today: dt.date) -> None:
    first = declare(bob, today, sent_on=today - dt.timedelta(days=3))
    second = declare(bob, today, key="declare-2", bank_reference=" SAV ings")
    assert (first.is_possible_duplicate, second.is_possible_duplicate) == (False, True)
    told = Notification.objects.get(user=bob)
    assert told.title == "Did you send this money twice?"
    assert first.reference in told.body
    assert second.reference in told.body
    assert_links_open("deposit_twice")


@pytest.mark.parametrize("other", [{"amount": 999_99}, {"bank_reference": "Other"}, {"sent_on": dt.date(2026, 1, 11)}])
def test_another_amount_reference_or_week_is_not_told_twice(bob: User, today: dt.date, other: dict) -> None:
    declare(bob, today)
    assert not declare(bob, today, key="declare-2", **other).is_possible_duplicate


def test_a_rejected_deposit_tells_why_and_posts_nothing(bob: User, dora: User, today: dt.date) -> None:
    deposit = declare(bob, today)
    reject_deposit(deposit_id=deposit.pk, note="No such transfer.", actor=dora, idempotency_key="no", today=today)
    deposit.refresh_from_db()
    assert (deposit.status, deposit.decision_note) == (DepositStatus.REJECTED, "No such transfer.")
    assert "No such transfer." in Notification.objects.get(user=bob).body
    assert JournalEntry.objects.count() == 0
    assert_links_open("deposit_rejected")


def test_only_the_person_takes_a_deposit_back(bob: User, carol: User, today: dt.date) -> None:
    deposit = declare(bob, today)
    with pytest.raises(NotYourDeposit):
        cancel_deposit(deposit_id=deposit.pk, actor=carol, idempotency_key="c", today=today)
    assert (
        cancel_deposit(deposit_id=deposit.pk, actor=bob, idempotency_key="c", today=today).status
        == DepositStatus.CANCELLED
    )


def test_the_demonstration_setting_confirms_at_once(bob: User, today: dt.date, settings: Any) -> None:
    settings.DEMO_MODE = True
    config.AUTO_CONFIRM_MONEY = True
    deposit = declare(bob, today)
    assert deposit.status == DepositStatus.CONFIRMED
    assert deposit.decided_by is None
    assert deposit.entry.actor_label == "system:auto-confirm"
    assert wallet_summary(bob).available == 1_000_00


EVENTS: dict[DepositStatus, Callable[[Deposit, User, User, dt.date], Deposit]] = {
    DepositStatus.CONFIRMED: lambda deposit, owner, staff, day: confirm_deposit(
        deposit_id=deposit.pk, value_date=day, actor=staff, idempotency_key="e", today=day
    ),
    DepositStatus.REJECTED: lambda deposit, owner, staff, day: reject_deposit(
        deposit_id=deposit.pk, note="", actor=staff, idempotency_key="e", today=day
    ),
    DepositStatus.CANCELLED: lambda deposit, owner, staff, day: cancel_deposit(
        deposit_id=deposit.pk, actor=owner, idempotency_key="e", today=day
    ),
}


@pytest.mark.parametrize("target", EVENTS)
@pytest.mark.parametrize("state", [DepositStatus.DECLARED, *EVENTS])
def test_every_state_takes_exactly_its_events(
    bob: User, dora: User, today: dt.date, state: DepositStatus, target: DepositStatus
) -> None:
    deposit = declare(bob, today)
    if state in EVENTS:
        OperationKey.objects.all().delete()
        EVENTS[state](deposit, bob, dora, today)
        OperationKey.objects.all().delete()
    available = wallet_summary(bob).available
    if target in DEPOSIT_TRANSITIONS.get(state, ()):
        assert EVENTS[target](deposit, bob, dora, today).status == target
    else:
        with pytest.raises(InvalidTransition):
            EVENTS[target](deposit, bob, dora, today)
        assert Deposit.objects.get().status == state
        assert wallet_summary(bob).available == available

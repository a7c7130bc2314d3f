"""Large sums take two people, however they are split, and nobody may say any sum at all."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from constance import config
from django.db import IntegrityError, transaction

from accounts.models import ApprovalRequest, AuditEvent, Notification, User
from accounts.selectors.people import waiting_about
from accounts.services.approvals.requests import (
    AlreadyAsked,
    OwnAffair,
    OwnRequest,
    RequestChanged,
    RequestDecided,
    approve_request,
    expire_request,
    refuse_request,
    request_approval,
    withdraw_request,
)
from accounts.services.people.suspension import suspend_user
from ledger.enums.books import DepositStatus, WithdrawalStatus
from ledger.models import Deposit, Withdrawal
from ledger.selectors import wallet_summary
from ledger.services.deposits import cancel_deposit, confirm_deposit, declare_deposit, reject_deposit
from ledger.services.large_sums import AboveCeiling
from ledger.services.withdrawals import approve_withdrawal, pay_withdrawal, reject_withdrawal, request_withdrawal
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import InvalidTransition, NotPermitted
from p2plending.tests.support import world
from p2plending.tests.support.books import money_mark
from p2plending.tests.support.figures import assert_links_open

pytestmark = pytest.mark.django_db
LIMIT = 400_00
IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.fixture(autouse=True)
def limits(db: None) -> None:
    world.set_rules(SECOND_PERSON_ABOVE=LIMIT, DEPOSIT_SECOND_PERSON_ABOVE=LIMIT)


def declare(user: User, amount: int, on: dt.date) -> Deposit:
    return declare_deposit(
        user=user, amount=amount, sent_on=on, method="bank_transfer", bank_reference="", actor=user,
        idempotency_key=world.new_key(), today=on,
    )  # fmt: skip


def confirm(deposit: Deposit, actor: User | None, on: dt.date, value_date: dt.date | None = None) -> Deposit:
    return confirm_deposit(
        deposit_id=deposit.pk, value_date=value_date or on, actor=actor, idempotency_key=world.new_key(), today=on
    )


def ask(user: User, amount: int, on: dt.date) -> Withdrawal:
    return request_withdrawal(
        user=user, amount=amount, account_holder=user.full_name, iban=IBAN, actor=user,
        idempotency_key=world.new_key(), today=on,
    )  # fmt: skip


def approve(withdrawal: Withdrawal, actor: User, on: dt.date) -> Withdrawal:
    return approve_withdrawal(withdrawal_id=withdrawal.pk, actor=actor, idempotency_key=world.new_key(), today=on)


def agree(request: ApprovalRequest, actor: User | None, on: dt.date) -> ApprovalRequest:
    return approve_request(approval_id=request.pk, actor=actor, idempotency_key=world.new_key(), today=on)


@pytest.fixture
def rich_bob(bob: User, today: dt.date) -> User:
    """Bob with €1,000.00, found on an earlier day."""
    world.fund_wallet(bob, 1_000_00, today=today - dt.timedelta(days=1))
    ApprovalRequest.objects.all().delete()
    Notification.objects.all().delete()
    return bob


@pytest.fixture
def gina(db: None) -> User:
    return world.second_officer()


# --- deposits --------------------------------------------------------------------------------------------------------
def test_a_large_deposit_waits_for_a_second_person(bob: User, dora: User, gina: User, today: dt.date) -> None:
    deposit = confirm(declare(bob, LIMIT, today), dora, today)
    assert (deposit.status, wallet_summary(bob).available) == (DepositStatus.DECLARED, 0)
    [request] = waiting_about("deposit", deposit.reference)
    assert (request.maker, request.about, request.effect) == (dora, bob, LIMIT)
    assert request.payload == {"amount": LIMIT, "value_date": str(today)}
    agree(request, gina, today)
    deposit.refresh_from_db()
    assert (deposit.status, deposit.decided_by, deposit.found_on) == (DepositStatus.CONFIRMED, gina, today)
    assert wallet_summary(bob).available == LIMIT


def test_nobody_is_both_people_and_the_database_says_so_too(bob: User, dora: User, gina: User, today: dt.date) -> None:
    deposit = confirm(declare(bob, LIMIT, today), dora, today)
    request = ApprovalRequest.objects.get()
    before = money_mark()
    for actor, refusal in ((dora, OwnRequest), (None, OwnRequest), (bob, NotPermitted)):
        with pytest.raises(refusal):
            agree(request, actor, today)
    for changed in ({"checker": dora}, {"about": dora}, {"about": gina, "checker": gina}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ApprovalRequest.objects.filter(pk=request.pk).update(**changed)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalRequest.objects.filter(pk=request.pk).update(state="approved", open_key=None, decided_on=today)
    deposit.refresh_from_db()
    assert (money_mark(), deposit.status) == (before, DepositStatus.DECLARED)


def test_deposits_of_one_day_count_together_whatever_day_they_are_counted_from(
    bob: User, dora: User, today: dt.date
) -> None:
    earlier = today - dt.timedelta(days=3)
    first, second = declare(bob, 300_00, earlier), declare(bob, 100_00, today)
    assert confirm(first, dora, today, earlier).status == DepositStatus.CONFIRMED
    assert confirm(second, dora, today).status == DepositStatus.DECLARED
    assert wallet_summary(bob).available == 300_00


def test_another_day_and_another_person_begin_anew(bob: User, carol: User, dora: User, today: dt.date) -> None:
    tomorrow = today + dt.timedelta(days=1)
    assert confirm(declare(bob, 399_99, today), dora, today).status == DepositStatus.CONFIRMED
    assert confirm(declare(carol, 399_99, today), dora, today).status == DepositStatus.CONFIRMED
    assert confirm(declare(bob, 399_98, tomorrow), dora, tomorrow).status == DepositStatus.CONFIRMED
    assert not ApprovalRequest.objects.exists()


def test_it_is_asked_once_and_a_decision_otherwise_ends_it(bob: User, dora: User, today: dt.date) -> None:
    deposit = declare(bob, LIMIT, today)
    confirm(deposit, dora, today)
    with pytest.raises(AlreadyAsked):
        confirm(deposit, dora, today)
    reject_deposit(deposit_id=deposit.pk, note="Not here.", actor=dora, idempotency_key="no", today=today)
    taken_back = declare(bob, LIMIT, today)
    confirm(taken_back, dora, today)
    cancel_deposit(deposit_id=taken_back.pk, actor=bob, idempotency_key="back", today=today)
    assert [request.state for request in ApprovalRequest.objects.all()] == ["withdrawn", "withdrawn"]


def test_what_was_changed_behind_a_request_is_not_done(bob: User, dora: User, gina: User, today: dt.date) -> None:
    deposit = confirm(declare(bob, LIMIT, today), dora, today)
    request = ApprovalRequest.objects.get()
    ApprovalRequest.objects.filter(pk=request.pk).update(payload=request.payload | {"amount": 9_000_00})
    with pytest.raises(RequestChanged):
        agree(request, gina, today)
    ApprovalRequest.objects.filter(pk=request.pk).update(payload=request.payload, effect=1)
    with pytest.raises(RequestChanged):
        agree(request, gina, today)
    assert wallet_summary(bob).available == 0
    assert deposit.status == DepositStatus.DECLARED


def test_a_request_runs_out_after_14_days_and_who_asked_is_told(
    bob: User, dora: User, gina: User, today: dt.date
) -> None:
    confirm(declare(bob, LIMIT, today), dora, today)
    request = ApprovalRequest.objects.get()
    last = today + dt.timedelta(days=14)
    assert not expire_request(approval_id=request.pk, today=last)
    with pytest.raises(RequestDecided):
        agree(request, gina, last + dt.timedelta(days=1))
    assert expire_request(approval_id=request.pk, today=last + dt.timedelta(days=1))
    told = Notification.objects.get(user=dora)
    assert (told.title, told.link) == ("Your request was not decided in time", f"/admin/approvals/{request.reference}/")
    assert wallet_summary(bob).available == 0
    assert_links_open("approval_expired")


def test_who_asked_is_told_of_a_yes_and_of_a_no_with_its_reason(
    bob: User, carol: User, dora: User, gina: User, today: dt.date
) -> None:
    for user in (bob, carol):
        confirm(declare(user, LIMIT, today), dora, today)
    first, second = ApprovalRequest.objects.order_by("pk")
    agree(first, gina, today)
    refuse_request(approval_id=second.pk, note="No such line.", actor=gina, idempotency_key="no", today=today)
    titles = list(Notification.objects.filter(user=dora).order_by("pk").values_list("title", flat=True))
    assert titles == ["Your request was approved", "Your request was refused"]
    assert Notification.objects.filter(user=dora).latest("pk").body.endswith("Nothing was done. No such line.")
    assert_links_open("approval_approved", "approval_refused")


def test_one_takes_one_s_own_request_back_and_nobody_else_s(bob: User, dora: User, gina: User, today: dt.date) -> None:
    confirm(declare(bob, LIMIT, today), dora, today)
    request = ApprovalRequest.objects.get()
    with pytest.raises(NotPermitted):
        withdraw_request(approval_id=request.pk, actor=gina, idempotency_key="a", today=today)
    assert withdraw_request(approval_id=request.pk, actor=dora, idempotency_key="b", today=today).state == "withdrawn"
    with pytest.raises(RequestDecided):
        agree(request, gina, today)


def test_suspended_staff_decide_nothing(bob: User, dora: User, gina: User, today: dt.date) -> None:
    confirm(declare(bob, LIMIT, today), dora, today)
    suspend_user(user_id=gina.pk, reason="Left", actor=dora)
    with pytest.raises(NotPermitted):
        agree(ApprovalRequest.objects.get(), User.objects.get(pk=gina.pk), today)


def test_nobody_asks_for_what_is_about_them(dora: User, today: dt.date) -> None:
    with pytest.raises(OwnAffair):
        run_money(lambda: request_approval("deposit", "DP-1", {}, about=dora, reason="Mine", actor=dora, today=today))


def test_where_one_person_runs_the_platform_they_decide_alone_and_it_is_written_down(
    bob: User, dora: User, today: dt.date, settings: Any
) -> None:
    confirm(declare(bob, LIMIT, today), dora, today)
    settings.SECOND_PERSON = False
    request = agree(ApprovalRequest.objects.get(), dora, today)
    assert (request.state, request.checker, request.decided_alone) == ("approved", None, True)
    assert wallet_summary(bob).available == LIMIT
    event = AuditEvent.objects.get(action="ledger.deposit.deposit_approved")
    assert (event.actor, event.data["alone"]) == (dora, True)


# --- withdrawals -----------------------------------------------------------------------------------------------------
def test_a_large_withdrawal_is_let_go_by_two(rich_bob: User, dora: User, gina: User, today: dt.date) -> None:
    withdrawal = approve(ask(rich_bob, LIMIT, today), dora, today)
    assert withdrawal.status == WithdrawalStatus.REQUESTED
    request = ApprovalRequest.objects.get()
    assert request.payload == {"to_send": LIMIT, "account_ends": "3000", "account_holder": "Bob Example"}
    with pytest.raises(InvalidTransition):
        pay_withdrawal(
            withdrawal_id=withdrawal.pk, paid_on=today, bank_reference="", actor=dora, idempotency_key="p", today=today
        )
    agree(request, gina, today)
    withdrawal.refresh_from_db()
    assert (withdrawal.status, withdrawal.approved_by, withdrawal.approved_on) == ("approved", gina, today)


def test_small_withdrawals_of_one_day_count_together(rich_bob: User, dora: User, today: dt.date) -> None:
    parts = [ask(rich_bob, amount, today) for amount in (250_00, 149_00, 1_00)]
    assert {approve(part, dora, today).status for part in parts} == {WithdrawalStatus.REQUESTED}
    assert ApprovalRequest.objects.count() == 3


def test_withdrawals_of_several_days_let_go_on_one_day_count_together(
    rich_bob: User, dora: User, today: dt.date
) -> None:
    later = today + dt.timedelta(days=1)
    first, second = ask(rich_bob, 300_00, today), ask(rich_bob, 300_00, later)
    assert approve(first, dora, later).status == WithdrawalStatus.APPROVED
    assert approve(second, dora, later).status == WithdrawalStatus.REQUESTED


def test_a_refused_withdrawal_counts_no_more_and_ends_its_request(rich_bob: User, dora: User, today: dt.date) -> None:
    first = approve(ask(rich_bob, LIMIT, today), dora, today)
    reject_withdrawal(withdrawal_id=first.pk, note="No", actor=dora, idempotency_key="no", today=today)
    assert [request.state for request in ApprovalRequest.objects.all()] == ["withdrawn"]
    assert approve(ask(rich_bob, 399_99, today), dora, today).status == WithdrawalStatus.APPROVED
    assert_links_open("approval_withdrawn")


def test_money_of_a_suspended_person_does_not_leave_by_two_people_either(
    rich_bob: User, dora: User, gina: User, today: dt.date
) -> None:
    approve(ask(rich_bob, LIMIT, today), dora, today)
    suspend_user(user_id=rich_bob.pk, reason="Odd", actor=dora)
    before = money_mark()
    with pytest.raises(Exception, match="suspended"):
        agree(ApprovalRequest.objects.get(), gina, today)
    assert (money_mark(), ApprovalRequest.objects.get().state) == (before, "pending")


# --- the most that can be said ---------------------------------------------------------------------------------------
def test_no_larger_sum_than_the_ceiling_is_told_or_asked_for(rich_bob: User, today: dt.date) -> None:
    config.LARGEST_AMOUNT = 500_00
    for step in (lambda: declare(rich_bob, 500_01, today), lambda: ask(rich_bob, 500_01, today)):
        with pytest.raises(AboveCeiling) as refusal:
            step()
        assert refusal.value.message == "Enter an amount of €500.00 or less. For more, write to us first."
        assert (refusal.value.field, refusal.value.context) == ("amount", {"maximum": 500_00})
    assert declare(rich_bob, 500_00, today).amount == 500_00

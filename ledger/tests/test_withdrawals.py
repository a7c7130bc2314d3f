"""Money on its way out: set aside, approved, paid, or back in the wallet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.enums.people import VerificationStatus
from accounts.models import AuditEvent, Notification, OperationKey, User
from accounts.selectors.eligibility import IdentityNotVerified, UserSuspended
from accounts.services.approvals.permissions import StaffOnly
from ledger.bank_details.accounts import InvalidIban
from ledger.enums.books import WITHDRAWAL_TRANSITIONS, WithdrawalStatus
from ledger.models import JournalEntry, Withdrawal
from ledger.selectors import WalletSummary, balance, wallet_summary
from ledger.services.deposits import DateNotPossible, confirm_deposit, declare_deposit
from ledger.services.posting import InsufficientBalance
from ledger.services.staff import OwnRequest
from ledger.services.withdrawal_checks import MayNotTakeOut
from ledger.services.withdrawals import (
    BelowMinimumWithdrawal,
    NotYourWithdrawal,
    approve_withdrawal,
    cancel_withdrawal,
    pay_withdrawal,
    reject_withdrawal,
    request_withdrawal,
)
from p2plending.lib.errors import InvalidTransition
from p2plending.tests.support.cast import make_user, sign_in_fully
from p2plending.tests.support.figures import assert_links_open

pytestmark = pytest.mark.django_db
IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.fixture
def funded_bob(bob: User, dora: User, today: dt.date) -> User:
    """Bob with €1,000.00 in his wallet."""
    deposit = declare_deposit(
        user=bob, amount=1_000_00, sent_on=today, method="bank_transfer", bank_reference="", actor=bob,
        idempotency_key="told", today=today,
    )  # fmt: skip
    confirm_deposit(deposit_id=deposit.pk, value_date=today, actor=dora, idempotency_key="found", today=today)
    Notification.objects.all().delete()
    return bob


def request(
    user: User, today: dt.date, *, amount: int = 400_00, key: str = "request-1", iban: str = IBAN
) -> Withdrawal:
    return request_withdrawal(
        user=user, amount=amount, account_holder="Bob Example", iban=iban, actor=user, idempotency_key=key, today=today
    )


def approve(withdrawal: Withdrawal, actor: User) -> Withdrawal:
    return approve_withdrawal(
        withdrawal_id=withdrawal.pk, actor=actor, idempotency_key="approve", today=withdrawal.requested_on
    )


def pay(withdrawal: Withdrawal, actor: User, today: dt.date) -> Withdrawal:
    return pay_withdrawal(
        withdrawal_id=withdrawal.pk, paid_on=today, bank_reference="B-77", actor=actor, idempotency_key="pay",
        today=today,
    )  # fmt: skip


def test_only_staff_decide_and_never_about_their_own_money(funded_bob: User, carol: User, today: dt.date) -> None:
    withdrawal = request(funded_bob, today)
    for actor, refusal in ((carol, StaffOnly), (funded_bob, StaffOnly)):
        with pytest.raises(refusal):
            approve(withdrawal, actor)
    funded_bob.role = "staff"
    with pytest.raises(OwnRequest):
        approve(withdrawal, funded_bob)
    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.REQUESTED


def test_nobody_takes_out_more_than_is_available(funded_bob: User, today: dt.date) -> None:
    with pytest.raises(InsufficientBalance) as refused:
        request(funded_bob, today, amount=1_000_01)
    assert refused.value.message == "You have €1,000.00 available. Take out less."
    assert refused.value.context == {"available": 1_000_00}
    assert wallet_summary(funded_bob) == WalletSummary(available=1_000_00)
    assert Withdrawal.objects.count() == 0


def test_unverified_and_suspended_people_cannot_take_out(funded_bob: User, today: dt.date) -> None:
    with pytest.raises(IdentityNotVerified):
        request(make_user("Frank", "lender"), today)
    funded_bob.is_suspended = True
    with pytest.raises(UserSuspended):
        request(funded_bob, today)
    assert Withdrawal.objects.count() == 0


def test_less_than_one_euro_is_refused(funded_bob: User, today: dt.date) -> None:
    with pytest.raises(BelowMinimumWithdrawal) as refused:
        request(funded_bob, today, amount=99)
    assert refused.value.message == "Enter an amount of €1.00 or more."
    assert request(funded_bob, today, amount=100).amount == 100


@pytest.mark.parametrize(
    "iban", ["DE88370400440532013000", "DE89", "12345678901234567890", "GB82WEST12345698765431", ""]
)
def test_an_account_number_with_wrong_check_digits_is_refused(funded_bob: User, today: dt.date, iban: str) -> None:
    with pytest.raises(InvalidIban):
        request(funded_bob, today, iban=iban)
    assert Withdrawal.objects.count() == 0


@pytest.mark.parametrize("iban", ["GB82 WEST 1234 5698 7654 32", "fr1420041010050500013m02606", "NO9386011117947"])
def test_published_example_numbers_are_accepted(funded_bob: User, today: dt.date, iban: str) -> None:
    assert request(funded_bob, today, iban=iban).iban == "".join(iban.split()).upper()


def test_the_account_number_is_encrypted_at_rest(funded_bob: User, today: dt.date) -> None:
    withdrawal = request(funded_bob, today)
    with connection.cursor() as cursor:
        cursor.execute("SELECT iban, iban_last4 FROM ledger_withdrawal WHERE id = %s", [withdrawal.pk])
        stored, last4 = cursor.fetchone()
    assert "0532" not in stored
    assert last4 == "3000"
    assert Withdrawal.objects.get().iban == "DE89370400440532013000"
    assert "DE89" not in str(list(AuditEvent.objects.values_list("data", flat=True)))


def test_a_request_sets_the_money_aside_at_once(funded_bob: User, today: dt.date) -> None:
    request(funded_bob, today)
    assert wallet_summary(funded_bob) == WalletSummary(available=600_00, withdrawing=400_00)
    assert wallet_summary(funded_bob).total == 1_000_00


def test_the_same_form_sent_twice_asks_once(funded_bob: User, today: dt.date) -> None:
    first, again = request(funded_bob, today), request(funded_bob, today)
    assert (first.pk, again.is_replay) == (again.pk, True)
    assert wallet_summary(funded_bob) == WalletSummary(available=600_00, withdrawing=400_00)


def test_paid_money_has_left_the_books(funded_bob: User, dora: User, today: dt.date) -> None:
    withdrawal = request(funded_bob, today)
    approve(withdrawal, dora)
    assert wallet_summary(funded_bob).withdrawing == 400_00
    paid = pay(withdrawal, dora, today)
    assert (paid.status, paid.paid_on, paid.bank_reference) == (WithdrawalStatus.PAID, today, "B-77")
    assert wallet_summary(funded_bob) == WalletSummary(available=600_00)
    assert balance("C1000") == 600_00
    assert Notification.objects.get(event="withdrawal_paid").body == "We sent €400.00 to your account ending in 3000."


@pytest.mark.parametrize("days", [-1, 1])
def test_money_is_paid_between_the_request_and_today(funded_bob: User, dora: User, today: dt.date, days: int) -> None:
    withdrawal = request(funded_bob, today)
    approve(withdrawal, dora)
    with pytest.raises(DateNotPossible):
        pay_withdrawal(
            withdrawal_id=withdrawal.pk, paid_on=today + dt.timedelta(days=days), bank_reference="", actor=dora,
            idempotency_key="pay", today=today,
        )  # fmt: skip
    assert wallet_summary(funded_bob).withdrawing == 400_00


def test_a_rejected_withdrawal_is_back_in_the_wallet(funded_bob: User, dora: User, today: dt.date) -> None:
    withdrawal = request(funded_bob, today)
    approve(withdrawal, dora)
    reject_withdrawal(
        withdrawal_id=withdrawal.pk, note="The bank sent it back.", actor=dora, idempotency_key="no", today=today
    )
    assert wallet_summary(funded_bob) == WalletSummary(available=1_000_00)
    told = Notification.objects.get(event="withdrawal_rejected")
    assert told.body == "€400.00 is back in your wallet. The bank sent it back."
    assert_links_open("withdrawal_rejected")


def test_only_the_person_cancels(funded_bob: User, carol: User, today: dt.date) -> None:
    withdrawal = request(funded_bob, today)
    with pytest.raises(NotYourWithdrawal):
        cancel_withdrawal(withdrawal_id=withdrawal.pk, actor=carol, idempotency_key="c", today=today)
    assert wallet_summary(funded_bob).withdrawing == 400_00
    cancel_withdrawal(withdrawal_id=withdrawal.pk, actor=funded_bob, idempotency_key="c", today=today)
    assert wallet_summary(funded_bob) == WalletSummary(available=1_000_00)


def change_email(user: User) -> None:
    EmailAddress.objects.filter(user=user).update(verified=False)


def suspend(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_suspended=True)


def doubt_identity(user: User) -> None:
    user.verification.status = VerificationStatus.SUSPENDED
    user.verification.save()


STOPPED = [
    (suspend, "user_suspended", "This person's account is suspended, so no money may leave."),
    (change_email, "email_not_verified", "This person's e-mail address is not confirmed."),
    (doubt_identity, "identity_not_verified", "This person's identity check does not stand now."),
]


@pytest.mark.parametrize(("stop", "because", "words"), STOPPED)
def test_nothing_is_approved_or_paid_to_somebody_who_was_stopped_since(
    funded_bob: User, dora: User, today: dt.date, stop: Callable[[User], None], because: str, words: str
) -> None:
    first, second = request(funded_bob, today), request(funded_bob, today, amount=100_00, key="request-2")
    approve(first, dora)
    stop(funded_bob)
    for refused_step in (lambda: pay(first, dora, today), lambda: approve_again(second, dora)):
        with pytest.raises(MayNotTakeOut) as refused:
            refused_step()
        assert refused.value.context == {"because": because}
        assert refused.value.message.startswith(words)
        assert "refuse the withdrawal" in refused.value.message
    assert wallet_summary(funded_bob) == WalletSummary(available=500_00, withdrawing=500_00)
    assert list(Withdrawal.objects.order_by("pk").values_list("status", flat=True)) == ["approved", "requested"]
    for row in (first, second):
        key = f"no-{row.pk}"
        reject_withdrawal(withdrawal_id=row.pk, note="", actor=dora, idempotency_key=key, today=today)
    assert wallet_summary(funded_bob) == WalletSummary(available=1_000_00)


def approve_again(withdrawal: Withdrawal, actor: User) -> Withdrawal:
    return approve_withdrawal(
        withdrawal_id=withdrawal.pk, actor=actor, idempotency_key="approve-2", today=withdrawal.requested_on
    )


def test_an_identity_card_that_ran_out_stops_no_money_on_its_way(funded_bob: User, dora: User, today: dt.date) -> None:
    withdrawal = request(funded_bob, today)
    funded_bob.verification.status = VerificationStatus.EXPIRED
    funded_bob.verification.save()
    approve(withdrawal, dora)
    assert pay(withdrawal, dora, today).status == WithdrawalStatus.PAID


def test_staff_are_told_on_the_page_and_can_only_refuse(
    funded_bob: User, dora: User, today: dt.date, client: Client
) -> None:
    withdrawal = request(funded_bob, today)
    suspend(funded_bob)
    sign_in_fully(client, dora)
    page = client.get(reverse("admin:withdrawal", args=[withdrawal.reference])).content.decode()
    assert "account is suspended, so no money may leave." in page
    assert (page.count("Approve withdrawal"), page.count("Refuse withdrawal")) == (0, 1)


EVENTS: dict[WithdrawalStatus, Callable[[Withdrawal, User, User, dt.date], Withdrawal]] = {
    WithdrawalStatus.APPROVED: lambda withdrawal, owner, staff, day: approve(withdrawal, staff),
    WithdrawalStatus.PAID: lambda withdrawal, owner, staff, day: pay(withdrawal, staff, day),
    WithdrawalStatus.REJECTED: lambda withdrawal, owner, staff, day: reject_withdrawal(
        withdrawal_id=withdrawal.pk, note="", actor=staff, idempotency_key="e", today=day
    ),
    WithdrawalStatus.CANCELLED: lambda withdrawal, owner, staff, day: cancel_withdrawal(
        withdrawal_id=withdrawal.pk, actor=owner, idempotency_key="e", today=day
    ),
}
WAYS: dict[WithdrawalStatus, tuple[WithdrawalStatus, ...]] = {
    WithdrawalStatus.REQUESTED: (),
    WithdrawalStatus.APPROVED: (WithdrawalStatus.APPROVED,),
    WithdrawalStatus.PAID: (WithdrawalStatus.APPROVED, WithdrawalStatus.PAID),
    WithdrawalStatus.REJECTED: (WithdrawalStatus.REJECTED,),
    WithdrawalStatus.CANCELLED: (WithdrawalStatus.CANCELLED,),
}


@pytest.mark.parametrize("target", EVENTS)
@pytest.mark.parametrize("state", WAYS)
def test_every_state_takes_exactly_its_events(
    funded_bob: User, dora: User, today: dt.date, state: WithdrawalStatus, target: WithdrawalStatus
) -> None:
    withdrawal = request(funded_bob, today)
    for step in WAYS[state]:
        EVENTS[step](withdrawal, funded_bob, dora, today)
    OperationKey.objects.all().delete()
    before = (wallet_summary(funded_bob), JournalEntry.objects.count())
    if target in WITHDRAWAL_TRANSITIONS.get(state, ()):
        assert EVENTS[target](withdrawal, funded_bob, dora, today).status == target
    else:
        with pytest.raises(InvalidTransition):
            EVENTS[target](withdrawal, funded_bob, dora, today)
        assert (wallet_summary(funded_bob), JournalEntry.objects.count()) == before
        assert Withdrawal.objects.get().status == state

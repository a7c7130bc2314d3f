"""Deposits, withdrawals and loan payments on the desk: to the cent, once, and by two people where it must be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums.people import StaffGroup
from accounts.models import User
from accounts.selectors.people import waiting_about
from adminpanel.tests import scenes
from adminpanel.views import identity
from adminpanel.views.control import approvals, questions
from adminpanel.views.lending import applications
from adminpanel.views.money import deposits, repayments, withdrawals
from adminpanel.views.rows import QueuePages
from ledger.enums.books import DepositStatus, WithdrawalStatus
from ledger.models import Deposit, JournalEntry
from ledger.selectors import wallet_summary
from loans.enums.loan import RepaymentStatus
from p2plending.lib import clock
from p2plending.tests.support import world

ClientOf = Callable[[User], Client]


@pytest.fixture
def finance(db: None) -> User:
    return scenes.staff_of(StaffGroup.FINANCE)


def today() -> str:
    return clock.business_date().isoformat()


def test_a_deposit_confirmed_twice_with_one_form_is_booked_once(bob: User, finance: User, client_of: ClientOf) -> None:
    deposit = scenes.told_deposit(bob, 250_00)
    client = client_of(finance)
    url = reverse("admin:deposit_confirm", args=[deposit.reference])
    data = {"form_key": world.new_key(), "value_date": today()}
    assert [client.post(url, data).status_code for _click in range(2)] == [302, 302]
    assert wallet_summary(bob).available == 250_00
    assert JournalEntry.objects.filter(kind="DEPOSIT").count() == 1


def test_a_decision_leads_to_the_next_that_waits_and_the_last_one_to_the_queue(
    bob: User, finance: User, client_of: ClientOf
) -> None:
    first, second = scenes.told_deposit(bob, 250_00), scenes.told_deposit(bob, 60_00)
    client, led_to = client_of(finance), []
    for deposit in (first, second):
        url = reverse("admin:deposit_confirm", args=[deposit.reference])
        answer = client.post(url, {"form_key": world.new_key(), "value_date": today()})
        led_to.append(answer["Location"])
    assert led_to == [reverse("admin:deposit", args=[second.reference]), reverse("admin:deposit_queue")]


@pytest.mark.parametrize(
    "pages",
    [
        approvals.PAGES,
        questions.PAGES,
        identity.PAGES,
        applications.PAGES,
        deposits.PAGES,
        repayments.PAGES,
        withdrawals.PAGES,
    ],
)
def test_every_queue_of_the_desk_opens_empty(pages: QueuePages, db: None, client_of: ClientOf) -> None:
    answer = client_of(scenes.staff_of_every_group()).get(pages.queue_address())
    assert answer.status_code == 200
    assert answer.context["title"] == str(pages.queue_title)


def test_a_stale_page_is_told_so_and_nothing_is_booked(bob: User, finance: User, client_of: ClientOf) -> None:
    deposit = scenes.told_deposit(bob, 250_00)
    client = client_of(finance)
    reject = reverse("admin:deposit_reject", args=[deposit.reference])
    client.post(reject, {"form_key": world.new_key(), "note": "Not seen"})
    confirm = reverse("admin:deposit_confirm", args=[deposit.reference])
    answer = client.post(confirm, {"form_key": world.new_key(), "value_date": today()})
    assert answer.status_code == 422
    assert "This step is no longer possible." in answer.content.decode()
    assert wallet_summary(bob).available == 0


@pytest.mark.parametrize(
    ("value_date", "words"),
    [
        ("", "Enter the day it arrived."),
        ("soon", "Enter the day as a date, like 2026-01-31."),
        ("2999-01-01", "The value date must be from the day the money was sent to today."),
    ],
)
def test_a_wrong_day_is_refused_in_words(
    value_date: str, words: str, bob: User, finance: User, client_of: ClientOf
) -> None:
    deposit = scenes.told_deposit(bob)
    url = reverse("admin:deposit_confirm", args=[deposit.reference])
    answer = client_of(finance).post(url, {"form_key": world.new_key(), "value_date": value_date})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    deposit.refresh_from_db()
    assert deposit.status == DepositStatus.DECLARED


def test_a_form_without_its_key_is_out_of_date(bob: User, finance: User, client_of: ClientOf) -> None:
    deposit = scenes.told_deposit(bob)
    url = reverse("admin:deposit_confirm", args=[deposit.reference])
    answer = client_of(finance).post(url, {"value_date": today()})
    assert answer.status_code == 422
    assert "This page was out of date. Open it again." in answer.content.decode()
    assert JournalEntry.objects.count() == 0


def test_the_page_of_a_batch_shows_the_sum_before_anything_moves(
    bob: User, carol: User, finance: User, client_of: ClientOf
) -> None:
    told = [scenes.told_deposit(bob, 250_00), scenes.told_deposit(carol, 1_250_50)]
    picked = [deposit.reference for deposit in told]
    page = client_of(finance).get(reverse("admin:deposit_batch"), {"pick": picked}).content.decode()
    assert "€1,500.50" in page
    assert JournalEntry.objects.count() == 0


def test_a_batch_confirms_each_deposit_and_names_the_one_that_was_refused(
    bob: User, carol: User, finance: User, client_of: ClientOf
) -> None:
    fine, refused = scenes.told_deposit(bob, 250_00), scenes.told_deposit(carol, 99_50)
    Deposit.objects.filter(pk=refused.pk).update(user=finance)
    data = {
        "form_key": world.new_key(),
        "value_date": today(),
        "pick": [fine.reference, refused.reference],
    }
    page = client_of(finance).post(reverse("admin:deposit_batch"), data, follow=True).content.decode()
    assert "1 deposit confirmed." in page
    assert f"{refused.reference} was not confirmed: This is your own money. Somebody else must decide." in page
    assert wallet_summary(bob).available == 250_00
    assert wallet_summary(finance).available == 0


def test_no_more_than_a_page_of_deposits_is_confirmed_at_once(bob: User, finance: User, client_of: ClientOf) -> None:
    told = [scenes.told_deposit(bob, 100_00 + number) for number in range(26)]
    data = {"form_key": world.new_key(), "value_date": today(), "pick": [one.reference for one in told]}
    client_of(finance).post(reverse("admin:deposit_batch"), data)
    assert Deposit.objects.filter(status=DepositStatus.CONFIRMED).count() == 25


def test_own_money_shows_no_decision_and_is_refused(bob: User, finance: User, client_of: ClientOf) -> None:
    deposit = scenes.told_deposit(bob)
    Deposit.objects.filter(pk=deposit.pk).update(user=finance)
    client = client_of(finance)
    page = client.get(reverse("admin:deposit", args=[deposit.reference])).content.decode()
    assert "This is your own money. Somebody else must decide." in page
    assert "Confirm deposit" not in page
    confirm = reverse("admin:deposit_confirm", args=[deposit.reference])
    answer = client.post(confirm, {"form_key": world.new_key(), "value_date": today()})
    assert answer.status_code == 403
    assert JournalEntry.objects.count() == 0


def test_a_withdrawal_is_approved_then_paid_and_leaves_the_books(
    carol: User, finance: User, client_of: ClientOf
) -> None:
    withdrawal = scenes.asked_withdrawal(carol, 100_00)
    client = client_of(finance)
    page = client.get(reverse("admin:withdrawal", args=[withdrawal.reference])).content.decode()
    assert scenes.IBAN in page
    client.post(reverse("admin:withdrawal_approve", args=[withdrawal.reference]), {"form_key": world.new_key()})
    client.post(
        reverse("admin:withdrawal_pay", args=[withdrawal.reference]),
        {"form_key": world.new_key(), "paid_on": today(), "bank_reference": "B-77"},
    )
    withdrawal.refresh_from_db()
    assert (withdrawal.status, withdrawal.bank_reference) == (WithdrawalStatus.PAID, "B-77")
    assert wallet_summary(carol).total == 0
    closed = client.get(reverse("admin:withdrawal", args=[withdrawal.reference])).content.decode()
    assert scenes.IBAN not in closed


def test_a_large_withdrawal_needs_a_second_person(carol: User, finance: User, client_of: ClientOf) -> None:
    withdrawal = scenes.asked_withdrawal(carol, 10_000_00)
    client = client_of(finance)
    url = reverse("admin:withdrawal_approve", args=[withdrawal.reference])
    answer = client.post(url, {"form_key": world.new_key()}, follow=True)
    assert "A second person is asked. Nothing has moved yet." in answer.content.decode()
    asked = waiting_about("withdrawal", withdrawal.reference).get()
    page = client.get(reverse("admin:withdrawal", args=[withdrawal.reference])).content.decode()
    assert reverse("admin:approval", args=[asked.reference]) in page
    assert "Approve withdrawal" not in page
    own = client.post(reverse("admin:approval_approve", args=[asked.reference]), {"form_key": world.new_key()})
    assert own.status_code == 403
    assert "You asked for this yourself. Somebody else must decide." in own.content.decode()
    assert wallet_summary(carol).withdrawing == 10_000_00
    second = client_of(scenes.staff_of(StaffGroup.COMPLIANCE))
    seen = second.get(reverse("admin:approval", args=[asked.reference])).content.decode()
    assert "€10,000.00" in seen
    assert "Carol Example, …3000" in seen
    second.post(reverse("admin:approval_approve", args=[asked.reference]), {"form_key": world.new_key()})
    withdrawal.refresh_from_db()
    assert withdrawal.status == WithdrawalStatus.APPROVED


def test_large_deposits_of_a_batch_wait_for_a_second_person_and_the_others_do_not(
    bob: User, carol: User, finance: User, client_of: ClientOf
) -> None:
    small, large = scenes.told_deposit(bob, 250_00), scenes.told_deposit(carol, 10_000_00)
    data = {"form_key": world.new_key(), "value_date": today(), "pick": [small.reference, large.reference]}
    page = client_of(finance).post(reverse("admin:deposit_batch"), data, follow=True).content.decode()
    assert "1 deposit confirmed." in page
    assert "1 deposit waits for a second person." in page
    assert (wallet_summary(bob).available, wallet_summary(carol).available) == (250_00, 0)


def test_a_large_payment_on_a_loan_waits_for_a_second_person(
    alice: User, bob: User, finance: User, client_of: ClientOf
) -> None:
    loan = world.active_loan(alice, {bob: 500_00}, today=clock.business_date())
    world.set_rules(DEPOSIT_SECOND_PERSON_ABOVE=100_00)
    first, second = scenes.told_repayment(loan, 60_00), scenes.told_repayment(loan, 40_00)
    client = client_of(finance)
    for payment in (first, second):
        url = reverse("admin:repayment_confirm", args=[payment.reference])
        client.post(url, {"form_key": world.new_key(), "value_date": today()})
        payment.refresh_from_db()
    assert (first.status, second.status) == (RepaymentStatus.CONFIRMED, RepaymentStatus.DECLARED)
    asked = waiting_about("repayment", second.reference).get()
    assert client.get(reverse("admin:approval", args=[asked.reference])).status_code == 200
    assert world.agree_about("repayment", second.reference, today=clock.business_date()) == 1
    second.refresh_from_db()
    assert (second.status, second.decided_by) == (RepaymentStatus.CONFIRMED, world.second_officer())


def test_those_who_only_look_never_see_the_whole_account_number(carol: User, client_of: ClientOf) -> None:
    withdrawal = scenes.asked_withdrawal(carol)
    support = client_of(scenes.staff_of(StaffGroup.SUPPORT))
    page = support.get(reverse("admin:withdrawal", args=[withdrawal.reference])).content.decode()
    assert scenes.IBAN not in page
    assert "ends in 3000" in page


def test_a_confirmed_payment_reaches_the_lender(alice: User, bob: User, finance: User, client_of: ClientOf) -> None:
    loan = world.active_loan(alice, {bob: 500_00}, today=clock.business_date())
    repayment = scenes.told_repayment(loan, 50_00)
    before = wallet_summary(bob).available
    url = reverse("admin:repayment_confirm", args=[repayment.reference])
    client_of(finance).post(url, {"form_key": world.new_key(), "value_date": today()})
    repayment.refresh_from_db()
    assert repayment.status == RepaymentStatus.CONFIRMED
    assert wallet_summary(bob).available - before == 50_00 - repayment.servicing_fee


@pytest.mark.parametrize("name", ["deposit_queue", "withdrawal_queue", "repayment_queue"])
def test_queues_ask_as_often_for_many_rows_as_for_one(
    name: str,
    alice: User,
    bob: User,
    finance: User,
    client_of: ClientOf,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    loan = world.active_loan(alice, {bob: 500_00}, today=clock.business_date())

    def add_one(amount: int) -> None:
        scenes.told_deposit(bob, amount)
        scenes.asked_withdrawal(bob, amount)
        scenes.told_repayment(loan, amount)

    client = client_of(finance)
    add_one(50_00)
    client.get(reverse(f"admin:{name}"))
    with django_assert_max_num_queries(15) as once:
        client.get(reverse(f"admin:{name}"))
    add_one(60_00)
    add_one(70_00)
    with django_assert_max_num_queries(15) as often:
        client.get(reverse(f"admin:{name}"))
    assert len(often.captured_queries) == len(once.captured_queries)

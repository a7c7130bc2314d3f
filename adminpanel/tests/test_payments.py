"""Payments that came back or were found late, on the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import StaffGroup
from accounts.models import User
from adminpanel.tests import scenes
from ledger.selectors import wallet_summary
from loans.enums import RepaymentStatus
from loans.models import Loan, Repayment
from loans.tests.servicing.paying import pay
from p2plending.lib import clock
from p2plending.tests import world
from p2plending.tests.books import assert_sound_books

ClientOf = Callable[[User], Client]


@pytest.fixture
def finance(db: None) -> User:
    return scenes.staff_of(StaffGroup.FINANCE)


@pytest.fixture
def running(alice: User, bob: User) -> Loan:
    """1,000.00 from Bob, its first payment due 33 days ago at most."""
    loan = world.active_loan(alice, {bob: 1_000_00}, today=clock.business_date() - dt.timedelta(days=40))
    world.fund_wallet(alice, 500_00, today=clock.business_date())
    return loan


def test_others_than_finance_cannot_undo_or_enter_payments(running: Loan, client_of: ClientOf) -> None:
    paid = pay(running, running.next_due_amount, clock.business_date())
    support = client_of(scenes.staff_of(StaffGroup.SUPPORT))
    for url in (
        reverse("admin:reverse_payment", args=[paid.reference]),
        reverse("admin:enter_payment", args=[running.reference]),
    ):
        assert support.post(url, {"form_key": world.new_key()}).status_code == 403
    assert Repayment.objects.get().status == RepaymentStatus.CONFIRMED


def test_a_payment_is_undone_once_after_its_figures_were_shown(
    running: Loan, bob: User, finance: User, client_of: ClientOf
) -> None:
    paid = pay(running, running.next_due_amount, clock.business_date())
    client = client_of(finance)
    url = reverse("admin:reverse_payment", args=[paid.reference])
    assert url in client.get(reverse("admin:repayment", args=[paid.reference])).content.decode()
    shown = client.get(url)
    assert shown.context["effect"].from_lenders == wallet_summary(bob).available
    assert shown.context["effect"].owed_by_lenders == 0
    data = {"form_key": world.new_key(), "reason": ""}
    assert "Enter a reason." in client.post(url, data).content.decode()
    data["reason"] = "The bank returned it."
    assert [client.post(url, data).status_code for _click in range(2)] == [302, 302]
    assert (Repayment.objects.get().status, wallet_summary(bob).available) == (RepaymentStatus.REVERSED, 0)
    assert_sound_books()


def test_money_found_late_counts_on_its_day(running: Loan, finance: User, client_of: ClientOf) -> None:
    client = client_of(finance)
    url = reverse("admin:enter_payment", args=[running.reference])
    assert url in client.get(reverse("admin:loan_review", args=[running.reference])).content.decode()
    day = running.next_due_on
    data = {"form_key": world.new_key(), "amount": "50.00", "value_date": clock.business_date().isoformat()}
    assert "Give a date before today." in client.post(url, data).content.decode()
    assert client.post(url, data | {"value_date": day.isoformat()}).status_code == 302
    found = Repayment.objects.get()
    assert (found.amount, found.counted_on, found.status) == (50_00, day, RepaymentStatus.CONFIRMED)
    assert_sound_books()

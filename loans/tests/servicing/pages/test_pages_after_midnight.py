"""A page that was opened yesterday comes back with today's figures, says why, and then does what it says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from ledger.models import Deposit
from ledger.selectors import wallet_summary
from loans.enums.loan import LoanStatus, RepaymentMethod
from loans.models import Loan, Repayment
from loans.selectors.servicing import payoff_figure
from loans.tests.servicing.pages.test_pages import check, hidden, url, words
from loans.tests.servicing.paying import fresh
from p2plending.lib.clock import business_date
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.world import active_loan, fund_wallet, new_key, set_rules

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
NEW_DAY = "A new day has begun since you opened this page."


@pytest.fixture
def midnight(settings: Any) -> Callable[[], dt.date]:
    """Move on to the next day."""

    def pass_midnight() -> dt.date:
        settings.DEMO_MODE = True
        set_rules(DEMO_DAYS_AHEAD=1)
        return business_date()

    return pass_midnight


@pytest.fixture
def young(alice: User, bob: User) -> Loan:
    """1,000.00, paid out five days ago."""
    day = business_date() - dt.timedelta(days=5)
    loan = active_loan(alice, {bob: 1_000_00}, today=day)
    fund_wallet(alice, 500_00, today=day)
    return loan


def test_a_payment_from_the_wallet_comes_back_once_and_then_counts_today(
    running: Loan, client_of: ClientOf, midnight: Callable[[], dt.date]
) -> None:
    client = client_of(running.borrower)
    shown = check(client, running, kind="other", amount="100.00")
    today = midnight()
    again = client.post(url(running, "pay/check"), hidden(shown))
    assert (again.status_code, Repayment.objects.count()) == (422, 0)
    assert NEW_DAY in words(again)
    assert hidden(again) | {"next": ""} == hidden(shown) | {"next": "", "value_date": today.isoformat()}
    client.post(url(running, "pay/check"), hidden(again))
    paid = Repayment.objects.get()
    assert (paid.amount, paid.value_date) == (100_00, today)
    assert_sound_books()


def test_a_pay_off_of_yesterday_is_shown_with_the_sum_of_today(
    running: Loan, client_of: ClientOf, midnight: Callable[[], dt.date]
) -> None:
    client = client_of(running.borrower)
    shown = check(client, running, kind="payoff")
    before = payoff_figure(running, business_date()).total
    today = midnight()
    after = payoff_figure(fresh(running), today).total
    assert after > before
    again = client.post(url(running, "pay/check"), hidden(shown))
    assert hidden(again)["amount"] == f"{after / 100:.2f}"
    assert "This pays off your loan" in words(again)
    client.post(url(running, "pay/check"), hidden(again))
    assert (Repayment.objects.get().amount, fresh(running).status) == (after, LoanStatus.REPAID)
    assert_sound_books()


def test_a_second_click_after_midnight_finds_the_payment_of_the_first(
    running: Loan, client_of: ClientOf, midnight: Callable[[], dt.date]
) -> None:
    client = client_of(running.borrower)
    sent = hidden(check(client, running))
    first = client.post(url(running, "pay/check"), sent)
    midnight()
    assert client.post(url(running, "pay/check"), sent).url == first.url
    assert Repayment.objects.count() == 1


def test_a_transfer_keeps_the_day_on_which_it_was_sent(
    running: Loan, client_of: ClientOf, midnight: Callable[[], dt.date]
) -> None:
    client, sent_on = client_of(running.borrower), business_date()
    shown = check(client, running, method="declared")
    midnight()
    client.post(url(running, "pay/check"), hidden(shown))
    told = Repayment.objects.get()
    assert (told.method, told.value_date) == (RepaymentMethod.DECLARED, sent_on)


def test_giving_a_loan_back_asks_again_for_the_sum_of_today(
    young: Loan, alice: User, client_of: ClientOf, midnight: Callable[[], dt.date]
) -> None:
    client, page = client_of(alice), reverse("loans:give_back", args=[young.reference])
    shown = client.get(page).context["figures"].to_pay
    before = wallet_summary(alice)
    midnight()
    again = client.post(page, {"form_key": new_key(), "confirmed": shown})
    to_pay = again.context["figures"].to_pay
    assert to_pay > shown
    assert (again.status_code, wallet_summary(alice), fresh(young).status) == (422, before, LoanStatus.ACTIVE)
    assert "The sum has changed since you opened this page" in words(again)
    assert f'name="confirmed" value="{to_pay}"' in again.content.decode()
    client.post(page, {"form_key": new_key(), "confirmed": to_pay})
    assert (Repayment.objects.get().amount, fresh(young).status) == (to_pay, LoanStatus.REPAID)
    assert_sound_books()


def test_a_deposit_told_of_before_midnight_keeps_its_day(
    bob: User, client_of: ClientOf, midnight: Callable[[], dt.date]
) -> None:
    client, sent_on = client_of(bob), business_date()
    asked = {"form_key": new_key(), "amount": "50.00", "sent_on": sent_on.isoformat(), "method": "bank_transfer"}
    assert client.post(reverse("ledger:add"), asked, follow=True).status_code == 200
    midnight()
    assert client.post(reverse("ledger:add_check"), asked).status_code == 302
    assert Deposit.objects.get(user=bob, amount=50_00).sent_on == sent_on

"""How many clicks a new borrower needs from the first screen to the first payment: no address is typed on the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core import mail
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.tasks import sweep_notifications
from loans.models import Loan
from p2plending.tests.browser.test_browser_walk import (
    DETAILS,
    IBAN,
    add_money,
    approve_identity,
    lend,
    move_date,
    register,
    review,
    send_identity,
    sign_in,
)
from p2plending.tests.support.browser import NARROW, Visitor
from p2plending.tests.support.cast import PASSWORD, code_now, turn_on_second_step
from p2plending.tests.support.queue import carry_out_tasks
from p2plending.tests.support.world import lift_lending_limits, set_price

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.one_database,
    pytest.mark.usefixtures("january"),
    pytest.mark.django_db(transaction=True),
]

MOST_CLICKS = 33


def link_of_mail(email: str, words: str) -> str:
    """The path behind the link of the newest e-mail whose subject has these words."""
    carry_out_tasks()
    sweep_notifications()
    mails = [message for message in mail.outbox if message.to == [email]]
    fitting = [message for message in mails if words in message.subject]
    assert fitting, " | ".join(message.subject for message in mails)
    return re.search(r"https?://[^/\s]+(/\S+)", fitting[-1].body).group(1)


def register_and_prove_identity(alice: Visitor, picture: Path) -> None:
    alice.open("/")
    alice.fill(requested_amount="10000", term_months="12")
    alice.press("See my rate")
    alice.follow("Apply for this loan")
    alice.fill(full_name="Alice Example", email="alice@example.org", password=PASSWORD, terms=True)
    alice.press("Create account")
    alice.follow_mail(link_of_mail("alice@example.org", ""))
    alice.press("Confirm")
    alice.follow("Start the identity check")
    alice.fill(**DETAILS, legal_name="Alice Example", id_number="C0ALICE7", source_of_funds="Salary")
    alice.press("Save and continue")
    alice.fill(id_front=picture)
    alice.press("Send for checking")


def apply(alice: Visitor) -> Loan:
    alice.press("Continue")
    alice.fill(purpose="home", title="New windows", story="Double glazing before the winter.", region="North")
    alice.press("Continue")
    alice.fill(monthly_income="4,000.00", monthly_expenses="1500", monthly_debt_service="0")
    alice.fill(employment="employed", employment_months="72", dependants="0")
    alice.press("Continue")
    alice.fill(answers_are_true=True, has_read_costs=True, agrees_to_check=True)
    alice.press("Send application")
    return Loan.objects.get()


@pytest.mark.parametrize("viewport", [None, NARROW], ids=["wide", "narrow"])
def test_a_new_borrower_comes_from_the_first_screen_to_the_first_payment(
    chromium: Browser,
    live_server: LiveServer,
    dora: User,
    picture: Path,
    viewport: dict | None,
) -> None:
    set_price()
    lift_lending_limits()
    alice, bob, staff = (
        Visitor(chromium, live_server.url, viewport=viewport),
        *(Visitor(chromium, live_server.url) for _ in range(2)),
    )
    turn_on_second_step(dora)
    sign_in(staff, dora.email)
    staff.fill(code=code_now())
    staff.press("Sign in")
    register(bob, "Bob", "lender")
    send_identity(bob, "Bob", picture)
    approve_identity(staff, "Bob")
    add_money(bob, staff, "10000", "€10,000.00")

    register_and_prove_identity(alice, picture)
    approve_identity(staff, "Alice")
    alice.follow_mail(link_of_mail("alice@example.org", "identity"))
    loan = apply(alice)
    review(staff, loan)
    alice.follow_mail(link_of_mail("alice@example.org", "offer"))
    alice.fill(has_read_offer=True)
    alice.press("Accept the offer")
    lend(bob, loan, "10000", "€10,000.00")
    alice.follow_mail(link_of_mail("alice@example.org", "funded"))
    alice.fill(typed_name="Alice Example", has_read_agreement=True)
    alice.press("Sign the agreement")
    alice.follow_mail(link_of_mail("alice@example.org", "in your wallet"))
    alice.follow("Take out")
    alice.fill(amount="5000", account_holder="Alice Example", iban=IBAN)
    alice.press("Check")
    alice.fill(password=PASSWORD)
    alice.press("Take out €5,000.00")

    move_date(staff, 31, "15 Feb 2026")
    alice.follow_mail(link_of_mail("alice@example.org", "Payment due"))
    alice.press("Check this payment")
    alice.press("Pay €888.49")
    alice.sees("Payment received")
    assert alice.clicks <= MOST_CLICKS, alice.clicks
    for visitor in (alice, bob, staff):
        visitor.leave()

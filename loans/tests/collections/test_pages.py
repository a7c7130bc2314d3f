"""Pages of a borrower in trouble and of the lenders: figures before anything is sent, one effect a form."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from loans.account.restructure import PlanTerms
from loans.enums.collections import PlanOption
from loans.models import HardshipRequest, Loan, Note, Recovery
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.collections import steps
from loans.tests.servicing.paying import available, fresh
from p2plending.lib.clock import business_date
from p2plending.lib.formatting import format_money as money
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.world import example_loan, new_key

ClientOf = Callable[[User], Client]
FRAUD = "fraud"


@pytest.fixture
def today() -> dt.date:
    return business_date()


@pytest.fixture
def late(alice: User, bob: User, carol: User, dan: User, today: dt.date) -> Loan:
    """The example, paid out 100 days ago, never paid: three payments are late."""
    loan = example_loan(alice, (bob, carol, dan), today=today - dt.timedelta(days=100))
    bring_loan_forward(loan_id=loan.pk, today=today)
    return fresh(loan)


def at(name: str, *args: str) -> str:
    return reverse(f"loans:{name}", args=args)


def words(response: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()).replace("\N{NO-BREAK SPACE}", " "))


def form(**changes: str) -> dict[str, str]:
    asked = {"cause": "illness", "story": "", "expected_months": "2", "affordable_amount": "100.00", "due_day": ""}
    return asked | {"option": "holiday", "payments": "2", "form_key": new_key()} | changes


def written_off(loan: Loan, dora: User, frank: User, today: dt.date) -> Loan:
    steps.approve(steps.ask_write_off(loan, dora, today, cause=FRAUD), frank, today)
    return fresh(loan)


@pytest.mark.parametrize("name", ["help", "new_plan", "settlement", "pay_loss"])
def test_nobody_else_opens_the_pages(
    name: str, late: Loan, bob: User, dora: User, client: Client, client_of: ClientOf
) -> None:
    url = at(name, late.reference)
    assert client_of(bob).get(url).status_code == 403
    assert client_of(dora).get(url).status_code == 403
    assert client.get(url).status_code == 302


def test_the_cost_is_shown_before_help_is_asked_for(late: Loan, alice: User, client_of: ClientOf) -> None:
    client, url = client_of(alice), at("help", late.reference)
    page = client.get(url)
    assert [plan.terms.option for plan in page.context["examples"]] == ["new_due_day", "holiday", "lower"]
    assert client.post(url, form(option="lower", payments="1")).status_code == 422
    assert "least" in words(client.post(url, form(option="lower", payments="3", affordable_amount="1.00")))
    sent = form()
    check = client.post(url, sent, follow=True)
    assert check.context["plan"].costs_more > 0
    assert not HardshipRequest.objects.exists()
    for _ in range(2):
        assert client.post(at("help_send", late.reference), sent).status_code == 302
    assert HardshipRequest.objects.count() == 1
    assert "We are reading it" in words(client.get(url))
    assert "You asked for help" in words(client.get(at("loan", late.reference)))
    taken = client.post(at("help_take_back", late.reference), {"form_key": new_key()})
    assert (taken.status_code, HardshipRequest.objects.get().status) == (302, "withdrawn")


def test_a_proposed_plan_leads_home_and_is_compared_checked_and_accepted_once(
    late: Loan, alice: User, dora: User, client_of: ClientOf, today: dt.date
) -> None:
    client = client_of(alice)
    assert "No new plan waits" in words(client.get(at("new_plan", late.reference)))
    steps.propose(late, PlanTerms(PlanOption.LONGER, payments=18), dora, today)
    assert "A new payment plan waits" in words(client.get(at("loan", late.reference)))
    page = client.get(at("new_plan", late.reference))
    assert (len(page.context["plan"].replaced), len(page.context["plan"].planned)) == (12, 18)
    plan = page.context["plan"]
    home = words(client.get(reverse("loans:borrowing_home")))
    figures = (money(plan.before), money(plan.total), f"+{money(plan.costs_more)}")
    for shown in (home, words(page), words(client.get(at("accept_new_plan", late.reference)))):
        assert all(figure in shown for figure in figures), shown
    assert home.index("We propose a new plan") < home.index("Next payment")
    answer = {"form_key": new_key()}
    for _ in range(2):
        assert client.post(at("accept_new_plan", late.reference), answer).status_code == 302
    assert fresh(late).schedule_version == 2
    back = client.get(at("accept_new_plan", late.reference), follow=True)
    assert back.redirect_chain == [(at("plan", late.reference), 302)]
    assert "You accepted the new plan." in words(back)
    plan = words(client.get(at("plan", late.reference)))
    assert "payments that were replaced" in plan
    again = client.post(at("decline_new_plan", late.reference), {"form_key": new_key()})
    assert again.status_code == 422


def test_a_settlement_is_paid_once_from_the_wallet(
    late: Loan, alice: User, dora: User, frank: User, client_of: ClientOf, today: dt.date
) -> None:
    client, url = client_of(alice), at("settlement", late.reference)
    assert client.get(url).status_code == 404
    offered = steps.offer(late, 5_000_00, today + dt.timedelta(days=10), dora, today)
    assert client.post(url, {"form_key": new_key()}).status_code == 422
    steps.approve(offered.approval, frank, today)
    assert "You can close this loan for €5,000.00" in words(client.get(at("loan", late.reference)))
    page = client.get(url)
    assert page.context["waived"] == page.context["owed"].total - 5_000_00
    before = available(alice)[0]
    paid = {"form_key": new_key()}
    for _ in range(2):
        assert client.post(url, paid).status_code == 302
    assert (before - available(alice)[0], fresh(late).status) == (5_000_00, "settled")
    assert "by agreement. You owe nothing more" in words(client.get(at("loan", late.reference)))
    assert_sound_books()


def test_paying_after_a_write_off_is_checked_then_explained_to_each(
    late: Loan, alice: User, bob: User, eve: User, dora: User, frank: User, client_of: ClientOf, today: dt.date
) -> None:
    client, url = client_of(alice), at("pay_loss", late.reference)
    assert client.get(url).status_code == 404
    lost = written_off(late, dora, frank, today)
    assert "Written off in our books" in words(client.get(at("loan", lost.reference)))
    asked = {"form_key": new_key(), "amount": "400.00"}
    mark = money_mark()
    check = client.post(url, asked, follow=True)
    assert (check.context["plan"].fee, check.context["plan"].to_lenders, money_mark()) == (100_00, 300_00, mark)
    assert client.post(url, asked | {"amount": "90,000.00"}).status_code == 422
    done = client.post(url, asked | {"confirmed": "on"})
    recovery = Recovery.objects.get()
    assert (done.status_code, done.url) == (302, at("explain_recovery", recovery.reference))
    explained = at("explain_recovery", recovery.reference)
    assert client.get(explained).context["explanation"].shares == []
    share = client_of(bob).get(explained).context["explanation"].shares
    assert [(one.note.owner, one.amount) for one in share] == [(bob, 99_99)]
    assert client_of(eve).get(explained).status_code == 404
    note = Note.objects.get(owner=bob)
    timeline = words(client_of(bob).get(reverse("matching:note", args=[note.reference])))
    assert "Principal lost €3,333.00" in timeline
    assert "Money recovered" in timeline
    assert_sound_books()


def test_in_default_the_page_says_what_brings_the_loan_back(
    alice: User, bob: User, carol: User, dan: User, dora: User, client_of: ClientOf, today: dt.date
) -> None:
    loan = example_loan(alice, (bob, carol, dan), today=today - dt.timedelta(days=130))
    notice_day = today - dt.timedelta(days=15)
    bring_loan_forward(loan_id=loan.pk, today=notice_day)
    steps.notify(loan, dora, notice_day)
    assert "the whole loan becomes due" in words(client_of(alice).get(at("loan", loan.reference)))
    steps.declare(loan, dora, today)
    page = client_of(alice).get(at("loan", loan.reference))
    assert 0 < page.context["cure"].amount < fresh(loan).principal_outstanding
    assert "the loan goes on by a plan" in words(page)

"""Payments that came back or were found late, on the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums.people import StaffGroup
from accounts.models import ApprovalRequest, User
from adminpanel.tests import scenes
from ledger.selectors import wallet_summary
from loans.account.restructure import PlanTerms
from loans.enums.collections import PlanOption
from loans.enums.loan import RepaymentStatus
from loans.models import Loan, Repayment
from loans.services.collections.restructuring import accept_plan, propose_plan
from loans.tests.servicing.paying import pay
from p2plending.lib import clock
from p2plending.tests.support import world
from p2plending.tests.support.books import assert_sound_books

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


def reason(why: str = "The bank returned it.") -> dict[str, str]:
    return {"form_key": world.new_key(), "reason": why}


def test_a_payment_is_undone_by_two_people_after_its_figures_were_shown(
    running: Loan, bob: User, finance: User, dora: User, client_of: ClientOf
) -> None:
    paid = pay(running, running.next_due_amount, clock.business_date())
    received = wallet_summary(bob).available
    client = client_of(finance)
    page = reverse("admin:repayment", args=[paid.reference])
    url = reverse("admin:reverse_payment", args=[paid.reference])
    assert url in client.get(page).content.decode()
    shown = client.get(url).context["preview"]
    assert (shown.from_lenders, shown.owed_by_lenders) == (received, 0)
    assert "Enter a reason." in client.post(url, reason("")).content.decode()

    data = reason()
    assert [client.post(url, data).status_code for _click in range(2)] == [302, 302]
    asked = ApprovalRequest.objects.get()
    assert (Repayment.objects.get().status, wallet_summary(bob).available) == (RepaymentStatus.CONFIRMED, received)
    told = client.get(page).content.decode()
    assert asked.reference in told
    assert url not in told

    request_page = reverse("admin:approval", args=[asked.reference])
    own = client.get(request_page)
    assert "You asked for this yourself." in own.content.decode()
    assert [one.name for one in own.context["decisions"]] == ["take_back"]
    second = client_of(dora)
    assert second.get(request_page).context["preview"].from_lenders == received
    answer = second.post(reverse("admin:approval_approve", args=[asked.reference]), {"form_key": world.new_key()})
    assert answer.status_code == 302
    assert (Repayment.objects.get().status, wallet_summary(bob).available) == (RepaymentStatus.REVERSED, 0)
    assert "preview" not in second.get(request_page).context
    assert_sound_books()


def test_the_pages_say_why_a_payment_before_an_agreed_plan_can_not_be_undone(
    running: Loan, alice: User, finance: User, dora: User, client_of: ClientOf
) -> None:
    today = clock.business_date()
    paid = pay(running, running.next_due_amount, today)
    client = client_of(finance)
    url = reverse("admin:reverse_payment", args=[paid.reference])
    assert client.post(url, reason()).status_code == 302
    proposal = propose_plan(
        loan_id=running.pk,
        asked=PlanTerms(PlanOption.HOLIDAY, payments=2),
        reason="Illness",
        actor=dora,
        idempotency_key=world.new_key(),
        today=today,
    )
    accept_plan(proposal_id=proposal.pk, actor=alice, idempotency_key=world.new_key(), today=today)

    words = "The payment plan was changed by agreement after that day, or something was waived."
    request = client.get(url)
    assert words in request.content.decode()
    assert "preview" not in request.context
    page = reverse("admin:approval", args=[ApprovalRequest.objects.get().reference])
    second = client_of(dora)
    assert words in second.get(page).content.decode()
    answer = second.post(f"{page}approve/", {"form_key": world.new_key()})
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    paid.refresh_from_db()
    assert paid.status == RepaymentStatus.CONFIRMED


def test_money_found_late_is_shown_first_and_counts_on_its_day(
    running: Loan, finance: User, client_of: ClientOf
) -> None:
    client = client_of(finance)
    url = reverse("admin:enter_payment", args=[running.reference])
    assert url in client.get(reverse("admin:loan_review", args=[running.reference])).content.decode()
    day = running.next_due_on
    data = {"form_key": world.new_key(), "amount": "50.00", "value_date": clock.business_date().isoformat()}
    refused = client.post(url, data)
    assert (refused.status_code, "Give a date before today." in refused.content.decode()) == (422, True)

    data["value_date"] = day.isoformat()
    check = client.post(url, data)
    new = check.context["preview"].payments[0]
    assert (check.status_code, new.before, new.after.amount, Repayment.objects.count()) == (200, None, 50_00, 0)
    assert data["form_key"] in check.content.decode()
    assert [client.post(url, data | {"confirmed": "on"}).status_code for _click in range(2)] == [302, 302]
    found = Repayment.objects.get()
    assert (found.amount, found.counted_on, found.status) == (50_00, day, RepaymentStatus.CONFIRMED)
    assert (found.interest, found.principal, found.late_fee) == (
        new.after.interest,
        new.after.principal,
        new.after.late_fee,
    )
    assert_sound_books()

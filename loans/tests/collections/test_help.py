"""A borrower asks for help: what it costs is shown first, reminders and late fees pause, a person answers."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Notification, User
from accounts.services.approvals.permissions import StaffOnly
from loans.account.restructure import PlanTerms
from loans.enums.collections import PlanOption
from loans.enums.loan import ReminderKind
from loans.models import HardshipRequest, Loan, PlanProposal, ReminderSent
from loans.selectors.collections import lender_events
from loans.services.collections.default import CollectionsPaused
from loans.services.collections.hardship import (
    HelpAsked,
    HelpDecided,
    OptionNotOffered,
    approve_help,
    decline_help,
    withdraw_help,
)
from loans.services.collections.reminders import send_reminder, send_reminders
from loans.services.collections.restructuring import decline_plan
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.lifecycle import NotYourLoan
from loans.tests.collections import steps
from loans.tests.servicing.paying import fresh, pay
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.world import new_key

# Payment 2 of 15 March is five days late, its fee would come on 31 March.
DAY = dt.date(2026, 3, 20)
PAUSE = PlanTerms(PlanOption.HOLIDAY, payments=2)


@pytest.fixture
def late(loan: Loan) -> Loan:
    pay(loan, 888_49, steps.FIRST_DUE)
    bring_loan_forward(loan_id=loan.pk, today=DAY)
    return loan


def test_only_the_borrower_asks_and_only_collections_answer(
    late: Loan, alice: User, bob: User, dora: User, sam: User
) -> None:
    mark = money_mark()
    for actor in (bob, dora, None):
        with pytest.raises(NotYourLoan):
            steps.ask_help(late, actor, DAY)
    with pytest.raises(OptionNotOffered):
        steps.ask_help(late, alice, DAY, asked=PlanTerms(PlanOption.LONGER, payments=20))
    request = steps.ask_help(late, alice, DAY)
    with pytest.raises(HelpAsked):
        steps.ask_help(late, alice, DAY)
    asked = {"request_id": request.pk, "idempotency_key": new_key(), "today": DAY}
    for actor in (alice, bob):
        with pytest.raises(StaffOnly):
            approve_help(**asked, asked=PAUSE, note="", actor=actor)
    with pytest.raises(NotYourLoan):
        withdraw_help(**asked, actor=bob)
    assert (money_mark(), HardshipRequest.objects.get().status) == (mark, "open")


def test_reminders_fees_and_default_wait_for_the_answer(late: Loan, alice: User, dora: User) -> None:
    request = steps.ask_help(late, alice, DAY)
    assert request.paused_until == dt.date(2026, 4, 3)
    assert send_reminders(today=DAY).sent == 0
    with pytest.raises(CollectionsPaused):
        steps.notify(late, dora, dt.date(2026, 4, 2))
    bring_loan_forward(loan_id=late.pk, today=dt.date(2026, 4, 3))
    assert steps.book(late)["L1220"] == 0
    # Unanswered for 14 days: the fee comes on the day after it. Reminders and the notice wait for our answer.
    later = dt.date(2026, 4, 4)
    bring_loan_forward(loan_id=late.pk, today=later)
    assert steps.book(late)["L1220"] == 44_42
    assert steps.instalment(late, 2).late_fee_charged_on == later
    assert send_reminders(today=later).sent == 0
    row = steps.instalment(late, 2)
    assert not send_reminder(instalment_id=row.pk, loan_id=late.pk, kind=ReminderKind.LATE_1, today=later)
    with pytest.raises(CollectionsPaused):
        steps.notify(late, dora, later)
    decline_help(request_id=request.pk, note="The loan ends soon.", actor=dora, idempotency_key=new_key(), today=later)
    assert send_reminders(today=later).sent == 0
    assert send_reminders(today=later + dt.timedelta(days=1)).sent == 1
    assert ReminderSent.objects.count() == 1
    assert_sound_books()


def test_asking_again_soon_gives_no_second_pause(late: Loan, alice: User) -> None:
    first = steps.ask_help(late, alice, DAY)
    withdraw_help(request_id=first.pk, actor=alice, idempotency_key=new_key(), today=DAY)
    again = steps.ask_help(late, alice, dt.date(2026, 3, 25))
    assert again.paused_until == dt.date(2026, 3, 25)
    bring_loan_forward(loan_id=late.pk, today=dt.date(2026, 3, 31))
    assert steps.book(late)["L1220"] == 44_42


def test_the_answer_is_a_plan_and_lenders_learn_the_category_only(
    late: Loan, alice: User, bob: User, dora: User
) -> None:
    request = steps.ask_help(late, alice, DAY)
    approve_help(
        request_id=request.pk, asked=PAUSE, note="As you asked", actor=dora, idempotency_key=new_key(), today=DAY
    )
    proposal = PlanProposal.objects.get()
    assert (proposal.hardship, fresh(late).collections_paused_until) == (request, proposal.expires_on)
    steps.accept(proposal, alice, dt.date(2026, 3, 22))
    assert (fresh(late).is_restructured, fresh(late).collections_paused_until) == (True, None)
    told = Notification.objects.get(user=bob, event="loan_plan_changed")
    assert "Illness or an accident" in told.body
    assert not Notification.objects.filter(user=bob, body__contains="arm").exists()
    assert [str(event.words) for event in lender_events(late)] == [
        "The borrower asked for help: Illness or an accident",
        "New payment plan agreed",
    ]
    with pytest.raises(HelpDecided):
        decline_help(request_id=request.pk, note="No", actor=dora, idempotency_key=new_key(), today=DAY)
    assert_sound_books()


def test_a_refused_request_ends_the_pause_and_says_why(late: Loan, alice: User, dora: User) -> None:
    request = steps.ask_help(late, alice, DAY)
    decline_help(request_id=request.pk, note="The loan ends soon.", actor=dora, idempotency_key=new_key(), today=DAY)
    assert fresh(late).collections_paused_until == DAY
    assert "The loan ends soon." in Notification.objects.get(event="help_answered").body
    assert_links_open("help_answered")
    bring_loan_forward(loan_id=late.pk, today=dt.date(2026, 3, 31))
    assert steps.book(late)["L1220"] == 44_42


def test_declining_the_plan_ends_the_pause(late: Loan, alice: User, dora: User) -> None:
    request = steps.ask_help(late, alice, DAY)
    approve_help(request_id=request.pk, asked=PAUSE, note="", actor=dora, idempotency_key=new_key(), today=DAY)
    decline_plan(proposal_id=PlanProposal.objects.get().pk, actor=alice, idempotency_key=new_key(), today=DAY)
    assert fresh(late).collections_paused_until == DAY

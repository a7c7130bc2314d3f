"""Held questions, frozen loans and suspicions: set and lifted on pages, and stopping what they say they stop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums.people import StaffGroup, VerificationStatus
from accounts.models import ApprovalRequest, Notification, User
from accounts.selectors.eligibility import Action, blocking_refusal
from accounts.selectors.people import verification_of
from accounts.services.approvals.requests import approve_request
from accounts.services.identity.states import IdentityStepNotPossible
from accounts.services.identity.suspicion import raise_suspicion, request_clearing, request_confirming
from accounts.services.people.suspension import ReasonNeeded
from adminpanel.selectors import queue_cards
from adminpanel.tests import scenes
from ledger.services.deposits import confirm_deposit
from ledger.services.withdrawal_checks import MayNotTakeOut
from ledger.services.withdrawals import approve_withdrawal
from loans.enums.loan import QuestionStatus
from loans.models import Commitment, Loan, LoanQuestion
from loans.selectors.loan import questions_for_borrower, questions_on_listing
from loans.services.collections.freezing import freeze_loan, unfreeze_loan
from loans.services.collections.waivers import ReasonMissing
from loans.services.funding.commitments import LoanNotOpen, place_commitment
from loans.services.origination.questions import ask_question, refuse_question, release_question
from loans.services.servicing.end_of_day import run_end_of_day
from loans.tests.collections import steps
from p2plending.lib import clock
from p2plending.lib.errors import InvalidTransition, NotPermitted
from p2plending.tests.support import world
from p2plending.tests.support.books import money_mark
from p2plending.tests.support.figures import assert_links_open

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def listed(alice: User) -> Loan:
    return world.listed_loan(alice, today=clock.business_date())


@pytest.fixture
def held(listed: Loan, bob: User) -> LoanQuestion:
    return ask_question(
        loan_id=listed.pk, author=bob, text="Write to bob@example.org", actor=bob, today=clock.business_date()
    )


# --- questions -------------------------------------------------------------------------------------------------------
def test_a_held_question_waits_on_the_first_page_and_is_published_with_one_click(
    held: LoanQuestion, listed: Loan, alice: User, carol: User, client_of: ClientOf
) -> None:
    support = scenes.staff_of(StaffGroup.SUPPORT)
    client = client_of(support)
    cards = {card.url_name: card.count for card in queue_cards(support, clock.now())}
    assert cards["question_queue"] == 1
    assert held.reference in client.get(reverse("admin:question_queue")).content.decode()
    assert questions_for_borrower(listed) == []
    assert client.post(reverse("admin:question_release", args=[held.reference])).status_code == 302
    assert [question.pk for question in questions_for_borrower(listed)] == [held.pk]
    assert [question.pk for question in questions_on_listing(listed, carol)] == [held.pk]
    assert Notification.objects.filter(user=alice, key__contains=held.reference).exists()
    assert client.post(reverse("admin:question_release", args=[held.reference])).status_code == 422


def test_a_refused_question_is_seen_by_its_author_only_with_the_reason(
    held: LoanQuestion, listed: Loan, bob: User, carol: User, dora: User, client_of: ClientOf
) -> None:
    url = reverse("admin:question_refuse", args=[held.reference])
    client = client_of(dora)
    assert client.post(url, {"note": ""}).status_code == 422
    assert client.post(url, {"note": "It has an e-mail address in it."}).status_code == 302
    assert (questions_for_borrower(listed), questions_on_listing(listed, carol)) == ([], [])
    page = client_of(bob).get(reverse("matching:listing", args=[listed.reference])).content.decode()
    assert "not published; only you see it" in page
    assert "It has an e-mail address in it." in page
    told = Notification.objects.get(user=bob, event="question_refused")
    assert told.body.endswith("It has an e-mail address in it.")
    assert client_of(bob).get(told.link, follow=True).status_code == 200
    assert_links_open("question_refused")


def test_staff_without_the_duty_and_members_decide_no_question(held: LoanQuestion, alice: User, bob: User) -> None:
    finance, today = scenes.staff_of(StaffGroup.FINANCE), clock.business_date()
    for actor in (alice, bob, finance):
        with pytest.raises(NotPermitted):
            release_question(question_id=held.pk, actor=actor, today=today)
        with pytest.raises(NotPermitted):
            refuse_question(question_id=held.pk, note="No", actor=actor, today=today)
    held.refresh_from_db()
    assert held.status == QuestionStatus.HELD


# --- frozen loans ----------------------------------------------------------------------------------------------------
def test_nobody_lends_to_a_frozen_loan_or_asks_and_it_goes_on_when_let_go(
    listed: Loan, bob: User, client_of: ClientOf
) -> None:
    world.fund_wallet(bob, 100_00, today=clock.business_date())
    client = client_of(scenes.staff_of(StaffGroup.COMPLIANCE))
    page = client.get(reverse("admin:loan_review", args=[listed.reference])).content.decode()
    assert "It leaves the marketplace: nobody can lend to it or ask." in page
    client.post(reverse("admin:loan_freeze", args=[listed.reference]), {"reason": "Two loans, one roof"})
    lend = {"loan_id": listed.pk, "lender": bob, "amount": 25_00, "actor": bob, "today": clock.business_date()}
    before = money_mark()
    with pytest.raises(LoanNotOpen, match="looked into"):
        place_commitment(**lend, idempotency_key="a-first-key")
    with pytest.raises(InvalidTransition):
        ask_question(loan_id=listed.pk, author=bob, text="Why?", actor=bob, today=clock.business_date())
    assert listed.reference not in client_of(bob).get(reverse("matching:marketplace")).content.decode()
    assert money_mark() == before
    client.post(reverse("admin:loan_unfreeze", args=[listed.reference]), {"reason": "Neighbours"})
    place_commitment(**lend, idempotency_key="another-key")
    assert Commitment.objects.get().amount == 25_00


def test_freezing_needs_a_reason_a_duty_and_a_loan_that_is_not_frozen(listed: Loan, alice: User, dora: User) -> None:
    told = {"loan_id": listed.pk, "today": clock.business_date()}
    for actor, reason, refusal in (
        (alice, "No", NotPermitted),
        (scenes.staff_of(StaffGroup.FINANCE), "No", NotPermitted),
        (dora, " ", ReasonMissing),
    ):
        with pytest.raises(refusal):
            freeze_loan(**told, reason=reason, actor=actor)
    with pytest.raises(InvalidTransition):
        unfreeze_loan(**told, reason="No", actor=dora)
    freeze_loan(**told, reason="Odd", actor=dora)
    with pytest.raises(InvalidTransition):
        freeze_loan(**told, reason="Odd", actor=dora)


# --- suspicions ------------------------------------------------------------------------------------------------------
def test_a_suspicion_stops_money_at_once_and_two_officers_clear_it(bob: User, dora: User, client_of: ClientOf) -> None:
    withdrawal = scenes.asked_withdrawal(bob, 100_00)
    officer = scenes.staff_of(StaffGroup.COMPLIANCE)
    client = client_of(officer)
    url = reverse("admin:user_suspect", args=[bob.member_number])
    assert client.post(url, {"reason": "Another face"}).status_code == 302
    assert verification_of(bob).status == VerificationStatus.SUSPENDED
    for action in (Action.LEND, Action.DEPOSIT, Action.WITHDRAW):
        assert blocking_refusal(bob, action).code == "identity_not_verified"
    with pytest.raises(MayNotTakeOut):
        approve_withdrawal(
            withdrawal_id=withdrawal.pk, actor=dora, idempotency_key="key-1", today=clock.business_date()
        )
    client.post(reverse("admin:user_clear", args=[bob.member_number]), {"reason": "It was his brother"})
    assert verification_of(bob).status == VerificationStatus.SUSPENDED
    request = ApprovalRequest.objects.get()
    told = {"approval_id": request.pk, "idempotency_key": "key-2", "today": clock.business_date()}
    with pytest.raises(NotPermitted):
        approve_request(**told, actor=scenes.staff_of(StaffGroup.FINANCE))
    approve_request(**told, actor=dora)
    assert verification_of(bob).status == VerificationStatus.APPROVED
    assert blocking_refusal(bob, Action.WITHDRAW) is None
    assert_links_open("identity_suspended", "identity_cleared")


def test_a_confirmed_suspicion_refuses_the_identity_for_good(bob: User, dora: User) -> None:
    officer, today = scenes.staff_of(StaffGroup.COMPLIANCE), clock.business_date()
    raise_suspicion(user_id=bob.pk, reason="Forged", actor=officer)
    request = request_confirming(user_id=bob.pk, reason="The issuer says so", actor=officer, today=today)
    approve_request(approval_id=request.pk, actor=dora, idempotency_key="key-3", today=today)
    check = verification_of(bob)
    assert (check.status, check.is_final, check.decided_by) == (VerificationStatus.REJECTED, True, dora)
    titles = Notification.objects.filter(user=bob).order_by("pk").values_list("title", flat=True)
    assert list(titles) == ["We are looking at your identity again", "We can't confirm your identity"]
    assert_links_open("identity_refused")


def test_a_suspicion_needs_a_reason_and_an_approved_identity(bob: User, eve: User, dora: User) -> None:
    with pytest.raises(ReasonNeeded):
        raise_suspicion(user_id=bob.pk, reason=" ", actor=dora)
    with pytest.raises(NotPermitted):
        raise_suspicion(user_id=bob.pk, reason="No", actor=scenes.staff_of(StaffGroup.IDENTITY))
    with pytest.raises(IdentityStepNotPossible):
        request_clearing(user_id=bob.pk, reason="No", actor=dora, today=clock.business_date())
    assert verification_of(bob).status == VerificationStatus.APPROVED


def test_the_first_page_says_all_the_time_that_nobody_looks_over_anybody_s_shoulder(
    dora: User, client_of: ClientOf, settings: object
) -> None:
    client = client_of(dora)
    assert "Switched off" not in client.get(reverse("admin:index")).content.decode()
    settings.SECOND_PERSON = False
    page = client.get(reverse("admin:index")).content.decode()
    assert "One person decides alone about money, settings, products and staff." in page


def test_the_first_page_counts_requests_help_and_loans_in_trouble(alice: User, bob: User, dora: User) -> None:
    today = clock.business_date()
    loan = world.active_loan(alice, {bob: 500_00}, today=today - dt.timedelta(days=45))
    world.set_rules(DEPOSIT_SECOND_PERSON_ABOVE=100_00)
    run_end_of_day(today=today)
    steps.ask_help(loan, alice, today)
    large = scenes.told_deposit(bob, 100_00)
    confirm_deposit(deposit_id=large.pk, value_date=today, actor=dora, idempotency_key="key-4", today=today)
    cards = {str(card.label): (card.count, card.url_name) for card in queue_cards(dora, clock.now())}
    assert cards["Second person"] == (1, "approval_queue")
    assert cards["Requests for help"] == (1, "late")
    assert cards["Loans in trouble"] == (1, "late")

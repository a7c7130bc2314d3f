"""The desk of the underwriter, and paying out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums.people import StaffGroup
from accounts.models import Notification, User
from adminpanel.tests import scenes
from ledger.models import JournalEntry
from ledger.selectors import wallet_summary
from loans.enums.loan import LoanStatus
from loans.models import Loan
from p2plending.lib import clock
from p2plending.tests.support import world

ClientOf = Callable[[User], Client]


@pytest.fixture
def underwriter(db: None) -> User:
    return scenes.staff_of(StaffGroup.UNDERWRITER)


@pytest.fixture
def loan(alice: User) -> Loan:
    """In review."""
    return world.reviewed_loan(alice, today=clock.business_date())


def at(name: str, loan: Loan) -> str:
    return reverse(f"admin:{name}", args=[loan.reference])


def state_of(loan: Loan) -> str:
    return Loan.objects.get(pk=loan.pk).status


def test_the_page_shows_the_frozen_scorecard_and_what_lenders_see(
    loan: Loan, underwriter: User, client_of: ClientOf
) -> None:
    page = client_of(underwriter).get(at("loan_review", loan))
    assert page.context["profile"].member_number == loan.borrower.member_number
    assert sum(factor.points for factor in page.context["factors"]) == loan.assessment.points
    text = page.content.decode()
    assert "Double glazing for the north side." in text
    assert "€4,000.00" in text


def test_the_offer_at_the_scored_grade_needs_no_reason(loan: Loan, underwriter: User, client_of: ClientOf) -> None:
    data = {"form_key": world.new_key(), "grade": loan.assessment.grade, "reason": ""}
    assert client_of(underwriter).post(at("loan_offer", loan), data).status_code == 302
    offered = Loan.objects.get(pk=loan.pk)
    assert (offered.status, offered.grade) == (LoanStatus.OFFERED, loan.assessment.grade)


def test_the_form_shows_the_price_that_the_offer_then_has(loan: Loan, underwriter: User, client_of: ClientOf) -> None:
    client = client_of(underwriter)
    offer = next(one for one in client.get(at("loan_review", loan)).context["decisions"] if one.name == "offer")
    words = dict(offer.form.fields["grade"].choices)["C"]
    data = {"form_key": world.new_key(), "grade": "C", "reason": "Short history"}
    client.post(at("loan_offer", loan), data)
    offered = Loan.objects.get(pk=loan.pk)
    assert (offered.status, offered.grade) == (LoanStatus.OFFERED, "C")
    assert f"€{offered.instalment_amount / 100:.2f} a month" in words


def test_another_grade_needs_a_reason(loan: Loan, underwriter: User, client_of: ClientOf) -> None:
    data = {"form_key": world.new_key(), "grade": "C", "reason": " "}
    answer = client_of(underwriter).post(at("loan_offer", loan), data)
    assert answer.status_code == 422
    assert "Enter why the grade is not the scorecard&#x27;s." in answer.content.decode()
    assert state_of(loan) == LoanStatus.UNDER_REVIEW


def test_a_grade_two_steps_away_can_t_be_chosen(loan: Loan, underwriter: User, client_of: ClientOf) -> None:
    data = {"form_key": world.new_key(), "grade": "E", "reason": "Because"}
    assert client_of(underwriter).post(at("loan_offer", loan), data).status_code == 422
    assert state_of(loan) == LoanStatus.UNDER_REVIEW


def test_declining_shows_the_letter_first_and_then_sends_that_letter(
    loan: Loan, underwriter: User, client_of: ClientOf
) -> None:
    client = client_of(underwriter)
    data = {"form_key": world.new_key(), "reasons": ["STORY", "AMOUNT"], "note": "Try a smaller sum."}
    letter = client.post(at("loan_decline", loan), data)
    assert letter.status_code == 200
    assert state_of(loan) == LoanStatus.UNDER_REVIEW
    assert client.post(at("loan_decline", loan), {**data, "confirmed": "on"}).status_code == 302
    assert state_of(loan) == LoanStatus.REJECTED
    told = Notification.objects.get(event="loan_declined")
    assert (told.title, told.body) == (letter.context["letter_title"], letter.context["letter_body"])
    assert told.body.endswith("Try a smaller sum.")


def test_declining_without_a_reason_is_refused(loan: Loan, underwriter: User, client_of: ClientOf) -> None:
    answer = client_of(underwriter).post(at("loan_decline", loan), {"form_key": world.new_key(), "note": ""})
    assert answer.status_code == 422
    assert "Choose one to four reasons." in answer.content.decode()
    assert state_of(loan) == LoanStatus.UNDER_REVIEW


def test_a_question_goes_to_the_applicant(loan: Loan, underwriter: User, client_of: ClientOf) -> None:
    data = {"question": "Which street?", "due_on": "2099-01-01"}
    assert client_of(underwriter).post(at("loan_ask", loan), data).status_code == 302
    asked = Loan.objects.get(pk=loan.pk)
    assert (asked.status, asked.info_request) == (LoanStatus.INFO_REQUESTED, "Which street?")


def test_a_day_in_the_past_is_refused_in_words(loan: Loan, underwriter: User, client_of: ClientOf) -> None:
    answer = client_of(underwriter).post(at("loan_ask", loan), {"question": "Which?", "due_on": "2020-01-01"})
    assert answer.status_code == 422
    assert "Choose a date after today." in answer.content.decode()
    assert state_of(loan) == LoanStatus.UNDER_REVIEW


def test_a_draft_is_nobody_s_business(alice: User, underwriter: User, client_of: ClientOf) -> None:
    draft = world.draft_loan(alice, today=clock.business_date())
    assert client_of(underwriter).get(at("loan_review", draft)).status_code == 404


def test_one_s_own_application_shows_no_decision_and_is_refused(
    loan: Loan, underwriter: User, client_of: ClientOf
) -> None:
    Loan.objects.filter(pk=loan.pk).update(borrower=underwriter, open_application_of=underwriter.pk)
    client = client_of(underwriter)
    assert client.get(at("loan_review", loan)).context["decisions"] == []
    data = {"form_key": world.new_key(), "reasons": "STORY", "note": "", "confirmed": "on"}
    answer = client.post(at("loan_decline", loan), data)
    assert answer.status_code == 403
    assert state_of(loan) == LoanStatus.UNDER_REVIEW


def test_paying_out_twice_with_one_form_pays_once(alice: User, bob: User, client_of: ClientOf) -> None:
    loan = world.signed_loan(alice, {bob: 500_00}, today=clock.business_date())
    client = client_of(scenes.staff_of(StaffGroup.FINANCE))
    assert "€490.00" in client.get(at("pay_out", loan)).content.decode()
    data = {"form_key": world.new_key()}
    assert [client.post(at("pay_out", loan), data).status_code for _click in range(2)] == [302, 302]
    assert wallet_summary(alice).available == Loan.objects.get(pk=loan.pk).net_received == 490_00
    assert JournalEntry.objects.filter(kind="LOAN_DISBURSED").count() == 1


def test_an_unsigned_loan_is_not_paid_out(alice: User, bob: User, client_of: ClientOf) -> None:
    loan = world.funded_loan(alice, {bob: 500_00}, today=clock.business_date())
    client = client_of(scenes.staff_of(StaffGroup.FINANCE))
    answer = client.post(at("pay_out", loan), {"form_key": world.new_key()})
    assert answer.status_code == 422
    assert "The agreement is not signed yet." in answer.content.decode()
    assert wallet_summary(bob).reserved == 500_00


def test_closing_a_listing_gives_lenders_their_money_back(alice: User, bob: User, client_of: ClientOf) -> None:
    loan = world.funded_loan(alice, {bob: 500_00}, today=clock.business_date())
    client = client_of(scenes.staff_of(StaffGroup.COMPLIANCE))
    data = {"form_key": world.new_key(), "reason": "The story is not true."}
    assert client.post(at("loan_close", loan), data).status_code == 302
    assert state_of(loan) == LoanStatus.CANCELLED
    assert (wallet_summary(bob).available, wallet_summary(bob).reserved) == (500_00, 0)


@pytest.mark.parametrize("name", ["loan_queue", "payouts"])
def test_queues_ask_as_often_for_three_rows_as_for_one(
    name: str,
    bob: User,
    dora: User,
    client_of: ClientOf,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    def add_one(person: str) -> None:
        world.reviewed_loan(world.verified(f"{person}A", "borrower"), today=clock.business_date())
        borrower = world.verified(f"{person}B", "borrower")
        world.signed_loan(borrower, {bob: 500_00}, today=clock.business_date())

    client = client_of(dora)
    add_one("First")
    client.get(reverse(f"admin:{name}"))
    with django_assert_max_num_queries(15) as once:
        client.get(reverse(f"admin:{name}"))
    add_one("Second")
    add_one("Third")
    with django_assert_max_num_queries(15) as often:
        client.get(reverse(f"admin:{name}"))
    assert len(often.captured_queries) == len(once.captured_queries)

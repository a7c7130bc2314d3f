"""Questions on a listing: public, pseudonymous, without contact details."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Notification, User
from loans.enums.loan import QuestionStatus
from loans.models import LoanQuestion
from loans.selectors.loan import questions_for_borrower, questions_on_listing
from loans.services.origination.application import ContactDetailsInText
from loans.services.origination.questions import (
    LendersAsk,
    TextMissing,
    TooManyQuestions,
    answer_question,
    ask_question,
)
from loans.services.servicing.lifecycle import NotYourLoan
from p2plending.lib.errors import InvalidTransition
from p2plending.tests.support.world import listed_loan, offered_loan


def test_only_lenders_ask_and_only_while_the_loan_is_open(alice: User, bob: User, dora: User, today: dt.date) -> None:
    offered = offered_loan(alice, today=today)
    with pytest.raises(InvalidTransition):
        ask_question(loan_id=offered.pk, author=bob, text="Why?", actor=bob, today=today)
    for person in (alice, dora):
        with pytest.raises(LendersAsk):
            ask_question(loan_id=offered.pk, author=person, text="Why?", actor=person, today=today)
    assert not LoanQuestion.objects.exists()


def test_an_answer_is_for_everybody_and_given_once(alice: User, bob: User, carol: User, today: dt.date) -> None:
    loan = listed_loan(alice, today=today)
    question = ask_question(loan_id=loan.pk, author=bob, text=" Which  windows? ", actor=bob, today=today)
    with pytest.raises(NotYourLoan):
        answer_question(question_id=question.pk, answer="Mine", actor=bob, today=today)
    with pytest.raises(TextMissing):
        answer_question(question_id=question.pk, answer=" ", actor=alice, today=today)
    with pytest.raises(ContactDetailsInText):
        answer_question(question_id=question.pk, answer="me@example.org", actor=alice, today=today)

    answered = answer_question(question_id=question.pk, answer="The north side.", actor=alice, today=today)
    assert (answered.status, answered.text) == (QuestionStatus.ANSWERED, "Which windows?")
    with pytest.raises(InvalidTransition):
        answer_question(question_id=question.pk, answer="The south side.", actor=alice, today=today)
    assert [shown.answer for shown in questions_on_listing(loan, carol)] == ["The north side."]
    assert Notification.objects.filter(user=bob, event="question_answered").count() == 1


def test_a_question_with_contact_details_is_held_and_seen_by_nobody_else(
    alice: User, bob: User, carol: User, today: dt.date
) -> None:
    loan = listed_loan(alice, today=today)
    held = ask_question(loan_id=loan.pk, author=bob, text="Call 0170 123 45 67 8", actor=bob, today=today)

    assert held.status == QuestionStatus.HELD
    assert questions_for_borrower(loan) == []
    assert questions_on_listing(loan, carol) == []
    assert questions_on_listing(loan, bob) == [held]
    assert not Notification.objects.filter(event="loan_question").exists()
    with pytest.raises(InvalidTransition):
        answer_question(question_id=held.pk, answer="Fine", actor=alice, today=today)


def test_the_same_question_twice_is_one(alice: User, bob: User, today: dt.date) -> None:
    loan = listed_loan(alice, today=today)
    for _ in range(2):
        ask_question(loan_id=loan.pk, author=bob, text="Why?", actor=bob, today=today)
    assert LoanQuestion.objects.count() == 1


def test_a_lender_waits_for_an_answer_after_five_questions(alice: User, bob: User, carol: User, today: dt.date) -> None:
    loan = listed_loan(alice, today=today)
    asked = [
        ask_question(loan_id=loan.pk, author=bob, text=f"Why {number}?", actor=bob, today=today) for number in range(5)
    ]
    with pytest.raises(TooManyQuestions):
        ask_question(loan_id=loan.pk, author=bob, text="Why 5?", actor=bob, today=today)
    assert ask_question(loan_id=loan.pk, author=bob, text="Why 4?", actor=bob, today=today) == asked[4]
    assert Notification.objects.filter(user=alice, event="loan_question").count() == 5
    ask_question(loan_id=loan.pk, author=carol, text="Why 5?", actor=carol, today=today)
    answer_question(question_id=asked[0].pk, answer="The north side.", actor=alice, today=today)
    ask_question(loan_id=loan.pk, author=bob, text="Why 5?", actor=bob, today=today)
    assert LoanQuestion.objects.filter(author=bob).count() == 6

"""Who comes after the last day is refused, and what the day has ended stays ended: no money waits for the next job."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from accounts.models import Notification, OperationKey, User
from ledger.models import JournalEntry
from loans.enums.loan import CommitmentStatus, LoanStatus
from loans.models import Commitment, Loan
from loans.services.funding.agreement import SigningEnded, sign_agreement
from loans.services.funding.commitments import LoanNotOpen, OwnLoan, place_commitment, withdraw_commitment
from loans.services.funding.disbursement import disburse_loan
from loans.services.funding.offer import OfferEnded, accept_offer
from loans.services.origination.application import withdraw_application
from loans.services.origination.questions import answer_question, ask_question
from loans.services.origination.review import answer_request, ask_applicant, cancel_listing, take_application
from loans.services.servicing.bring_forward import bring_loan_forward
from p2plending.lib.errors import InvalidTransition, Refused
from p2plending.tests.support.books import assert_sound_books, available, totals
from p2plending.tests.support.world import (
    commit,
    funded_loan,
    lift_lending_limits,
    listed_loan,
    new_key,
    offered_loan,
    reviewed_loan,
    submitted_loan,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
Late = Callable[[Loan, User, dt.date], object]


@pytest.fixture
def half_funded(alice: User, bob: User, today: dt.date) -> Loan:
    """250.00 of 1,000.00 are reserved: too little for a smaller loan."""
    return commit(listed_loan(alice, amount=1_000_00, today=today), bob, 250_00, today=today)


def place(loan: Loan, lender: User, today: dt.date) -> Commitment:
    return place_commitment(
        loan_id=loan.pk, lender=lender, amount=50_00, actor=lender, idempotency_key=new_key(), today=today
    )


def take_back(loan: Loan, lender: User, today: dt.date) -> Commitment:
    held = loan.commitments.get()
    return withdraw_commitment(commitment_id=held.pk, actor=lender, idempotency_key=new_key(), today=today)


def ask(loan: Loan, lender: User, today: dt.date) -> object:
    return ask_question(loan_id=loan.pk, author=lender, text="Which windows?", actor=lender, today=today)


def withdraw(loan: Loan, _lender: User, today: dt.date) -> Loan:
    return withdraw_application(loan_id=loan.pk, actor=loan.borrower, idempotency_key=new_key(), today=today)


def cancel(loan: Loan, _lender: User, today: dt.date) -> Loan:
    return cancel_listing(loan_id=loan.pk, reason="Late.", actor=None, idempotency_key=new_key(), today=today)


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (place, LoanNotOpen),
        (take_back, InvalidTransition),
        (ask, InvalidTransition),
        (withdraw, InvalidTransition),
        (cancel, InvalidTransition),
    ],
)
def test_after_the_last_day_everybody_is_refused_and_the_money_is_back(
    half_funded: Loan, bob: User, act: Late, refusal: type[Refused]
) -> None:
    keys = OperationKey.objects.count()
    with pytest.raises(refusal):
        act(half_funded, bob, half_funded.listing_ends_on + DAY)

    ended = Loan.objects.get(pk=half_funded.pk)
    assert (ended.status, ended.funded_amount, ended.closed_on) == (
        LoanStatus.EXPIRED,
        0,
        half_funded.listing_ends_on + DAY,
    )
    assert (available(bob), totals(bob)) == ([250_00], [250_00])
    assert half_funded.commitments.get().status == CommitmentStatus.RELEASED
    # The refused request itself left nothing: its key may be used again.
    assert OperationKey.objects.count() == keys
    assert_sound_books()

    entries = JournalEntry.objects.count()
    with pytest.raises(refusal):
        act(half_funded, bob, half_funded.listing_ends_on + 2 * DAY)
    assert JournalEntry.objects.count() == entries
    assert Notification.objects.filter(event="loan_not_funded").count() == 1


def test_a_refusal_on_the_last_day_ends_nothing(half_funded: Loan, alice: User, bob: User) -> None:
    with pytest.raises(OwnLoan):
        place_commitment(
            loan_id=half_funded.pk,
            lender=alice,
            amount=50_00,
            actor=alice,
            idempotency_key=new_key(),
            today=half_funded.listing_ends_on,
        )
    assert Loan.objects.get(pk=half_funded.pk).status == LoanStatus.LISTED
    assert (available(bob), totals(bob)) == ([0], [250_00])


def test_an_answer_to_a_question_is_too_late_after_the_last_day(half_funded: Loan, alice: User, bob: User) -> None:
    question = ask_question(
        loan_id=half_funded.pk, author=bob, text="Which windows?", actor=bob, today=half_funded.listed_on
    )
    with pytest.raises(InvalidTransition):
        answer_question(
            question_id=question.pk, answer="The north side.", actor=alice, today=half_funded.listing_ends_on + DAY
        )
    question.refresh_from_db()
    assert (question.answer, available(bob)) == ("", [250_00])


def test_an_offer_that_is_accepted_too_late_has_ended(alice: User, today: dt.date) -> None:
    loan = offered_loan(alice, today=today)
    with pytest.raises(OfferEnded):
        accept_offer(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=today + 15 * DAY)
    ended = Loan.objects.get(pk=loan.pk)
    assert (ended.status, ended.open_application_of) == (LoanStatus.OFFER_EXPIRED, None)


@pytest.mark.parametrize("act", ["sign", "pay_out"])
def test_an_agreement_that_is_not_signed_in_time_gives_the_money_back(
    alice: User, bob: User, today: dt.date, act: str
) -> None:
    loan = funded_loan(alice, {bob: 1_000_00}, today=today)
    after = loan.signing_ends_on + DAY
    if act == "sign":
        with pytest.raises(SigningEnded):
            sign_agreement(
                loan_id=loan.pk,
                typed_name="Alice Example",
                actor=alice,
                ip_address=None,
                idempotency_key=new_key(),
                today=after,
            )
    else:
        with pytest.raises(InvalidTransition):
            disburse_loan(loan_id=loan.pk, actor=None, idempotency_key=new_key(), today=after)
    ended = Loan.objects.get(pk=loan.pk)
    assert (ended.status, ended.signed_at) == (LoanStatus.CANCELLED, None)
    assert (available(bob), totals(bob)) == ([1_000_00], [1_000_00])
    assert_sound_books()


def test_an_application_whose_question_was_not_answered_in_time_is_closed(
    alice: User, dora: User, today: dt.date
) -> None:
    loan = reviewed_loan(alice, today=today)
    ask_applicant(loan_id=loan.pk, question="Since when?", due_on=today + 5 * DAY, actor=dora, today=today)
    with pytest.raises(InvalidTransition):
        answer_request(loan_id=loan.pk, answer="Since May.", actor=alice, today=today + 6 * DAY)
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.WITHDRAWN


def test_who_withdraws_a_listing_that_ended_with_enough_money_ends_the_smaller_offer(
    alice: User, bob: User, carol: User, today: dt.date
) -> None:
    """The day makes it an offer of the smaller loan first, which may be withdrawn like any other state."""
    loan = listed_loan(alice, amount=1_000_00, today=today, accepts_partial_funding=True)
    lift_lending_limits()
    for lender in (bob, carol):
        commit(loan, lender, 375_00, today=today)
    withdraw(loan, bob, loan.listing_ends_on + DAY)
    ended = Loan.objects.get(pk=loan.pk)
    events = list(loan.transitions.order_by("pk").values_list("event", flat=True))
    assert (ended.status, events[-2:]) == (LoanStatus.WITHDRAWN, ["end_partly_funded", "withdraw"])
    assert totals(bob, carol) == [375_00, 375_00]
    assert available(bob, carol) == [375_00, 375_00]


def test_taking_an_application_twice_is_refused_and_changes_nothing(alice: User, dora: User, today: dt.date) -> None:
    loan = submitted_loan(alice, today=today)
    take_application(loan_id=loan.pk, actor=dora, today=today)
    with pytest.raises(InvalidTransition):
        take_application(loan_id=loan.pk, actor=dora, today=today + 30 * DAY)
    assert loan.transitions.filter(event="take").count() == 1


def test_the_end_of_day_after_a_refusal_finds_nothing_left(half_funded: Loan, bob: User) -> None:
    after = half_funded.listing_ends_on + DAY
    with pytest.raises(LoanNotOpen):
        place(half_funded, bob, after)
    entries = JournalEntry.objects.count()
    assert bring_loan_forward(loan_id=half_funded.pk, today=after).status == LoanStatus.EXPIRED
    assert JournalEntry.objects.count() == entries

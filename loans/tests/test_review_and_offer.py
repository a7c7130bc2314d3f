"""Staff review, the offer, the borrower's answer, and what ends by itself."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction
from django_q.models import OrmQ

from accounts.models import Notification, User
from accounts.selectors.eligibility import UserSuspended
from accounts.services.approvals.permissions import StaffOnly
from ledger.models import Account
from loans.account.pricing import quote_for, quote_of_loan
from loans.enums.loan import CommitmentStatus, LoanStatus
from loans.models import Loan
from loans.services.funding.offer import (
    OfferEnded,
    accept_offer,
    accept_smaller_loan,
    decline_offer,
    decline_smaller_loan,
)
from loans.services.origination.review import (
    DateInThePast,
    GradeTooFar,
    ReasonMissing,
    answer_request,
    ask_applicant,
    cancel_listing,
    decline_application,
    make_offer,
    take_application,
)
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.expiry import (
    end_listing,
    end_partial_offer,
    end_signing,
    expire_information_request,
    expire_offer,
)
from loans.services.servicing.lifecycle import NotYourLoan
from p2plending.lib.errors import InvalidTransition
from p2plending.tests.support.world import (
    commit,
    funded_loan,
    lift_lending_limits,
    listed_loan,
    new_key,
    offered_loan,
    reviewed_loan,
    set_price,
    standard_product,
    submitted_loan,
)

DAY = dt.timedelta(days=1)


def fresh(loan: Loan) -> Loan:
    return Loan.objects.get(pk=loan.pk)


def balance(user: User, code: str) -> int:
    return Account.objects.get(key=f"{code}:U{user.pk}").balance


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_only_staff_review(request: pytest.FixtureRequest, alice: User, bob: User, today: dt.date, who: str) -> None:
    loan, actor = submitted_loan(alice, today=today), request.getfixturevalue(who)
    with pytest.raises(StaffOnly):
        take_application(loan_id=loan.pk, actor=actor, today=today)
    with pytest.raises(StaffOnly):
        make_offer(loan_id=loan.pk, actor=actor, idempotency_key=new_key(), today=today)
    with pytest.raises(StaffOnly):
        decline_application(
            loan_id=loan.pk, reasons=["SCORE"], note="", actor=actor, idempotency_key=new_key(), today=today
        )
    assert fresh(loan).status == LoanStatus.SUBMITTED


def test_an_offer_needs_a_review_first(alice: User, dora: User, today: dt.date) -> None:
    loan = submitted_loan(alice, today=today)
    with pytest.raises(InvalidTransition):
        make_offer(loan_id=loan.pk, actor=dora, idempotency_key=new_key(), today=today)


def test_a_question_goes_to_the_applicant_and_the_answer_comes_back(alice: User, dora: User, today: dt.date) -> None:
    loan = reviewed_loan(alice, today=today)
    with pytest.raises(DateInThePast):
        ask_applicant(loan_id=loan.pk, question="Rent?", due_on=today, actor=dora, today=today)
    ask_applicant(loan_id=loan.pk, question="Rent?", due_on=today + 14 * DAY, actor=dora, today=today)
    with pytest.raises(ReasonMissing):
        answer_request(loan_id=loan.pk, answer="  ", actor=alice, today=today)

    answered = answer_request(loan_id=loan.pk, answer="800 a month", actor=alice, today=today)
    assert (answered.status, answered.info_answer) == (LoanStatus.UNDER_REVIEW, "800 a month")


def test_an_unanswered_question_ends_the_application_after_its_day(alice: User, dora: User, today: dt.date) -> None:
    loan = reviewed_loan(alice, today=today)
    ask_applicant(loan_id=loan.pk, question="Rent?", due_on=today + 14 * DAY, actor=dora, today=today)
    with transaction.atomic():
        assert not expire_information_request(fresh(loan), today=today + 14 * DAY)
        assert expire_information_request(fresh(loan), today=today + 15 * DAY)
    assert fresh(loan).status == LoanStatus.WITHDRAWN


def test_an_offer_has_the_figures_of_the_quote_to_the_cent(alice: User, today: dt.date) -> None:
    loan = offered_loan(alice, amount=7_500_00, term=36, today=today)
    quoted = quote_for(standard_product(), loan.grade, 7_500_00, 36, today)

    assert loan.annual_rate == loan.assessment.annual_rate
    assert (loan.origination_fee, loan.net_received) == (quoted.fee, quoted.net_received)
    assert (loan.instalment_amount, loan.total_payment) == (quoted.instalment_amount, quoted.total_payment)
    assert fresh(loan).apr_effective == quoted.apr_effective.quantize(Decimal("0.000001"))
    assert loan.offer_expires_on == today + 14 * DAY


def test_an_offer_stays_as_it_was_when_the_product_changes(alice: User, today: dt.date) -> None:
    set_price(Decimal("0.12"), Decimal("0.03"))
    loan = offered_loan(alice, amount=10_000_00, today=today)
    set_price(Decimal("0.20"), Decimal("0.05"))
    assert quote_of_loan(fresh(loan), today).instalment_amount == 888_49
    assert quote_of_loan(fresh(loan), today).fee == 300_00


def test_the_grade_moves_by_one_step_with_a_reason(alice: User, dora: User, today: dt.date) -> None:
    loan = reviewed_loan(alice, amount=10_000_00, today=today)
    assert loan.assessment.grade == "C"
    with pytest.raises(GradeTooFar):
        make_offer(loan_id=loan.pk, grade="A", reason="known", actor=dora, idempotency_key=new_key(), today=today)
    with pytest.raises(ReasonMissing):
        make_offer(loan_id=loan.pk, grade="B", actor=dora, idempotency_key=new_key(), today=today)

    offered = make_offer(
        loan_id=loan.pk, grade="B", reason="Proof of rent income", actor=dora, idempotency_key=new_key(), today=today
    )
    assert (offered.grade, offered.annual_rate, offered.origination_fee) == ("B", Decimal("0.11"), 200_00)
    assert offered.assessment.grade == "C"
    assert offered.transitions.last().reason == "Proof of rent income"


def test_a_decline_needs_one_to_four_reasons_and_tells_them(alice: User, dora: User, today: dt.date) -> None:
    loan = reviewed_loan(alice, today=today)
    for reasons in ([], ["SCORE", "AMOUNT", "STORY", "IDENTITY", "HISTORY"]):
        with pytest.raises(ReasonMissing):
            decline_application(
                loan_id=loan.pk, reasons=reasons, note="", actor=dora, idempotency_key=new_key(), today=today
            )
    declined = decline_application(
        loan_id=loan.pk, reasons=["STORY"], note="", actor=dora, idempotency_key=new_key(), today=today
    )
    assert (declined.status, declined.decline_reasons) == (LoanStatus.REJECTED, ["STORY"])
    assert "We could not follow what the loan is for." in Notification.objects.get(event="loan_declined").body


def test_nobody_else_accepts_the_offer(alice: User, bob: User, today: dt.date) -> None:
    loan = offered_loan(alice, today=today)
    with pytest.raises(NotYourLoan):
        accept_offer(loan_id=loan.pk, actor=bob, idempotency_key=new_key(), today=today)
    assert fresh(loan).status == LoanStatus.OFFERED


def test_an_offer_counts_on_its_last_day_and_not_after(alice: User, today: dt.date) -> None:
    missed = offered_loan(alice, today=today)
    for day in (today + 15 * DAY, today + 16 * DAY):
        with pytest.raises(OfferEnded):
            accept_offer(loan_id=missed.pk, actor=alice, idempotency_key=new_key(), today=day)
    assert fresh(missed).status == LoanStatus.OFFER_EXPIRED

    loan = offered_loan(alice, today=today)
    listed = accept_offer(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=today + 14 * DAY)
    assert listed.status == LoanStatus.LISTED
    assert (listed.listed_on, listed.listing_ends_on) == (today + 14 * DAY, today + 28 * DAY)


def test_accepting_twice_lists_once_and_starts_the_rules_once(alice: User, today: dt.date) -> None:
    loan, key = offered_loan(alice, today=today), new_key()
    for _ in range(2):
        accept_offer(loan_id=loan.pk, actor=alice, idempotency_key=key, today=today)
    queued = [task.task["func"] for task in OrmQ.objects.all()]
    assert queued.count("matching.tasks.loan_listed") == 1
    assert loan.transitions.filter(event="accept").count() == 1


def test_an_offer_can_be_turned_down(alice: User, today: dt.date) -> None:
    loan = offered_loan(alice, today=today)
    declined = decline_offer(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=today)
    assert declined.status == LoanStatus.WITHDRAWN
    with pytest.raises(InvalidTransition):
        decline_offer(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=today)


def test_an_offer_expires_after_its_last_day_once(alice: User, today: dt.date) -> None:
    loan = offered_loan(alice, today=today)
    with transaction.atomic():
        assert not expire_offer(fresh(loan), today=today + 14 * DAY)
        assert expire_offer(fresh(loan), today=today + 15 * DAY)
        assert not expire_offer(fresh(loan), today=today + 16 * DAY)
    assert fresh(loan).status == LoanStatus.OFFER_EXPIRED


def test_a_listing_below_seventy_percent_ends_and_returns_the_money(alice: User, bob: User, today: dt.date) -> None:
    lift_lending_limits()
    loan = commit(listed_loan(alice, amount=1_000_00, today=today), bob, 699_00, today=today)
    with transaction.atomic():
        assert not end_listing(fresh(loan), today=today + 14 * DAY)
        assert end_listing(fresh(loan), today=today + 15 * DAY)

    ended = fresh(loan)
    assert (ended.status, ended.funded_amount, ended.lender_count) == (LoanStatus.EXPIRED, 0, 0)
    assert (balance(bob, "C2100"), balance(bob, "C2110")) == (699_00, 0)
    assert ended.commitments.get().status == CommitmentStatus.RELEASED
    assert "It reached 69%." in Notification.objects.get(event="loan_not_funded").body


def test_from_seventy_percent_the_borrower_decides_about_the_smaller_loan(
    alice: User, bob: User, today: dt.date
) -> None:
    lift_lending_limits()
    loan = commit(listed_loan(alice, amount=1_000_00, today=today), bob, 700_00, today=today)
    ends_on = today + 15 * DAY
    with transaction.atomic():
        end_listing(fresh(loan), today=ends_on)
    partial = fresh(loan)
    assert (partial.status, partial.partial_offer_ends_on) == (LoanStatus.PARTIAL_OFFER, ends_on + 3 * DAY)

    User.objects.filter(pk=alice.pk).update(is_suspended=True)
    with pytest.raises(UserSuspended):
        accept_smaller_loan(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=ends_on)
    User.objects.filter(pk=alice.pk).update(is_suspended=False)
    accepted = accept_smaller_loan(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=ends_on)
    smaller = quote_of_loan(accepted, ends_on)
    assert (accepted.status, accepted.principal, accepted.requested_amount) == (LoanStatus.FUNDED, 700_00, 1_000_00)
    assert (accepted.instalment_amount, accepted.origination_fee) == (smaller.instalment_amount, smaller.fee)
    assert accepted.annual_rate == loan.annual_rate
    assert accepted.agreement.sha256


def test_the_smaller_loan_is_too_late_after_its_days_and_the_money_goes_back(
    alice: User, bob: User, today: dt.date
) -> None:
    lift_lending_limits()
    loan = commit(listed_loan(alice, amount=1_000_00, today=today), bob, 700_00, today=today)
    bring_loan_forward(loan_id=loan.pk, today=today + 15 * DAY)
    with pytest.raises(OfferEnded):
        accept_smaller_loan(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=today + 19 * DAY)
    assert fresh(loan).status == LoanStatus.EXPIRED
    assert (balance(bob, "C2100"), balance(bob, "C2110")) == (700_00, 0)


def test_the_smaller_loan_can_be_declined_or_left(alice: User, bob: User, today: dt.date) -> None:
    lift_lending_limits()
    loan = commit(listed_loan(alice, amount=1_000_00, today=today), bob, 800_00, today=today)
    with transaction.atomic():
        end_listing(fresh(loan), today=today + 15 * DAY)
        assert not end_partial_offer(fresh(loan), today=today + 18 * DAY)
    declined = decline_smaller_loan(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=today + 16 * DAY)
    assert declined.status == LoanStatus.EXPIRED
    assert balance(bob, "C2100") == 800_00


def test_a_borrower_who_wants_all_or_nothing_gets_no_smaller_loan(alice: User, bob: User, today: dt.date) -> None:
    lift_lending_limits()
    listed = listed_loan(alice, amount=1_000_00, today=today, accepts_partial_funding=False)
    commit(listed, bob, 900_00, today=today)
    with transaction.atomic():
        end_listing(fresh(listed), today=today + 15 * DAY)
    assert fresh(listed).status == LoanStatus.EXPIRED


def test_a_loan_that_is_not_signed_in_time_is_closed(alice: User, bob: User, today: dt.date) -> None:
    loan = funded_loan(alice, {bob: 1_000_00}, today=today)
    with transaction.atomic():
        assert not end_signing(fresh(loan), today=today + 14 * DAY)
        assert end_signing(fresh(loan), today=today + 15 * DAY)
    assert fresh(loan).status == LoanStatus.CANCELLED
    assert (balance(bob, "C2100"), balance(bob, "C2110")) == (1_000_00, 0)


def test_staff_close_a_listing_with_a_reason_and_lenders_get_their_money_back(
    alice: User, bob: User, carol: User, dora: User, today: dt.date
) -> None:
    loan = funded_loan(alice, {bob: 600_00, carol: 400_00}, today=today)
    with pytest.raises(ReasonMissing):
        cancel_listing(loan_id=loan.pk, reason=" ", actor=dora, idempotency_key=new_key(), today=today)
    cancel_listing(loan_id=loan.pk, reason="Wrong figures.", actor=dora, idempotency_key=new_key(), today=today)

    assert fresh(loan).status == LoanStatus.CANCELLED
    assert (balance(bob, "C2100"), balance(carol, "C2100")) == (600_00, 400_00)
    told = Notification.objects.filter(event="commitment_released").values_list("user__email", "title")
    assert sorted(told) == [
        ("bob@example.org", "€600.00 is back in your wallet"),
        ("carol@example.org", "€400.00 is back in your wallet"),
    ]

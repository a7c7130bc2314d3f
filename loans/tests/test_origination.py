"""Drafts, sending, limits, affordability, taking back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from accounts.enums.people import Role
from accounts.models import Notification, User
from accounts.selectors.eligibility import IdentityNotVerified
from loans.enums.loan import LoanStatus
from loans.models import CreditAssessment, Loan
from loans.services.origination.application import (
    AmountNotOffered,
    ApplicationIncomplete,
    BorrowersOnly,
    ContactDetailsInText,
    ExposureCap,
    OpenApplicationExists,
    TermNotOffered,
    TooManyLoans,
    create_draft,
    submit_application,
    update_draft,
    withdraw_application,
)
from loans.services.servicing.lifecycle import NotYourLoan
from p2plending.lib.errors import InvalidTransition
from p2plending.tests.support.cast import make_user
from p2plending.tests.support.world import (
    active_loan,
    draft_loan,
    listed_loan,
    new_key,
    set_rules,
    standard_product,
    submitted_loan,
    verified,
)


def test_a_lender_cannot_start_an_application(bob: User, today: dt.date) -> None:
    with pytest.raises(BorrowersOnly):
        draft_loan(bob, today=today)
    assert not Loan.objects.exists()


def test_nobody_changes_or_sends_the_draft_of_another(alice: User, bob: User, today: dt.date) -> None:
    draft = draft_loan(alice, today=today)

    with pytest.raises(NotYourLoan):
        update_draft(loan_id=draft.pk, fields={"title": "Mine"}, actor=bob)
    with pytest.raises(NotYourLoan):
        submit_application(loan_id=draft.pk, actor=bob, idempotency_key=new_key(), today=today)

    draft.refresh_from_db()
    assert (draft.title, draft.status) == ("New windows", LoanStatus.DRAFT)


def test_a_second_application_waits_for_the_first(alice: User, today: dt.date) -> None:
    first = draft_loan(alice, today=today)
    with pytest.raises(OpenApplicationExists) as refused:
        draft_loan(alice, today=today)
    assert refused.value.context == {"reference": first.reference}
    assert Loan.objects.count() == 1


@pytest.mark.parametrize("amount", [499_00, 25_000_01, 550_50, 0, -500_00])
def test_amounts_outside_the_product_are_refused_with_its_limits(alice: User, today: dt.date, amount: int) -> None:
    with pytest.raises(AmountNotOffered) as refused:
        draft_loan(alice, amount=amount, today=today)
    assert refused.value.context == {"minimum": 500_00, "maximum": 25_000_00}
    assert refused.value.message == "Enter an amount from €500.00 to €25,000.00 in steps of €100.00."


@pytest.mark.parametrize("term", [5, 61])
def test_terms_outside_the_product_are_refused(alice: User, today: dt.date, term: int) -> None:
    with pytest.raises(TermNotOffered):
        draft_loan(alice, term=term, today=today)


@pytest.mark.parametrize(
    "text", ["Call +49 170 1234567", "write to me@example.org", "DE89 3704 0044 0532 0130 00", "see www.example.org"]
)
def test_contact_details_stay_out_of_the_public_text(alice: User, today: dt.date, text: str) -> None:
    with pytest.raises(ContactDetailsInText):
        draft_loan(alice, today=today, story=text)


def test_amounts_and_years_in_a_story_are_no_contact_details(alice: User, today: dt.date) -> None:
    draft = draft_loan(alice, today=today, story="In 2024 - 2025 I paid 10,000.00 for the roof.")
    assert draft.status == LoanStatus.DRAFT


def test_an_unverified_person_may_draft_but_not_send(dora: User, today: dt.date) -> None:
    frank = make_user("Frank", Role.BORROWER)
    draft = draft_loan(frank, today=today)
    with pytest.raises(IdentityNotVerified):
        submit_application(loan_id=draft.pk, actor=frank, idempotency_key=new_key(), today=today)
    draft.refresh_from_db()
    assert draft.status == LoanStatus.DRAFT
    assert not CreditAssessment.objects.exists()


def test_missing_answers_are_named(alice: User, today: dt.date) -> None:
    draft = create_draft(
        borrower=alice, product=standard_product(), amount=1_000_00, term_months=12, actor=alice, today=today
    )
    with pytest.raises(ApplicationIncomplete) as refused:
        submit_application(loan_id=draft.pk, actor=alice, idempotency_key=new_key(), today=today)
    assert "monthly_income" in refused.value.context["fields"]


def test_sending_freezes_points_grade_and_rate(alice: User, today: dt.date) -> None:
    loan = submitted_loan(alice, amount=10_000_00, today=today)

    assessment = loan.assessment
    assert loan.status == LoanStatus.SUBMITTED
    # At grade C: payment 902.58, debts 0.2256 (20), left 2.77 payments (14), 72 months (15), no history (6),
    # amount 0.2083 of a year's income (7), own home (2).
    assert [factor["points"] for factor in assessment.factors] == [20, 14, 15, 6, 7, 0, 0, 2]
    assert (assessment.points, assessment.grade, assessment.annual_rate) == (64, "C", Decimal("0.15"))
    assert assessment.instalment_amount == 902_58
    assert assessment.debt_to_income == Decimal("0.2256")
    assert assessment.disposable_income == 2_500_00
    assert assessment.affordability == "pass"


def test_sending_twice_with_one_key_is_one_application(alice: User, today: dt.date) -> None:
    draft, key = draft_loan(alice, today=today), new_key()
    first = submit_application(loan_id=draft.pk, actor=alice, idempotency_key=key, today=today)
    again = submit_application(loan_id=draft.pk, actor=alice, idempotency_key=key, today=today)

    assert (first.is_replay, again.is_replay) == (False, True)
    assert CreditAssessment.objects.count() == 1
    assert Notification.objects.filter(key=f"loan:{draft.reference}:sent").count() == 1


def test_sending_again_with_another_key_is_out_of_date(alice: User, today: dt.date) -> None:
    loan = submitted_loan(alice, today=today)
    with pytest.raises(InvalidTransition):
        submit_application(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=today)
    with pytest.raises(InvalidTransition):
        update_draft(loan_id=loan.pk, fields={"title": "Other"}, actor=alice)


def test_a_payment_that_leaves_too_little_is_declined_at_once_with_the_reason(alice: User, today: dt.date) -> None:
    loan = submitted_loan(alice, amount=10_000_00, today=today, monthly_income=2_000_00, monthly_expenses=1_500_00)

    assert loan.status == LoanStatus.REJECTED
    assert loan.decline_reasons[0] == "AFFORDABILITY"
    assert loan.assessment.affordability == "decline"
    assert loan.assessment.grade == ""
    assert loan.open_application_of is None
    told = Notification.objects.get(key=f"loan:{loan.reference}:declined")
    assert "The payment would leave too little each month after your other costs." in told.body


def test_debts_above_half_of_the_income_are_declined(alice: User, today: dt.date) -> None:
    loan = submitted_loan(alice, today=today, monthly_debt_service=2_000_00, monthly_expenses=100_00)
    assert loan.status == LoanStatus.REJECTED
    assert loan.decline_reasons == ["DEBT_RATIO"]


def test_somebody_without_history_is_never_told_that_they_paid_badly(alice: User, today: dt.date) -> None:
    loan = submitted_loan(
        alice,
        amount=10_000_00,
        today=today,
        monthly_income=3_000_00,
        monthly_expenses=1_900_00,
        employment_months=1,
        is_homeowner=False,
    )
    assert loan.status == LoanStatus.REJECTED
    assert "HISTORY" not in loan.decline_reasons
    assert 1 <= len(loan.decline_reasons) <= 4


def test_a_borrower_in_default_is_declined_for_it(alice: User, bob: User, today: dt.date) -> None:
    earlier = active_loan(alice, {bob: 1_000_00}, today=today)
    Loan.objects.filter(pk=earlier.pk).update(status=LoanStatus.DEFAULTED)
    loan = submitted_loan(alice, today=today)
    assert (loan.status, loan.decline_reasons) == (LoanStatus.REJECTED, ["HISTORY"])


def test_owing_and_asking_together_stay_under_the_cap(alice: User, bob: User, today: dt.date) -> None:
    active_loan(alice, {bob: 1_000_00}, today=today)
    set_rules(BORROWER_TOTAL_CAP=1_999_00)
    draft = draft_loan(alice, amount=1_000_00, today=today)
    with pytest.raises(ExposureCap) as refused:
        submit_application(loan_id=draft.pk, actor=alice, idempotency_key=new_key(), today=today)
    assert refused.value.context == {"maximum": 999_00}


def test_a_third_running_loan_is_refused(alice: User, bob: User, today: dt.date) -> None:
    set_rules(MAX_ACTIVE_LOANS=1)
    active_loan(alice, {bob: 1_000_00}, today=today)
    draft = draft_loan(alice, today=today)
    with pytest.raises(TooManyLoans):
        submit_application(loan_id=draft.pk, actor=alice, idempotency_key=new_key(), today=today)


def test_only_the_borrower_takes_the_application_back(alice: User, bob: User, today: dt.date) -> None:
    loan = listed_loan(alice, today=today)
    with pytest.raises(NotYourLoan):
        withdraw_application(loan_id=loan.pk, actor=bob, idempotency_key=new_key(), today=today)

    taken_back = withdraw_application(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=today)
    assert taken_back.status == LoanStatus.WITHDRAWN
    assert draft_loan(alice, today=today).status == LoanStatus.DRAFT


def test_a_paid_out_loan_can_not_be_taken_back(alice: User, bob: User, today: dt.date) -> None:
    loan = active_loan(alice, {bob: 1_000_00}, today=today)
    with pytest.raises(InvalidTransition):
        withdraw_application(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=today)


def test_two_people_apply_at_the_same_time(alice: User, dora: User, today: dt.date) -> None:
    gina = verified("Gina", Role.BORROWER)
    assert {submitted_loan(alice, today=today).status, submitted_loan(gina, today=today).status} == {
        LoanStatus.SUBMITTED
    }

"""A new payment plan: proposed, accepted, the old one kept; unpaid interest and fees added, left due, or waived."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from accounts.services.approvals.permissions import MissingPermission, StaffOnly
from loans.account.restructure import PlanTerms
from loans.enums.collections import PlanOption, UnpaidChoice
from loans.models import CapitalisationShare, Instalment, Loan, Note, PlanProposal
from loans.services.collections.restructuring import (
    PaymentBelowInterest,
    PlanNotPossible,
    ProposalEnded,
    ProposalOpen,
    accept_plan,
    decline_plan,
    expire_proposal,
    preview_plan,
)
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.lifecycle import NotYourLoan
from loans.tests.collections import steps
from loans.tests.servicing.paying import fresh, pay
from p2plending.lib.errors import InvalidTransition
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.world import new_key

DAY = dt.date(2026, 4, 20)
PAUSE = PlanTerms(PlanOption.HOLIDAY, payments=2)


@pytest.fixture
def late(loan: Loan) -> Loan:
    """The first payment made, the second late with its fee, the third late by five days."""
    pay(loan, 888_49, steps.FIRST_DUE)
    bring_loan_forward(loan_id=loan.pk, today=DAY)
    return loan


def test_only_collections_propose_and_only_the_borrower_accepts(
    late: Loan, alice: User, bob: User, dora: User, sam: User
) -> None:
    mark = money_mark()
    for actor, refusal in ((alice, StaffOnly), (bob, StaffOnly), (sam, MissingPermission)):
        with pytest.raises(refusal):
            steps.propose(late, PAUSE, actor, DAY)
    assert not PlanProposal.objects.exists()
    proposal = steps.propose(late, PAUSE, dora, DAY)
    for actor in (bob, dora, None):
        with pytest.raises(NotYourLoan):
            steps.accept(proposal, actor, DAY)
    with pytest.raises(ProposalOpen):
        steps.propose(late, PAUSE, dora, DAY)
    assert (money_mark(), fresh(late).schedule_version) == (mark, 1)


def test_a_pause_with_unpaid_interest_added_to_the_loan(
    late: Loan, alice: User, bob: User, carol: User, dan: User, dora: User
) -> None:
    proposal = steps.propose(late, PAUSE, dora, DAY)
    plan = preview_plan(fresh(late), PAUSE, DAY)
    # 92.12 and 84.15 are late, 12.69 of the running 76.11 are earned after 5 of 30 days.
    assert (plan.claims.principal, plan.claims.interest, plan.claims.late_fee) == (9_211_51, 188_96, 44_42)
    assert (plan.before, plan.total, plan.costs_more) == (9_817_79, 10_101_18, 283_39)

    accepted = steps.accept(proposal, alice, DAY)

    assert steps.book(late) == {"L1200": 9_400_47, "L1210": 0, "L1220": 44_42}
    now = fresh(late)
    assert (now.status, now.is_restructured, now.schedule_version) == ("active", True, 2)
    assert (now.next_due_on, now.next_due_amount) == (DAY, 44_42)
    rows = list(Instalment.objects.filter(loan=late, schedule_version=2).order_by("number"))
    assert [(row.due_date, row.total_due) for row in rows[1:3]] == [
        (dt.date(2026, 7, 15), 1_117_42),
        (dt.date(2026, 8, 15), 1_117_42),
    ]
    # The old plan is kept.
    replaced = Instalment.objects.filter(loan=late, schedule_version=1, superseded_by=2)
    assert (replaced.count(), accepted.schedule_version) == (11, 2)
    grown = {note.owner: (note.capitalised, note.principal_outstanding) for note in Note.objects.all()}
    assert grown == {bob: (62_98, 3_133_17), carol: (62_98, 3_133_18), dan: (63_00, 3_134_12)}
    assert sum(CapitalisationShare.objects.values_list("amount", flat=True)) == 188_96
    assert_sound_books()

    # The lenders get back what was added: paid to the end, every note has its principal and what it grew by.
    pay(late, 9_900_00, dt.date(2026, 7, 15))
    assert fresh(late).status == "repaid"
    assert all(note.principal_received == note.principal + note.capitalised for note in Note.objects.all())
    assert_sound_books()


@pytest.mark.parametrize(
    ("interest", "late_fee", "book", "due_now"),
    [
        (UnpaidChoice.WAIVE, UnpaidChoice.WAIVE, (9_211_51, 0, 0), 0),
        (UnpaidChoice.CARRY, UnpaidChoice.CARRY, (9_211_51, 188_96, 44_42), 233_38),
        (UnpaidChoice.CAPITALISE, UnpaidChoice.CAPITALISE, (9_444_89, 0, 0), 0),
        (UnpaidChoice.CARRY, UnpaidChoice.WAIVE, (9_211_51, 188_96, 0), 188_96),
    ],
)
def test_each_choice_for_what_is_unpaid(
    late: Loan,
    alice: User,
    dora: User,
    interest: UnpaidChoice,
    late_fee: UnpaidChoice,
    book: tuple[int, int, int],
    due_now: int,
) -> None:
    asked = PlanTerms(PlanOption.LONGER, payments=18, interest_choice=interest, late_fee_choice=late_fee)
    steps.accept(steps.propose(late, asked, dora, DAY), alice, DAY)
    assert tuple(steps.book(late).values()) == book
    due = Instalment.objects.filter(loan=late, schedule_version=2, due_date=DAY)
    assert sum(row.total_unpaid for row in due) == due_now
    assert_sound_books()
    # Nothing is charged twice when the calendar goes on.
    bring_loan_forward(loan_id=late.pk, today=dt.date(2026, 6, 20))
    assert_sound_books()


def test_smaller_payments_come_first_and_must_pay_the_interest(late: Loan, alice: User, dora: User) -> None:
    with pytest.raises(PaymentBelowInterest) as refused:
        steps.propose(late, PlanTerms(PlanOption.LOWER, payments=3, amount=50_00), dora, DAY)
    assert refused.value.context["least"] == 94_00
    asked = PlanTerms(PlanOption.LOWER, payments=3, amount=200_00)
    steps.accept(steps.propose(late, asked, dora, DAY), alice, DAY)
    rows = Instalment.objects.filter(loan=late, schedule_version=2, due_date__gt=DAY).order_by("number")
    assert [row.total_due for row in rows][:4] == [200_00, 200_00, 200_00, 1_058_08]
    assert rows.count() == 12
    assert_sound_books()


def test_another_day_of_the_month(late: Loan, alice: User, dora: User) -> None:
    asked = PlanTerms(PlanOption.NEW_DUE_DAY, due_day=5)
    with pytest.raises(PlanNotPossible):
        steps.propose(late, PlanTerms(PlanOption.NEW_DUE_DAY, due_day=31), dora, DAY)
    steps.accept(steps.propose(late, asked, dora, DAY), alice, DAY)
    rows = Instalment.objects.filter(loan=late, schedule_version=2, due_date__gt=DAY).order_by("number")
    assert [row.due_date for row in rows][:2] == [dt.date(2026, 6, 5), dt.date(2026, 7, 5)]
    assert_sound_books()


def test_money_paid_ahead_is_kept_for_the_new_plan(loan: Loan, alice: User, dora: User) -> None:
    day = dt.date(2026, 2, 20)
    pay(loan, 888_49, steps.FIRST_DUE)
    pay(loan, 150_00, day, extra_mode="credit")
    plan = preview_plan(fresh(loan), PAUSE, day)
    # 5 of 28 days of the 92.12 are gone; nothing of it was paid.
    assert (plan.claims.interest, plan.claims.principal) == (16_45, 9_211_51)
    steps.accept(steps.propose(loan, PAUSE, dora, day), alice, day)
    stored = fresh(loan)
    assert (stored.credit_held, stored.next_due_amount) == (150_00, plan.first.total_due - 150_00)
    assert_sound_books()
    pay(loan, 10_200_00, dt.date(2026, 5, 15))
    assert fresh(loan).status == "repaid"
    assert_sound_books()


def test_declined_and_old_proposals_change_nothing(late: Loan, alice: User, dora: User) -> None:
    first = steps.propose(late, PAUSE, dora, DAY)
    decline_plan(proposal_id=first.pk, actor=alice, idempotency_key=new_key(), today=DAY)
    with pytest.raises(ProposalEnded):
        steps.accept(first, alice, DAY)
    second = steps.propose(late, PAUSE, dora, DAY)
    assert expire_proposal(proposal_id=second.pk, today=second.expires_on) is False
    after = second.expires_on + dt.timedelta(days=1)
    with pytest.raises(ProposalEnded):
        steps.accept(second, alice, after)
    assert expire_proposal(proposal_id=second.pk, today=after) is True
    assert (fresh(late).schedule_version, fresh(late).is_restructured) == (1, False)


def test_a_second_click_finds_the_first_answer(late: Loan, alice: User, dora: User) -> None:
    proposal = steps.propose(late, PAUSE, dora, DAY)
    key = new_key()
    first = accept_plan(proposal_id=proposal.pk, actor=alice, idempotency_key=key, today=DAY)
    again = accept_plan(proposal_id=proposal.pk, actor=alice, idempotency_key=key, today=DAY)
    assert (first.pk, again.is_replay, fresh(late).schedule_version) == (again.pk, True, 2)


def test_a_loan_in_default_gets_no_plan(loan: Loan, dora: User) -> None:
    pay(loan, 888_49, steps.FIRST_DUE)
    steps.put_in_default(loan, dora)
    with pytest.raises(InvalidTransition):
        steps.propose(loan, PAUSE, dora, steps.DEFAULT_DAY)

"""Undoing a payment: shown first, asked by one person, agreed by another, and posted exactly as it was shown."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django_q.models import OrmQ

from accounts.enums.people import ApprovalState, StaffGroup
from accounts.models import ApprovalRequest, AuditEvent, Notification, User
from accounts.services.approvals.permissions import MissingPermission, StaffOnly
from accounts.services.approvals.requests import (
    AlreadyAsked,
    NoMaker,
    OwnRequest,
    approve_request,
    expire_request,
    refuse_request,
)
from adminpanel.tests.scenes import staff_of
from ledger.models import JournalEntry
from ledger.selectors import balance
from ledger.services.withdrawals import request_withdrawal
from loans.account.restructure import PlanTerms
from loans.enums.collections import DefaultCause, PlanOption
from loans.enums.loan import LoanStatus, RepaymentStatus
from loans.models import Loan, LoanLoss, Repayment
from loans.selectors.reprocessing import LoanProjection, PaymentFigures, ReplayPreview, RowFigures, loan_projection
from loans.services.collections.restructuring import accept_plan, propose_plan
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.corrections.preview import preview_backdated_repayment, preview_reversal
from loans.services.corrections.reversal import NotReversible, OwnPaymentReversal, ReversalReasonMissing
from loans.services.corrections.reversal_request import request_reversal
from loans.services.servicing.reprocessing import PlanAgreedSince
from loans.tests.collections import steps
from loans.tests.servicing.paying import available, fresh, pay
from p2plending.lib.errors import Refused
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.world import new_key, set_rules

pytestmark = pytest.mark.django_db

FIRST_DUE = dt.date(2026, 2, 15)
SECOND_DUE = dt.date(2026, 3, 15)
THIRD_DUE = dt.date(2026, 4, 15)
TODAY = SECOND_DUE + dt.timedelta(days=1)


@pytest.fixture
def fiona(dora: User) -> User:
    """Finance: asks, and decides about what others ask."""
    return staff_of(StaffGroup.FINANCE)


@pytest.fixture
def twice_paid(loan: Loan) -> tuple[Repayment, Repayment]:
    """888.49 on each of the first two due dates."""
    return pay(loan, 888_49, FIRST_DUE), pay(loan, 888_49, SECOND_DUE)


def ask(
    repayment: Repayment, actor: User | None, today: dt.date = TODAY, reason: str = "It bounced."
) -> ApprovalRequest:
    return request_reversal(
        repayment_id=repayment.pk, reason=reason, actor=actor, idempotency_key=new_key(), today=today
    )


def approve(request: ApprovalRequest, actor: User | None, today: dt.date = TODAY) -> ApprovalRequest:
    return approve_request(approval_id=request.pk, actor=actor, idempotency_key=new_key(), today=today)


def preview(repayment: Repayment, actor: User | None, today: dt.date = TODAY) -> ReplayPreview:
    return preview_reversal(repayment_id=repayment.pk, reason="Look", actor=actor, today=today)


def traces() -> tuple[int, ...]:
    """Everything that a dry run may not leave."""
    tables = (JournalEntry, Repayment, Notification, AuditEvent, OrmQ, ApprovalRequest)
    return tuple(table.objects.count() for table in tables)


def told(picture: LoanProjection) -> tuple[LoanProjection, list[PaymentFigures]]:
    """A picture without the numbers of its rows: a dry run may have used some up."""
    payments = sorted(picture.payments.values(), key=lambda payment: payment.value_date)
    return dataclasses.replace(picture, payments={}), payments


# --- refused, and nothing moved ---------------------------------------------------------------------------------------
def test_only_finance_asks_and_a_person_must(
    twice_paid: tuple[Repayment, Repayment], alice: User, bob: User, fiona: User
) -> None:
    paid, _later = twice_paid
    support = staff_of(StaffGroup.SUPPORT)
    before = money_mark()
    for actor, refusal in ((alice, StaffOnly), (bob, StaffOnly), (support, MissingPermission), (None, NoMaker)):
        with pytest.raises(refusal):
            ask(paid, actor)
    with pytest.raises(ReversalReasonMissing):
        ask(paid, fiona, reason="  ")
    assert (ApprovalRequest.objects.count(), money_mark()) == (0, before)


def test_nobody_agrees_alone_and_asking_moves_nothing(
    twice_paid: tuple[Repayment, Repayment], fiona: User, dora: User
) -> None:
    paid, later = twice_paid
    colin = staff_of(StaffGroup.COLLECTIONS)
    before = money_mark()
    request = ask(paid, fiona)
    for actor, refusal in ((fiona, OwnRequest), (None, OwnRequest), (colin, MissingPermission)):
        with pytest.raises(refusal):
            approve(request, actor)
    with pytest.raises(AlreadyAsked):
        ask(later, dora)
    paid.refresh_from_db()
    assert (paid.status, money_mark()) == (RepaymentStatus.CONFIRMED, before)


def test_a_refused_or_forgotten_request_undoes_nothing(
    twice_paid: tuple[Repayment, Repayment], fiona: User, dora: User
) -> None:
    paid, later = twice_paid
    before = money_mark()
    refuse_request(approval_id=ask(paid, fiona).pk, note="No.", actor=dora, idempotency_key=new_key(), today=TODAY)
    forgotten = ask(later, fiona)
    assert not expire_request(approval_id=forgotten.pk, today=TODAY + dt.timedelta(days=14))
    assert expire_request(approval_id=forgotten.pk, today=TODAY + dt.timedelta(days=15))
    assert money_mark() == before
    assert Repayment.objects.filter(status=RepaymentStatus.CONFIRMED).count() == 2


# --- done by two ------------------------------------------------------------------------------------------------------
def test_the_second_person_undoes_it_as_it_was_shown(
    loan: Loan, twice_paid: tuple[Repayment, Repayment], bob: User, fiona: User, dora: User
) -> None:
    paid, later = twice_paid
    request = ask(paid, fiona)
    before = traces()
    shown = preview(paid, dora)
    assert traces() == before

    approve(request, dora)
    assert told(loan_projection(fresh(loan))) == told(shown.after)
    request.refresh_from_db()
    paid.refresh_from_db()
    assert (request.state, paid.status, paid.decided_by) == (ApprovalState.APPROVED, RepaymentStatus.REVERSED, dora)
    assert paid.decision_note == "It bounced."
    assert Repayment.objects.get(replaces=later).late_fee == 44_42
    assert_sound_books()


def test_the_figures_that_are_shown_before(
    loan: Loan, twice_paid: tuple[Repayment, Repayment], bob: User, carol: User, dan: User, dora: User
) -> None:
    shown = preview(twice_paid[0], dora)
    undone, again = shown.payments
    assert (undone.before, undone.after) == (PaymentFigures(FIRST_DUE, 888_49, 0, 100_00, 788_49, 0, 0), None)
    # The fee of the first payment was charged on 3 March, so the second one pays it first.
    assert again.before == PaymentFigures(SECOND_DUE, 888_49, 0, 92_12, 796_37, 0, 0)
    assert again.after == PaymentFigures(SECOND_DUE, 888_49, 44_42, 100_00, 744_07, 0, 0)
    first, second = shown.rows
    assert first.before == RowFigures(1, FIRST_DUE, 888_49, 0, 0)
    assert first.after == RowFigures(1, FIRST_DUE, 888_49, 44_42, 44_42)
    assert second.before == RowFigures(2, SECOND_DUE, 888_49, 0, 0)
    assert second.after == RowFigures(2, SECOND_DUE, 0, 0, 888_49)
    assert (shown.fees_fall_away, shown.owed_by_lenders, shown.borrower_owes) == (-44_42, 0, 0)
    assert (shown.before.days_past_due, shown.after.days_past_due) == (0, 29)
    assert (shown.after.next_due_on, shown.after.next_due_amount) == (FIRST_DUE, 44_42)

    had = {person.pk: amount for person, amount in zip((bob, carol, dan), available(bob, carol, dan), strict=True)}
    assert (
        sum(had.values())
        == shown.before.received[bob.pk] + shown.before.received[carol.pk] + shown.before.received[dan.pk]
    )
    approve(ask(twice_paid[0], dora), staff_of(StaffGroup.FINANCE))
    gave = {change.lender.pk: change.gives_back for change in shown.lenders}
    assert {person.pk: had[person.pk] - available(person)[0] for person in (bob, carol, dan)} == gave
    assert sum(gave.values()) == shown.from_lenders


def test_a_loan_that_was_paid_back_is_asked_about_and_runs_again(loan: Loan, fiona: User, dora: User) -> None:
    paid = pay(loan, 11_000_00, FIRST_DUE)
    assert fresh(loan).status == LoanStatus.REPAID
    shown = preview(paid, fiona, FIRST_DUE)
    assert (shown.runs_again, shown.after.principal_outstanding) == (True, 10_000_00)
    approve(ask(paid, fiona, FIRST_DUE), dora, FIRST_DUE)
    assert fresh(loan).status == LoanStatus.ACTIVE
    assert_sound_books()


def test_lenders_who_have_spent_it_are_shown_with_what_they_will_owe(
    loan: Loan, bob: User, carol: User, dan: User, dora: User
) -> None:
    paid = pay(loan, 888_49, FIRST_DUE)
    request_withdrawal(
        user=bob,
        amount=200_00,
        account_holder="Bob Example",
        iban="DE89370400440532013000",
        actor=bob,
        idempotency_key=new_key(),
        today=FIRST_DUE,
    )
    shown = preview(paid, dora, FIRST_DUE)
    figures = {change.lender: (change.gives_back, change.owes, change.wallet_change) for change in shown.lenders}
    assert figures == {bob: (294_48, 200_00, -94_48), carol: (294_47, 0, -294_47), dan: (294_56, 0, -294_56)}
    assert (shown.from_lenders, shown.owed_by_lenders, balance("C1300", bob)) == (883_51, 200_00, 0)
    approve(ask(paid, dora, FIRST_DUE), staff_of(StaffGroup.FINANCE), FIRST_DUE)
    assert (balance("C1300", bob), available(bob)) == (200_00, [0])


def test_a_payment_that_was_worked_out_again_since_is_still_the_one_that_is_undone(
    loan: Loan, twice_paid: tuple[Repayment, Repayment], fiona: User, dora: User
) -> None:
    _first, second = twice_paid
    request = ask(second, fiona)
    record_backdated_repayment(
        loan_id=loan.pk,
        amount=100_00,
        value_date=FIRST_DUE,
        bank_reference="LN",
        actor=dora,
        idempotency_key=new_key(),
        today=TODAY,
    )
    again = Repayment.objects.get(replaces=second)
    approve(request, dora)
    again.refresh_from_db()
    assert again.status == RepaymentStatus.REVERSED
    assert_sound_books()


def test_who_paid_decides_nothing_about_it(loan: Loan, twice_paid: tuple[Repayment, Repayment], fiona: User) -> None:
    paid, _later = twice_paid
    Repayment.objects.filter(pk=paid.pk).update(payer=fiona)
    with pytest.raises(OwnPaymentReversal):
        ask(paid, fiona)
    assert not ApprovalRequest.objects.exists()


def test_the_same_keys_ask_once_and_undo_once(loan: Loan, fiona: User, dora: User) -> None:
    paid = pay(loan, 888_49, FIRST_DUE)
    key = new_key()
    asked = {"repayment_id": paid.pk, "reason": "It bounced.", "actor": fiona, "idempotency_key": key, "today": TODAY}
    request, again = request_reversal(**asked), request_reversal(**asked)
    assert (again.pk, again.is_replay, ApprovalRequest.objects.count()) == (request.pk, True, 1)
    agreed = {"approval_id": request.pk, "actor": dora, "idempotency_key": key, "today": TODAY}
    approve_request(**agreed)
    before = money_mark()
    assert (approve_request(**agreed).is_replay, money_mark()) == (True, before)
    assert JournalEntry.objects.filter(reverses=paid.entry).count() == 1
    assert_sound_books()


def test_on_a_loan_that_was_written_off_since_the_payment_is_lost_as_well(loan: Loan, dora: User, frank: User) -> None:
    paid = pay(loan, 888_49, FIRST_DUE)
    request = ask(paid, dora)
    lost = steps.ask_write_off(loan, dora, TODAY, DefaultCause.BANKRUPTCY)
    steps.approve(lost, frank, TODAY)
    before = LoanLoss.objects.get(loan=loan)
    approve(request, frank)
    after = LoanLoss.objects.get(loan=loan)
    assert (after.principal, after.interest) == (before.principal + 788_49, before.interest + 100_00)
    paid.refresh_from_db()
    request.refresh_from_db()
    assert (paid.status, request.state) == (RepaymentStatus.REVERSED, ApprovalState.APPROVED)
    assert fresh(loan).status == LoanStatus.WRITTEN_OFF
    assert_sound_books()


def test_what_was_undone_before_is_not_done_twice(
    twice_paid: tuple[Repayment, Repayment], fiona: User, dora: User
) -> None:
    paid, _later = twice_paid
    request = ask(paid, fiona)
    approve(request, dora)
    with pytest.raises(NotReversible):
        ask(paid, fiona)
    with pytest.raises(NotReversible):
        preview(paid, fiona)


def test_after_an_agreed_plan_neither_the_preview_nor_the_approval_goes_behind_it(
    loan: Loan, alice: User, fiona: User, dora: User
) -> None:
    paid = pay(loan, 888_49, FIRST_DUE)
    request = ask(paid, fiona, FIRST_DUE)
    proposal = propose_plan(
        loan_id=loan.pk,
        asked=PlanTerms(PlanOption.HOLIDAY, payments=2),
        reason="Illness",
        actor=dora,
        idempotency_key=new_key(),
        today=FIRST_DUE,
    )
    accept_plan(proposal_id=proposal.pk, actor=alice, idempotency_key=new_key(), today=FIRST_DUE)
    before = money_mark()
    for act in (preview, lambda paid, actor, today: approve(request, actor, today)):
        with pytest.raises(PlanAgreedSince):
            act(paid, dora, FIRST_DUE + dt.timedelta(days=1))
    assert money_mark() == before


# --- found late -------------------------------------------------------------------------------------------------------
def test_a_late_found_payment_is_posted_as_it_was_shown(loan: Loan, bob: User, dora: User) -> None:
    later = pay(loan, 932_91, FIRST_DUE + dt.timedelta(days=20))
    asked = {"loan_id": loan.pk, "amount": 888_49, "value_date": FIRST_DUE, "bank_reference": "LN", "today": TODAY}
    before = traces()
    shown = preview_backdated_repayment(**asked, actor=dora)
    assert traces() == before
    new, changed = shown.payments
    assert (new.before, new.after) == (None, PaymentFigures(FIRST_DUE, 888_49, 0, 100_00, 788_49, 0, 0))
    assert (changed.before.late_fee, changed.after.late_fee) == (44_42, 0)
    assert changed.before.value_date == later.value_date
    assert shown.fees_fall_away == 44_42
    assert shown.from_lenders < 0

    record_backdated_repayment(**asked, actor=dora, idempotency_key=new_key())
    assert told(loan_projection(fresh(loan))) == told(shown.after)
    assert_sound_books()


def test_a_preview_is_refused_as_the_posting_is(loan: Loan, alice: User, dora: User) -> None:
    set_rules(BOOKS_CLOSED_UNTIL=FIRST_DUE)
    asked = {"loan_id": loan.pk, "amount": 888_49, "bank_reference": "LN", "today": TODAY}
    refusals = []
    for actor, day in ((alice, FIRST_DUE), (dora, FIRST_DUE), (dora, TODAY)):
        for act, more in (
            (preview_backdated_repayment, {}),
            (record_backdated_repayment, {"idempotency_key": new_key()}),
        ):
            with pytest.raises(Refused) as caught:
                act(**asked, actor=actor, value_date=day, **more)
            refusals.append(caught.value.code)
    assert refusals[::2] == refusals[1::2] == ["staff_only", "period_closed", "not_in_the_past"]

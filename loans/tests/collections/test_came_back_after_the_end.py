"""Money that came back after a loan was settled or written off: two people undo it, and the books say what is owed."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import ApprovalRequest, Notification, User
from accounts.services.approvals.permissions import MissingPermission, StaffOnly
from accounts.services.approvals.requests import OwnRequest
from loans.models import Instalment, Loan, LoanLoss, Note, Recovery, SettlementOffer
from loans.services.collections.recovery import MoreThanLost
from loans.services.collections.waivers import ReasonMissing
from loans.services.corrections.preview import preview_reversal
from loans.services.corrections.recovery_reversal import RecoveryUndone, request_recovery_reversal
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.collections import steps
from loans.tests.servicing.paying import ask_to_undo, available, bounce, confirm, declare, fresh, pay
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.world import new_key

LOST_ON, RECOVERED_ON, BACK_ON = dt.date(2026, 8, 1), dt.date(2026, 9, 1), dt.date(2026, 9, 5)


@pytest.fixture
def late(loan: Loan) -> Loan:
    pay(loan, 888_49, steps.FIRST_DUE)
    return loan


@pytest.fixture
def in_default(late: Loan, dora: User) -> Loan:
    """Owed: principal 9,211.51, interest 318.17, late fees 133.26."""
    return steps.put_in_default(late, dora)


@pytest.fixture
def lost(in_default: Loan, dora: User, frank: User) -> Loan:
    steps.approve(steps.ask_write_off(in_default, dora, LOST_ON), frank, LOST_ON)
    return fresh(in_default)


def settle(loan: Loan, amount: int, dora: User, frank: User, on: dt.date) -> SettlementOffer:
    """Offered, agreed and paid by transfer on one day."""
    offered = steps.offer(loan, amount, on, dora, on)
    steps.approve(offered.approval, frank, on)
    return steps.pay_offer(offered, frank, on, method="declared")


def ask(recovery: Recovery, actor: User | None, on: dt.date = BACK_ON, reason: str = "Bounced") -> ApprovalRequest:
    return request_recovery_reversal(
        recovery_id=recovery.pk, reason=reason, actor=actor, idempotency_key=new_key(), today=on
    )


def rows(loan: Loan) -> list[tuple[int, str, int, int, int, int]]:
    found = Instalment.objects.filter(loan=loan).exclude(status="superseded").order_by("number")
    return [
        (row.number, row.status, row.principal_unpaid, row.interest_unpaid, row.late_fee_unpaid, row.interest_posted)
        for row in found
    ]


def notes(loan: Loan) -> list[tuple[object, ...]]:
    names = ("status", "closed_on", "principal_outstanding", "principal_lost", "principal_received", "recovered")
    more = ("interest_received", "interest_carry", "late_fees_received", "late_fee_carry", "servicing_fees_paid")
    return list(Note.objects.filter(loan=loan).order_by("pk").values_list(*names, *more))


def test_a_recovery_is_undone_by_two_people_of_finance_and_nobody_else(
    lost: Loan, alice: User, bob: User, dora: User, frank: User, sam: User
) -> None:
    recovery = steps.recover(lost, 500_00, frank, RECOVERED_ON)
    mark = money_mark()
    for actor, refusal in ((alice, StaffOnly), (bob, StaffOnly), (sam, MissingPermission)):
        with pytest.raises(refusal):
            ask(recovery, actor)
    with pytest.raises(ReasonMissing):
        ask(recovery, frank, reason=" ")
    request = ask(recovery, frank)
    with pytest.raises(OwnRequest):
        steps.approve(request, frank, BACK_ON)
    assert money_mark() == mark
    assert Recovery.objects.get().undone_on is None


def test_a_recovery_that_came_back_leaves_everything_as_it_was_before_it(
    lost: Loan, bob: User, carol: User, dan: User, dora: User, frank: User
) -> None:
    before = (available(bob, carol, dan), notes(lost))
    recovery = steps.recover(lost, 500_00, frank, RECOVERED_ON)
    request = ask(recovery, frank)
    steps.approve(request, dora, BACK_ON)
    assert (available(bob, carol, dan), notes(lost)) == before
    assert (Recovery.objects.get().undone_on, fresh(lost).status) == (BACK_ON, "written_off")
    assert Notification.objects.filter(event="recovery_back").count() == 4
    assert_links_open("recovery_back")
    assert_sound_books()
    with pytest.raises(RecoveryUndone):
        ask(recovery, frank)
    # All of the loss is missing again.
    with pytest.raises(MoreThanLost):
        steps.recover(lost, 9_662_95, frank, BACK_ON)
    steps.recover(lost, 9_662_94, frank, BACK_ON)
    assert_sound_books()


@pytest.mark.parametrize("amount", [6_000_00, 200_00])
def test_a_settlement_whose_money_came_back_is_a_default_again(
    in_default: Loan, bob: User, carol: User, dan: User, dora: User, frank: User, amount: int
) -> None:
    before = (rows(in_default), notes(in_default), available(bob, carol, dan), steps.book(in_default))
    paid = settle(in_default, amount, dora, frank, LOST_ON)
    assert fresh(in_default).status == "settled"
    shown = preview_reversal(repayment_id=paid.repayment_id, reason="Bounced", actor=dora, today=BACK_ON)
    assert (shown.before.status, shown.after.status) == ("settled", "defaulted")
    bounce(paid.repayment, dora, frank, BACK_ON)

    assert (rows(in_default), notes(in_default), available(bob, carol, dan), steps.book(in_default)) == before
    loan = fresh(in_default)
    assert (loan.status, loan.closed_on, loan.principal_outstanding) == ("defaulted", None, 9_211_51)
    assert (LoanLoss.objects.get().undone_on, SettlementOffer.objects.get().status) == (BACK_ON, "undone")
    assert_sound_books()
    # It goes on as before: it can be written off.
    steps.approve(steps.ask_write_off(loan, dora, BACK_ON), frank, BACK_ON)
    assert (fresh(loan).status, LoanLoss.objects.get(open_key=loan.pk).total) == ("written_off", 9_662_94)
    assert_sound_books()


def test_what_was_waived_before_the_settlement_stays_waived(in_default: Loan, dora: User, frank: User) -> None:
    steps.waive(in_default, 2, dora, LOST_ON, late_fee=44_42, interest=12)
    before = rows(in_default)
    paid = settle(in_default, 200_00, dora, frank, LOST_ON)
    bounce(paid.repayment, dora, frank, BACK_ON)
    assert rows(in_default) == before
    assert_sound_books()


def test_a_loan_that_was_not_in_default_is_owed_in_full_at_once(late: Loan, dora: User, frank: User) -> None:
    on = dt.date(2026, 5, 10)
    paid = settle(late, 6_000_00, dora, frank, on)
    bounce(paid.repayment, dora, frank, dt.date(2026, 5, 12))
    loan = fresh(late)
    assert (loan.status, loan.principal_outstanding) == ("active", 9_211_51)
    assert loan.arrears_amount == sum(sum(row[2:5]) for row in rows(late)) == 9_211_51 + 239_70 + 88_84
    bring_loan_forward(loan_id=loan.pk, today=dt.date(2026, 6, 1))
    assert fresh(late).arrears_amount == loan.arrears_amount
    assert_sound_books()


def test_a_payment_that_comes_back_after_the_write_off_is_lost_too(
    loan: Loan, bob: User, carol: User, dan: User, dora: User, frank: User
) -> None:
    start = available(bob, carol, dan)
    sent = confirm(declare(loan, 888_49, steps.FIRST_DUE), steps.FIRST_DUE, dora, steps.FIRST_DUE)
    steps.put_in_default(loan, dora)
    steps.approve(steps.ask_write_off(loan, dora, LOST_ON), frank, LOST_ON)
    steps.recover(loan, 500_00, frank, RECOVERED_ON)
    had = available(bob, carol, dan)
    request = ask_to_undo(sent, dora, BACK_ON)
    mark = money_mark()
    with pytest.raises(OwnRequest):
        steps.approve(request, dora, BACK_ON)
    assert money_mark() == mark
    steps.approve(request, frank, BACK_ON)
    loss = LoanLoss.objects.get()
    # The payment was 100.00 interest and 788.49 principal.
    assert (loss.principal, loss.interest, loss.late_fee) == (10_000_00, 418_17, 133_26)
    assert sum(Note.objects.values_list("principal_lost", flat=True)) == 10_000_00
    assert [now - then for now, then in zip(available(bob, carol, dan), had, strict=True)] == [
        -294_48,
        -294_47,
        -294_56,
    ]
    assert [now - then for now, then in zip(available(bob, carol, dan), start, strict=True)] == [
        124_99,
        124_99,
        125_02,
    ]
    assert fresh(loan).status == "written_off"
    assert_sound_books()


def test_a_settlement_on_which_money_was_recovered_stays_one(in_default: Loan, dora: User, frank: User) -> None:
    paid = settle(in_default, 6_000_00, dora, frank, LOST_ON)
    steps.recover(in_default, 100_00, frank, RECOVERED_ON)
    bounce(paid.repayment, dora, frank, BACK_ON)
    assert (fresh(in_default).status, LoanLoss.objects.get().total) == ("settled", 9_662_94)
    assert_sound_books()

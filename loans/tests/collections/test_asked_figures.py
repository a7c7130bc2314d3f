"""Two people agree on figures: what is done is what was asked for, part by part, or nothing is."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import ApprovalRequest, User
from accounts.services.approvals.permissions import MissingPermission, StaffOnly
from accounts.services.approvals.requests import OwnRequest, RequestDecided
from loans.enums.collections import DefaultCause
from loans.models import Loan, LoanLoss, Repayment
from loans.services.approvals.approved_figures import FiguresChanged, PaymentWaiting
from loans.services.decisions import FiguresStand, ask_again, owed_today
from loans.services.repayments.record import reject_repayment
from loans.tests.collections import steps
from loans.tests.servicing.paying import bounce, confirm, declare, fresh, pay
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.world import new_key

DAY = steps.DEFAULT_DAY
NEXT_DAY = dt.date(2026, 6, 15)


@pytest.fixture
def late(loan: Loan) -> Loan:
    pay(loan, 888_49, steps.FIRST_DUE)
    return loan


@pytest.fixture
def in_default(late: Loan, dora: User) -> Loan:
    """Owed: principal 9,211.51, interest 318.17, late fees 133.26."""
    return steps.put_in_default(late, dora)


def again(request: ApprovalRequest, actor: User | None, on: dt.date, key: str | None = None) -> ApprovalRequest:
    return ask_again(approval_id=request.pk, actor=actor, idempotency_key=key or new_key(), today=on)


def parts(request: ApprovalRequest) -> tuple[int, int, int]:
    return tuple(request.payload[name] for name in ("principal", "interest", "late_fee"))


def test_a_write_off_is_not_done_when_only_interest_was_paid_since(in_default: Loan, dora: User, frank: User) -> None:
    request = steps.ask_write_off(in_default, dora, DAY)
    assert parts(request) == (9_211_51, 318_17, 133_26)
    paid = pay(in_default, 130_00, DAY)
    assert paid.principal == 0
    mark = money_mark()
    with pytest.raises(FiguresChanged) as refusal:
        steps.approve(request, frank, DAY)
    assert refusal.value.context["now"]["principal"] == refusal.value.context["asked"]["principal"] == 9_211_51
    assert (money_mark(), fresh(in_default).status) == (mark, "defaulted")


def test_a_write_off_of_a_loan_that_still_earns_interest_is_agreed_on_the_day_or_asked_again(
    late: Loan, dora: User, frank: User
) -> None:
    cause = DefaultCause.BANKRUPTCY
    request = steps.ask_write_off(late, dora, steps.SECOND_DUE, cause)
    with pytest.raises(FiguresChanged):
        steps.approve(request, frank, dt.date(2026, 3, 28))
    second = again(request, dora, dt.date(2026, 3, 28))
    request.refresh_from_db()
    assert (request.state, request.checker, second.maker, second.reason) == ("replaced", None, dora, request.reason)
    steps.approve(second, frank, dt.date(2026, 3, 28))
    loss = LoanLoss.objects.get()
    assert (loss.principal, loss.interest, loss.late_fee) == parts(second)
    assert parts(second)[1] > parts(request)[1]
    assert_sound_books()


def test_only_collections_ask_again_and_only_when_something_changed(
    in_default: Loan, alice: User, dora: User, frank: User, sam: User
) -> None:
    request = steps.ask_write_off(in_default, dora, DAY)
    with pytest.raises(FiguresStand):
        again(request, dora, DAY)
    pay(in_default, 130_00, DAY)
    mark = money_mark()
    for actor, refusal in ((alice, StaffOnly), (sam, MissingPermission)):
        with pytest.raises(refusal):
            again(request, actor, DAY)
    request.refresh_from_db()
    assert (money_mark(), request.state) == (mark, "pending")
    key = new_key()
    second = again(request, frank, DAY, key)
    assert again(request, frank, DAY, key) == second
    with pytest.raises(RequestDecided):
        again(request, dora, DAY)
    # Whoever asks again is the first of the two people.
    with pytest.raises(OwnRequest):
        steps.approve(second, frank, DAY)
    steps.approve(second, dora, DAY)
    assert fresh(in_default).status == "written_off"


def test_what_is_owed_today_is_what_the_approval_would_write_off(late: Loan, dora: User, frank: User) -> None:
    request = steps.ask_write_off(late, dora, DAY, DefaultCause.FRAUD)
    mark = money_mark()
    owed = owed_today(request, dt.date(2026, 6, 27))
    assert money_mark() == mark
    second = again(request, dora, dt.date(2026, 6, 27))
    assert parts(second) == (owed.principal, owed.interest, owed.late_fee)


def test_an_offer_is_agreed_to_with_the_figures_it_was_made_with(in_default: Loan, dora: User, frank: User) -> None:
    offered = steps.offer(in_default, 6_000_00, dt.date(2026, 7, 14), dora, DAY)
    pay(in_default, 130_00, DAY)
    with pytest.raises(FiguresChanged):
        steps.approve(offered.approval, frank, DAY)
    second = again(offered.approval, dora, NEXT_DAY)
    steps.approve(second, frank, NEXT_DAY)
    offered.refresh_from_db()
    assert (offered.status, offered.approval, parts(second)[0]) == ("open", second, 9_211_51)


def test_an_offer_is_not_paid_when_more_principal_would_be_given_up_than_was_agreed(
    in_default: Loan, dora: User, frank: User, alice: User
) -> None:
    paid = pay(in_default, 1_000_00, DAY)
    offered = steps.offer(in_default, 6_000_00, dt.date(2026, 7, 14), dora, NEXT_DAY)
    steps.approve(offered.approval, frank, NEXT_DAY)
    bounce(paid, dora, frank, NEXT_DAY)
    mark = money_mark()
    with pytest.raises(FiguresChanged):
        steps.pay_offer(offered, alice, NEXT_DAY)
    assert money_mark() == mark


def test_nothing_is_given_up_while_a_payment_is_looked_for(
    in_default: Loan, alice: User, dora: User, frank: User
) -> None:
    request = steps.ask_write_off(in_default, dora, DAY)
    sent = declare(in_default, 500_00, DAY)
    mark = money_mark()
    with pytest.raises(PaymentWaiting, match=sent.reference):
        steps.approve(request, frank, DAY)
    assert (money_mark(), fresh(in_default).status) == (mark, "defaulted")
    confirm(sent, DAY, frank, DAY)
    request = again(request, dora, DAY)
    later = declare(in_default, 20_00, DAY)
    with pytest.raises(PaymentWaiting):
        steps.approve(request, frank, DAY)
    reject_repayment(
        repayment_id=later.pk, note="Not here.", actor=frank, idempotency_key=new_key(), today=later.value_date
    )
    steps.approve(request, frank, DAY)
    # The lenders have their part of the 500.00, and only the rest is lost.
    assert LoanLoss.objects.get().total == 9_211_51 + 318_17 + 133_26 - 500_00
    assert Repayment.objects.get(pk=sent.pk).surplus == 0
    assert_sound_books()


def test_neither_a_write_off_is_asked_for_nor_an_offer_paid_then(
    in_default: Loan, alice: User, dora: User, frank: User
) -> None:
    offered = steps.offer(in_default, 6_000_00, dt.date(2026, 7, 14), dora, DAY)
    steps.approve(offered.approval, frank, DAY)
    declare(in_default, 500_00, DAY)
    mark = money_mark()
    with pytest.raises(PaymentWaiting):
        steps.ask_write_off(in_default, dora, DAY)
    with pytest.raises(PaymentWaiting):
        steps.pay_offer(offered, alice, DAY)
    assert (money_mark(), fresh(in_default).status) == (mark, "defaulted")

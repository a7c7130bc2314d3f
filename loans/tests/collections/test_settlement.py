"""A loan that is settled for less: by two people and the borrower, and what is not paid is waived part by part."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from accounts.services.approvals.permissions import MissingPermission, StaffOnly
from accounts.services.approvals.requests import OwnRequest, refuse_request
from ledger.services.posting import InsufficientBalance
from ledger.services.withdrawals import request_withdrawal
from loans.models import Loan, LoanLoss, Note, SettlementOffer
from loans.services.collections.settlement import (
    NotLessThanOwed,
    OutsideOffer,
    PayByPassed,
    SettlementEnded,
    SettlementOpen,
    end_settlement_unpaid,
)
from loans.services.repayments.record import WalletPaysToday
from loans.services.servicing.lifecycle import NotYourLoan
from loans.tests.collections import steps
from loans.tests.servicing.paying import available, fresh, pay
from p2plending.lib.errors import Refused
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.world import new_key

OFFER_DAY, PAY_BY, PAY_DAY = dt.date(2026, 5, 1), dt.date(2026, 5, 31), dt.date(2026, 5, 10)


@pytest.fixture
def late(loan: Loan) -> Loan:
    """One payment made, two missed."""
    pay(loan, 888_49, steps.FIRST_DUE)
    return loan


def test_nobody_else_can_offer_approve_or_pay(
    late: Loan, alice: User, bob: User, dora: User, frank: User, sam: User
) -> None:
    mark = money_mark()
    for actor, refusal in ((alice, StaffOnly), (bob, StaffOnly), (sam, MissingPermission)):
        with pytest.raises(refusal):
            steps.offer(late, 6_000_00, PAY_BY, actor, OFFER_DAY)
    offered = steps.offer(late, 6_000_00, PAY_BY, dora, OFFER_DAY)
    mark_after = money_mark()
    with pytest.raises(OwnRequest):
        steps.approve(offered.approval, dora, OFFER_DAY)
    with pytest.raises(MissingPermission):
        steps.approve(offered.approval, sam, OFFER_DAY)
    with pytest.raises(SettlementEnded):
        steps.pay_offer(offered, alice, OFFER_DAY)
    steps.approve(offered.approval, frank, OFFER_DAY)
    with pytest.raises(NotYourLoan):
        steps.pay_offer(offered, bob, OFFER_DAY)
    assert money_mark() == mark_after
    assert mark[1] == mark_after[1]
    assert (fresh(late).status, SettlementOffer.objects.get().status) == ("active", "open")


@pytest.mark.parametrize(
    ("amount", "pay_by", "refusal"),
    [(0, PAY_BY, NotLessThanOwed), (9_517_21, PAY_BY, NotLessThanOwed), (1_00, dt.date(2026, 4, 30), PayByPassed)],
)
def test_an_offer_is_below_what_is_owed_and_in_time(
    late: Loan, dora: User, amount: int, pay_by: dt.date, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal):
        steps.offer(late, amount, pay_by, dora, OFFER_DAY)
    assert not SettlementOffer.objects.exists()


def test_paying_the_offer_closes_the_loan_and_waives_the_rest(
    late: Loan, alice: User, bob: User, carol: User, dan: User, dora: User, frank: User
) -> None:
    offered = steps.offer(late, 6_000_00, PAY_BY, dora, OFFER_DAY)
    with pytest.raises(SettlementOpen):
        steps.offer(late, 5_000_00, PAY_BY, dora, OFFER_DAY)
    steps.approve(offered.approval, frank, OFFER_DAY)

    paid = steps.pay_offer(offered, alice, PAY_DAY)

    # Fees, then interest to the day (63.43 of the running 76.11), then principal; the rest of the principal is lost.
    repayment = paid.repayment
    assert (repayment.late_fee, repayment.interest, repayment.principal) == (88_84, 239_70, 5_671_46)
    loss = LoanLoss.objects.get(loan=late)
    assert (loss.kind, loss.principal, loss.interest, loss.late_fee) == ("settlement", 3_540_05, 0, 0)
    assert [note.principal_lost for note in Note.objects.order_by("pk")] == [1_179_90, 1_179_90, 1_180_25]
    assert set(Note.objects.values_list("status", flat=True)) == {"settled"}
    assert available(alice, bob, carol, dan) == [4_811_51, 2_290_28, 2_290_28, 2_290_98]
    assert (fresh(late).status, steps.book(late)) == ("settled", {"L1200": 0, "L1210": 0, "L1220": 0})
    assert_links_open("settlement_offered")
    assert_sound_books()


def test_an_offer_so_small_that_interest_is_lost_too(late: Loan, alice: User, dora: User, frank: User) -> None:
    offered = steps.offer(late, 200_00, PAY_BY, dora, OFFER_DAY)
    steps.approve(offered.approval, frank, OFFER_DAY)
    steps.pay_offer(offered, alice, PAY_DAY)
    loss = LoanLoss.objects.get(loan=late)
    # Payment 2: fee 44.42, interest 92.12, principal 63.46; nothing is left for payments 3 and 4.
    assert (loss.principal, loss.interest, loss.late_fee) == (9_148_05, 147_58, 44_42)
    assert_sound_books()


def test_staff_enter_the_money_of_an_offer_that_came_by_transfer(late: Loan, dora: User, frank: User) -> None:
    offered = steps.offer(late, 6_000_00, PAY_BY, dora, OFFER_DAY)
    steps.approve(offered.approval, frank, OFFER_DAY)
    steps.pay_offer(offered, frank, PAY_DAY, method="declared")
    assert fresh(late).status == "settled"
    assert_sound_books()


def test_a_wallet_that_is_too_empty_moves_nothing(late: Loan, alice: User, dora: User, frank: User) -> None:
    withdraw(alice, 5_000_00)
    offered = steps.offer(late, 6_000_00, PAY_BY, dora, OFFER_DAY)
    steps.approve(offered.approval, frank, OFFER_DAY)
    mark = money_mark()
    with pytest.raises(InsufficientBalance):
        steps.pay_offer(offered, alice, OFFER_DAY)
    assert money_mark() == mark
    assert (fresh(late).status, fresh(late).schedule_version) == ("active", 1)


def withdraw(user: User, amount: int) -> None:
    request_withdrawal(
        user=user,
        amount=amount,
        account_holder=user.full_name,
        iban="DE89 3704 0044 0532 0130 00",
        actor=user,
        idempotency_key=new_key(),
        today=OFFER_DAY,
    )


def test_refused_and_unpaid_offers_end(late: Loan, alice: User, dora: User, frank: User) -> None:
    first = steps.offer(late, 6_000_00, PAY_BY, dora, OFFER_DAY)
    refuse_request(
        approval_id=first.approval_id, note="Too little", actor=frank, idempotency_key=new_key(), today=OFFER_DAY
    )
    second = steps.offer(late, 7_000_00, PAY_BY, dora, OFFER_DAY)
    steps.approve(second.approval, frank, OFFER_DAY)
    assert end_settlement_unpaid(settlement_id=second.pk, today=PAY_BY) is False
    assert end_settlement_unpaid(settlement_id=second.pk, today=dt.date(2026, 6, 1)) is True
    assert list(SettlementOffer.objects.order_by("pk").values_list("status", flat=True)) == ["refused", "expired"]
    with pytest.raises(SettlementEnded):
        steps.pay_offer(second, alice, PAY_DAY)
    assert fresh(late).status == "active"


def test_money_that_arrived_in_time_is_in_time_however_late_it_is_found(
    late: Loan, alice: User, dora: User, frank: User
) -> None:
    offered = steps.offer(late, 6_000_00, PAY_BY, dora, OFFER_DAY)
    steps.approve(offered.approval, frank, OFFER_DAY)
    after = PAY_BY + dt.timedelta(days=3)
    assert end_settlement_unpaid(settlement_id=offered.pk, today=after)
    mark = money_mark()
    for arrived, refusal in (
        (after, SettlementEnded),
        (PAY_BY + dt.timedelta(days=1), OutsideOffer),
        (OFFER_DAY - dt.timedelta(days=1), OutsideOffer),
    ):
        with pytest.raises(refusal):
            steps.pay_offer(offered, frank, after, method="declared", arrived_on=arrived)
    with pytest.raises(NotYourLoan):
        steps.pay_offer(offered, alice, after, method="declared", arrived_on=PAY_BY)
    assert (money_mark(), fresh(late).status) == (mark, "active")

    paid = steps.pay_offer(offered, frank, after, method="declared", arrived_on=PAY_BY)
    assert (paid.status, paid.repayment.value_date, paid.repayment.amount) == ("paid", PAY_BY, 6_000_00)
    assert fresh(late).status == "settled"
    assert_sound_books()


def test_the_wallet_pays_an_offer_today_only(late: Loan, alice: User, dora: User, frank: User) -> None:
    offered = steps.offer(late, 6_000_00, PAY_BY, dora, OFFER_DAY)
    steps.approve(offered.approval, frank, OFFER_DAY)
    with pytest.raises(WalletPaysToday):
        steps.pay_offer(offered, alice, PAY_DAY, arrived_on=OFFER_DAY)
    assert fresh(late).status == "active"

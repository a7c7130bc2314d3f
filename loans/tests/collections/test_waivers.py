"""Waiving a charge: whose job it is, how much, and what is owed afterwards."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import AuditEvent, User
from accounts.services.approvals.permissions import MissingPermission, StaffOnly
from ledger.models import JournalEntry
from loans.finance.daycount import add_months
from loans.models import Loan, Note, Waiver
from loans.selectors.servicing import payoff_figure
from loans.services.collections.waivers import (
    MoreThanOwed,
    NothingToWaive,
    ReasonMissing,
    WrongInstalment,
    waive_charges,
)
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.locking import LoanNotOwing
from loans.tests.collections import steps
from loans.tests.servicing.paying import fresh, pay
from p2plending.lib.errors import Refused
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.world import fund_wallet, new_key

DAY = dt.date(2026, 4, 20)


@pytest.fixture
def late(loan: Loan) -> Loan:
    """Payment 1 paid; payment 2 late with a fee of 44.42; payment 3 late by five days."""
    pay(loan, 888_49, steps.FIRST_DUE)
    bring_loan_forward(loan_id=loan.pk, today=DAY)
    return loan


def test_only_staff_whose_job_it_is_may_waive(late: Loan, alice: User, bob: User, sam: User) -> None:
    mark = money_mark()
    for actor, refusal in ((alice, StaffOnly), (bob, StaffOnly), (sam, MissingPermission)):
        with pytest.raises(refusal):
            steps.waive(late, 2, actor, DAY, late_fee=44_42)
    assert (money_mark(), Waiver.objects.count()) == (mark, 0)


@pytest.mark.parametrize(
    ("number", "asked", "refusal"),
    [
        (2, {}, NothingToWaive),
        (2, {"late_fee": -1}, NothingToWaive),
        (2, {"late_fee": 44_43}, MoreThanOwed),
        (2, {"interest": 92_13}, MoreThanOwed),
        (4, {"interest": 1}, MoreThanOwed),
        (2, {"late_fee": 44_42, "reason": "  "}, ReasonMissing),
    ],
)
def test_what_is_refused_changes_nothing(
    late: Loan, dora: User, number: int, asked: dict[str, object], refusal: type[Refused]
) -> None:
    mark = money_mark()
    with pytest.raises(refusal):
        steps.waive(late, number, dora, DAY, **asked)
    assert (money_mark(), steps.book(late)["L1220"]) == (mark, 44_42)


def test_a_part_of_a_late_fee_and_of_interest(late: Loan, dora: User) -> None:
    before = fresh(late).arrears_amount
    waiver = steps.waive(late, 2, dora, DAY, late_fee=40_00, interest=12_12)
    row = steps.instalment(late, 2)
    assert (row.late_fee_unpaid, row.interest_unpaid, row.status) == (4_42, 80_00, "due")
    assert steps.book(late) == {"L1200": 9_211_51, "L1210": 164_15, "L1220": 4_42}
    assert before - fresh(late).arrears_amount == 52_12
    assert JournalEntry.objects.get(pk=waiver.entry_id).kind == "WAIVER"
    event = AuditEvent.objects.get(action="loans.loan.charges_waived")
    assert (event.actor, event.reason, event.data["late_fee"]) == (dora, "We sent the reminder late", 40_00)
    assert_sound_books()
    # What was waived is not charged again, and what is left can be paid.
    bring_loan_forward(loan_id=late.pk, today=dt.date(2026, 4, 25))
    pay(late, 880_79, dt.date(2026, 4, 25))
    assert steps.instalment(late, 2).status == "paid"
    assert_sound_books()


def test_waiving_the_last_thing_owed_closes_the_loan(loan: Loan, dora: User) -> None:
    last_due = dt.date(2027, 1, 15)
    for number in range(1, 12):
        pay(loan, 888_49, add_months(dt.date(2026, 1, 15), number))
    fund_wallet(loan.borrower, 1_000_00)
    # The last payment is 17 days late: 888.47 with a fee of 44.42, of which all but the fee is paid.
    late_day = last_due + dt.timedelta(days=17)
    row = steps.instalment(loan, 12)
    bring_loan_forward(loan_id=loan.pk, today=late_day)
    steps.waive(loan, 12, dora, late_day, late_fee=40_00)
    pay(loan, 4_42 + row.interest_due + row.principal_due - 1, late_day)
    assert (fresh(loan).status, fresh(loan).next_due_amount) == ("active", 1)
    with pytest.raises(MoreThanOwed):
        steps.waive(loan, 12, dora, late_day, interest=1)
    pay(loan, 1, late_day)
    assert fresh(loan).status == "repaid"
    with pytest.raises(LoanNotOwing):
        steps.waive(loan, 12, dora, late_day, late_fee=1)
    assert_sound_books()


def test_a_fee_that_is_all_that_is_owed_can_be_waived_and_the_loan_ends(loan: Loan, dora: User) -> None:
    """With principal before fees in the order of a payment, the fee is what stays."""
    loan.frozen_terms["allocation_order"] = ["principal", "interest", "late_fee"]
    loan.save()
    day = dt.date(2026, 3, 5)
    fund_wallet(loan.borrower, 1_000_00)
    bring_loan_forward(loan_id=loan.pk, today=day)
    figure = payoff_figure(fresh(loan), day)
    assert figure.late_fee == 44_42
    steps.waive(loan, 1, dora, day, late_fee=44_42)
    assert payoff_figure(fresh(loan), day).late_fee == 0
    pay(loan, figure.total - 44_42, day)
    assert fresh(loan).status == "repaid"
    assert_sound_books()


def test_the_same_form_twice_waives_once(late: Loan, dora: User) -> None:
    key, row = new_key(), steps.instalment(late, 2)
    asked = {"loan_id": late.pk, "instalment_id": row.pk, "interest": 0, "late_fee": 10_00, "reason": "Once"}
    first = waive_charges(**asked, actor=dora, idempotency_key=key, today=DAY)
    again = waive_charges(**asked, actor=dora, idempotency_key=key, today=DAY)
    assert (first.pk, again.is_replay, steps.book(late)["L1220"]) == (again.pk, True, 34_42)


def test_a_payment_of_another_loan_is_refused(late: Loan, dora: User) -> None:
    with pytest.raises(WrongInstalment):
        waive_charges(
            loan_id=late.pk,
            instalment_id=0,
            interest=0,
            late_fee=1,
            reason="No",
            actor=dora,
            idempotency_key=new_key(),
            today=DAY,
        )
    assert Note.objects.filter(loan=late, status="active").count() == 3

"""Loans whose plan follows the money: interest by the day, charges, and what ends the following."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.enums.people import Role
from accounts.models import User
from accounts.services.approvals.permissions import MissingPermission, StaffOnly
from ledger.selectors import balance
from ledger.services.closed_period import PeriodClosed
from loans.account.restructure import PlanTerms
from loans.account.state import live_instalments
from loans.enums.collections import PlanOption
from loans.enums.loan import ChargeBase, ChargePart, LoanStatus, RepaymentStatus
from loans.models import Instalment, Loan, LoanCharge, Repayment
from loans.selectors.servicing import payoff_figure
from loans.services.collections.charges import (
    AlreadyWaived,
    ChargeBeforeDisbursement,
    NothingToCharge,
    PlanIsFixed,
    add_charge,
    waive_charge,
)
from loans.services.collections.waivers import NothingToWaive, ReasonMissing, WaiveTheCharge
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.repayments.record import payment_choices, preview_repayment
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.reprocessing import PlanAgreedSince
from loans.tests.collections.steps import accept, propose, put_in_default, waive
from loans.tests.servicing.paying import available, bounce, confirm, declare, fresh, pay
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.world import (
    active_loan,
    example_loan,
    fund_wallet,
    new_key,
    set_price,
    set_rules,
    verified,
)

pytestmark = pytest.mark.django_db

PAID_OUT = dt.date(2026, 1, 15)
FIRST_DUE, SECOND_DUE, THIRD_DUE = dt.date(2026, 2, 15), dt.date(2026, 3, 15), dt.date(2026, 4, 15)


def follow_the_money(**changes: Any) -> None:
    """Let the product lend by the day: actual/365, interest recalculated daily, interest before principal."""
    product = set_price(Decimal("0.12"), Decimal("0.03"))
    product.servicing_method = "progressive"
    product.interest_recalculation = "daily"
    product.day_count = "ACT/365"
    product.allocation_order = "penalty,fee,interest,principal"
    for name, value in changes.items():
        setattr(product, name, value)
    product.save()


@pytest.fixture
def loan(alice: User, bob: User, carol: User, dan: User) -> Loan:
    """10,000.00 at 12 % by the day over 12 months, paid out on 15 January 2026, 888.26 a month."""
    follow_the_money()
    paid_out = example_loan(alice, (bob, carol, dan))
    fund_wallet(alice, 12_000_00)
    return Loan.objects.get(pk=paid_out.pk)


def charge(loan: Loan, actor: User | None, today: dt.date, **changes: Any) -> LoanCharge:
    asked = {"part": ChargePart.FEE, "due_on": today, "amount": 12_00, "reason": "Letter sent by courier"} | changes
    return add_charge(loan_id=loan.pk, actor=actor, idempotency_key=new_key(), today=today, **asked)


def row(loan: Loan, number: int) -> Instalment:
    return Instalment.objects.get(loan=loan, number=number, schedule_version=1)


def test_money_that_comes_early_costs_fewer_days_of_interest(loan: Loan, alice: User) -> None:
    assert (row(loan, 1).interest_due, row(loan, 1).principal_due) == (101_92, 786_34)
    early = pay(loan, 888_26, dt.date(2026, 1, 25))
    # 10,000.00 × 12 % × 10 / 365 = 32.88; the rest is principal, and bears no interest from then on.
    assert (early.interest, early.principal) == (32_88, 855_38)
    assert fresh(loan).principal_outstanding == 9_144_62
    assert_sound_books()


def test_what_is_shown_before_is_what_is_posted(loan: Loan) -> None:
    for amount, day in ((888_26, dt.date(2026, 1, 25)), (500_00, SECOND_DUE), (3_000_00, dt.date(2026, 3, 28))):
        bring_loan_forward(loan_id=loan.pk, today=day)
        shown = preview_repayment(loan_id=loan.pk, amount=amount, today=day)
        assert payment_choices(fresh(loan), amount, day)[1:] == []
        paid = pay(loan, amount, day)
        assert (paid.late_fee, paid.interest, paid.principal, paid.surplus) == (
            shown.plan.late_fee,
            shown.plan.interest,
            shown.plan.principal,
            shown.plan.surplus,
        )
        stored = fresh(loan)
        assert {name: getattr(stored, name) for name in shown.columns} == shown.columns
        assert_sound_books()


def test_a_late_fee_that_nobody_has_charged_yet_is_in_the_preview(loan: Loan) -> None:
    day = FIRST_DUE + dt.timedelta(days=18)
    owed = payoff_figure(fresh(loan), day).total
    shown = preview_repayment(loan_id=loan.pk, amount=owed, today=day)
    # 5 % of 888.26.
    assert (shown.plan.late_fee, shown.plan.surplus, shown.plan.closes_loan) == (44_41, 0, True)
    paid = pay(loan, owed, day)
    assert (paid.late_fee, paid.interest, paid.principal, paid.surplus) == (
        44_41,
        shown.plan.interest,
        10_000_00,
        0,
    )
    assert_sound_books()


def test_late_principal_goes_on_bearing_interest(loan: Loan) -> None:
    bring_loan_forward(loan_id=loan.pk, today=dt.date(2026, 2, 25))
    # 786.34 of principal is ten days late: 786.34 × 12 % × 10 / 365 = 2.59 more than on time.
    on_time = 9_213_66 * 12 * 28
    late = 786_34 * 12 * 10
    expected = round(Decimal(on_time + late) / 36_500)
    assert row(loan, 2).interest_due == expected
    assert_sound_books()


def test_paying_the_pay_off_figure_on_any_day_leaves_nothing_owed(loan: Loan) -> None:
    pay(loan, 888_26, FIRST_DUE)
    day = dt.date(2026, 3, 1)
    figure = payoff_figure(fresh(loan), day)
    # 14 days of interest on what is left.
    assert figure.principal == 9_213_66
    assert figure.interest == round(Decimal(9_213_66 * 12 * 14) / 36_500)
    last = pay(loan, figure.total, day)
    assert (last.surplus, fresh(loan).status) == (0, LoanStatus.REPAID)
    assert sum(line.total_unpaid for line in live_instalments(loan)) == 0
    assert_sound_books()


def test_a_late_fee_is_a_charge_and_comes_once(loan: Loan) -> None:
    fee_day = FIRST_DUE + dt.timedelta(days=16)
    bring_loan_forward(loan_id=loan.pk, today=fee_day - dt.timedelta(days=1))
    assert not LoanCharge.objects.exists()
    for later in (0, 0, 5):
        bring_loan_forward(loan_id=loan.pk, today=fee_day + dt.timedelta(days=later))
    fee = LoanCharge.objects.get()
    # 5 % of 888.26.
    assert (fee.total, fee.part, fee.due_on, fee.instalment) == (44_41, ChargePart.PENALTY, fee_day, row(loan, 1))
    assert balance("L1220", loan_reference=loan.reference) == 44_41
    assert_sound_books()


def test_money_found_late_takes_the_late_fee_and_the_extra_interest_away(loan: Loan, dora: User) -> None:
    bring_loan_forward(loan_id=loan.pk, today=dt.date(2026, 3, 10))
    assert balance("L1220", loan_reference=loan.reference) == 44_41
    found = record_backdated_repayment(
        loan_id=loan.pk,
        amount=888_26,
        value_date=FIRST_DUE,
        bank_reference="",
        actor=dora,
        idempotency_key=new_key(),
        today=dt.date(2026, 3, 10),
    )
    assert (found.late_fee, found.interest, found.principal) == (0, 101_92, 786_34)
    assert balance("L1220", loan_reference=loan.reference) == 0
    assert LoanCharge.objects.get().is_undone
    assert row(loan, 2).interest_due == round(Decimal(9_213_66 * 12 * 28) / 36_500)
    assert row(loan, 1).late_fee_charged_on is None
    assert_sound_books()


def test_a_transfer_counts_on_the_day_on_which_it_was_made(loan: Loan, dora: User) -> None:
    told = declare(loan, 888_26, FIRST_DUE)
    found = confirm(told, FIRST_DUE, dora, dt.date(2026, 3, 20))
    assert (found.counted_on, found.interest, found.principal) == (FIRST_DUE, 101_92, 786_34)
    assert (row(loan, 1).settled_on, fresh(loan).next_due_on) == (FIRST_DUE, SECOND_DUE)
    assert_sound_books()


def test_a_payment_that_came_back_leaves_the_loan_as_if_it_had_not_been(
    loan: Loan, dora: User, frank: User, bob: User
) -> None:
    bring_loan_forward(loan_id=loan.pk, today=dt.date(2026, 2, 20))
    before = [line.__dict__ | {"_state": None} for line in live_instalments(loan)]
    wallets = available(loan.borrower, bob)
    paid = pay(loan, 1_000_00, dt.date(2026, 2, 20))
    assert available(loan.borrower, bob) != wallets
    bounce(paid, dora, frank, dt.date(2026, 2, 20))
    assert [line.__dict__ | {"_state": None} for line in live_instalments(loan)] == before
    assert available(loan.borrower, bob) == wallets
    assert_sound_books()


def test_only_staff_with_the_duty_add_and_waive_charges(loan: Loan, alice: User, bob: User, dora: User) -> None:
    eve = verified("Eve", Role.STAFF)
    eve.groups.clear()
    before = money_mark()
    for who in (alice, bob):
        with pytest.raises(StaffOnly):
            charge(loan, who, FIRST_DUE)
    with pytest.raises(MissingPermission):
        charge(loan, User.objects.get(pk=eve.pk), FIRST_DUE)
    assert (money_mark(), LoanCharge.objects.count()) == (before, 0)
    added = charge(loan, dora, FIRST_DUE)
    with pytest.raises(StaffOnly):
        waive_charge(charge_id=added.pk, reason="Me", actor=alice, idempotency_key=new_key(), today=FIRST_DUE)
    added.refresh_from_db()
    assert added.waived_on is None


def test_charges_that_are_not_possible_are_refused_and_change_nothing(loan: Loan, dora: User) -> None:
    set_rules(BOOKS_CLOSED_UNTIL=dt.date(2026, 1, 31))
    bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE)
    before = money_mark()
    for refusal, changes in (
        (NothingToCharge, {"amount": 0}),
        (NothingToCharge, {"amount": -1}),
        (NothingToCharge, {"rate": Decimal("0.01")}),
        (NothingToCharge, {"amount": 0, "rate": Decimal("0.01")}),
        (ReasonMissing, {"reason": " "}),
        (ChargeBeforeDisbursement, {"due_on": PAID_OUT - dt.timedelta(days=1)}),
        (PeriodClosed, {"due_on": dt.date(2026, 1, 31)}),
    ):
        with pytest.raises(refusal):
            charge(loan, dora, FIRST_DUE, **changes)
    assert (money_mark(), LoanCharge.objects.count()) == (before, 0)


def test_a_charge_is_owed_paid_in_its_order_and_waived_once(loan: Loan, dora: User, frank: User) -> None:
    added = charge(loan, dora, FIRST_DUE)
    assert (row(loan, 1).late_fee_due, balance("L1220", loan_reference=loan.reference)) == (12_00, 12_00)
    paid = pay(loan, 10_00, FIRST_DUE)
    assert (paid.late_fee, paid.interest, paid.principal) == (10_00, 0, 0)
    waived = waive_charge(charge_id=added.pk, reason="Our slip", actor=dora, idempotency_key=new_key(), today=FIRST_DUE)
    assert (waived.waived, row(loan, 1).late_fee_removed, row(loan, 1).late_fee_unpaid) == (2_00, 2_00, 0)
    assert balance("L1220", loan_reference=loan.reference) == 0
    with pytest.raises(AlreadyWaived):
        waive_charge(charge_id=added.pk, reason="Again", actor=dora, idempotency_key=new_key(), today=FIRST_DUE)
    paid_up = charge(loan, dora, FIRST_DUE, amount=1_00)
    pay(loan, 1_00, FIRST_DUE)
    with pytest.raises(NothingToWaive):
        waive_charge(charge_id=paid_up.pk, reason="Late", actor=dora, idempotency_key=new_key(), today=FIRST_DUE)
    # What was waived is what was unpaid that day: the past can't change it.
    with pytest.raises(PlanAgreedSince):
        bounce(paid, dora, frank, FIRST_DUE)
    assert_sound_books()


def test_the_same_key_adds_one_charge(loan: Loan, dora: User) -> None:
    asked: dict[str, Any] = {
        "loan_id": loan.pk,
        "part": ChargePart.PENALTY,
        "due_on": FIRST_DUE,
        "amount": 5_00,
        "reason": "Bounced",
        "actor": dora,
        "idempotency_key": new_key(),
        "today": FIRST_DUE,
    }
    assert add_charge(**asked).pk == add_charge(**asked).pk
    assert (LoanCharge.objects.count(), balance("L1220", loan_reference=loan.reference)) == (1, 5_00)


def test_a_charge_on_every_payment_is_worked_out_payment_by_payment(loan: Loan, dora: User) -> None:
    every = charge(
        loan, dora, PAID_OUT, due_on=None, amount=0, rate=Decimal("0.01"), base=ChargeBase.PRINCIPAL, reason="Insurance"
    )
    assert row(loan, 1).late_fee_due == 7_86
    assert every.total == sum(line.late_fee_due for line in live_instalments(loan))
    assert_sound_books()


def test_a_charge_on_every_payment_leaves_those_out_that_were_due_before(loan: Loan, dora: User) -> None:
    pay(loan, 888_26, FIRST_DUE)
    charge(loan, dora, dt.date(2026, 2, 20), due_on=None, amount=2_00, reason="Insurance")
    assert [line.late_fee_due for line in live_instalments(loan)] == [0, *[2_00] * 11]
    assert fresh(loan).days_past_due == 0
    assert_sound_books()


def test_a_charge_found_late_counts_before_the_payments_since(loan: Loan, dora: User) -> None:
    pay(loan, 888_26, FIRST_DUE)
    charge(loan, dora, dt.date(2026, 2, 20), due_on=dt.date(2026, 2, 10))
    again = Repayment.objects.get(loan=loan, status=RepaymentStatus.CONFIRMED)
    assert (again.late_fee, again.interest, again.principal) == (12_00, 101_92, 774_34)
    assert (again.counted_on, again.replaces.status) == (FIRST_DUE, RepaymentStatus.REPLACED)
    assert_sound_books()


def test_a_plan_by_agreement_starts_from_the_interest_of_the_day_and_then_holds(
    loan: Loan, alice: User, dora: User
) -> None:
    pay(loan, 888_26, FIRST_DUE)
    day = dt.date(2026, 3, 1)
    figure = payoff_figure(fresh(loan), day)
    proposal = propose(loan, PlanTerms(PlanOption.HOLIDAY, payments=1), dora, day)
    accept(proposal, alice, day)
    rows = live_instalments(loan)
    assert sum(line.principal_unpaid for line in rows) == figure.principal + figure.interest
    assert fresh(loan).schedule_version == 2
    with pytest.raises(PlanIsFixed):
        charge(loan, dora, day)
    interest = [line.interest_due for line in live_instalments(loan) if line.schedule_version == 2]
    bring_loan_forward(loan_id=loan.pk, today=dt.date(2026, 4, 1))
    assert [line.interest_due for line in live_instalments(loan) if line.schedule_version == 2] == interest
    assert_sound_books()


def test_a_default_asks_for_the_interest_of_the_day(loan: Loan, dora: User) -> None:
    pay(loan, 888_26, FIRST_DUE)
    figure = payoff_figure(fresh(loan), dt.date(2026, 6, 14))
    stored = put_in_default(loan, dora)
    assert stored.status == LoanStatus.DEFAULTED
    rows = live_instalments(stored)
    assert (sum(line.principal_unpaid for line in rows), sum(line.interest_unpaid for line in rows)) == (
        figure.principal,
        figure.interest,
    )
    assert_sound_books()


def test_a_plan_that_follows_the_money_is_not_lowered_by_hand(loan: Loan, dora: User) -> None:
    bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE)
    before = money_mark()
    with pytest.raises(WaiveTheCharge):
        waive(loan, 1, dora, FIRST_DUE, interest=1_00)
    assert money_mark() == before


def test_a_payment_takes_as_many_statements_for_twelve_lenders_as_for_two(alice: User, bob: User, carol: User) -> None:
    follow_the_money()
    few = active_loan(alice, {bob: 600_00, carol: 600_00})
    many_lenders = {verified(f"Lender{number}", Role.LENDER): 100_00 for number in range(12)}
    ann = verified("Ann", Role.BORROWER)
    many = active_loan(ann, many_lenders)
    counts = []
    for loan in (few, many):
        fund_wallet(loan.borrower, 500_00)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            pay(loan, 106_64, FIRST_DUE)
        counts.append(len([query for query in captured if "SAVEPOINT" not in query["sql"]]))
    assert counts[0] == counts[1]

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.finance import (
    AllocationLine,
    AllocationPart,
    InstalmentState,
    InvalidPayment,
    PrepaymentMode,
    ScheduleMethod,
    Terms,
    allocate,
    build_schedule,
    payoff,
    plan_payment,
)
from loans.finance.allocation import DEFAULT_ORDER
from loans.tests.finance.states import after, after_plan, states_of

START = date(2026, 1, 15)
TERMS = Terms(1000000, Decimal("0.12"), 12, START)
LINES = build_schedule(TERMS).lines
FOURTH_DUE = date(2026, 5, 15)
LATE = [
    InstalmentState(1, START, date(2026, 2, 15), 78849, 10000, 4442),
    InstalmentState(2, date(2026, 2, 15), date(2026, 3, 15), 79637, 9212),
    *states_of(LINES)[2:],
]


@pytest.mark.parametrize("amount", [0, -1])
def test_payment_must_be_above_zero(amount: int) -> None:
    with pytest.raises(InvalidPayment):
        allocate(LATE, amount, FOURTH_DUE)


def test_order_must_name_every_part_once() -> None:
    with pytest.raises(InvalidPayment):
        allocate(LATE, 100, FOURTH_DUE, (AllocationPart.INTEREST, AllocationPart.INTEREST, AllocationPart.PRINCIPAL))


def test_oldest_instalment_first_and_inside_it_fee_interest_principal() -> None:
    allocation = allocate(LATE, 100000, date(2026, 3, 20))
    assert allocation.lines == (
        AllocationLine(1, late_fee=4442, interest=10000, principal=78849),
        AllocationLine(2, interest=6709),
    )
    assert (allocation.late_fee, allocation.interest, allocation.principal) == (4442, 16709, 78849)
    assert (allocation.total, allocation.surplus) == (100000, 0)


def test_partial_payment_leaves_the_rest_due() -> None:
    allocation = allocate(LATE, 12000, date(2026, 3, 20))
    assert allocation.lines == (AllocationLine(1, late_fee=4442, interest=7558),)


def test_product_may_order_principal_first() -> None:
    principal_first = (AllocationPart.PRINCIPAL, AllocationPart.INTEREST, AllocationPart.LATE_FEE)
    allocation = allocate(LATE, 80000, date(2026, 3, 20), principal_first)
    assert allocation.lines == (AllocationLine(1, interest=1151, principal=78849),)


def test_what_is_not_due_yet_is_surplus() -> None:
    allocation = allocate(states_of(LINES), 100000, date(2026, 2, 15))
    assert allocation.lines == (AllocationLine(1, interest=10000, principal=78849),)
    assert allocation.surplus == 11151


def test_nothing_is_due_the_day_before_the_due_date() -> None:
    allocation = allocate(states_of(LINES), 100000, date(2026, 2, 14))
    assert allocation.lines == ()
    assert allocation.surplus == 100000


def test_paying_ahead_keeps_the_instalment_and_ends_sooner() -> None:
    plan = plan_payment(states_of(LINES, paid=4), 200000, FOURTH_DUE, PrepaymentMode.SHORTER, TERMS)
    assert [line.payment for line in plan.remaining_lines] == [88849] * 5 + [51611]
    assert sum(line.interest for line in plan.remaining_lines) == 16014
    assert plan.interest_saved == 30948 - 16014
    assert plan.ahead == AllocationLine(5, principal=200000)
    assert (plan.credit, plan.surplus, plan.closes_loan) == (0, 0, False)


def test_paying_ahead_keeps_the_end_and_lowers_the_instalment() -> None:
    plan = plan_payment(states_of(LINES, paid=4), 200000, FOURTH_DUE, PrepaymentMode.LOWER, TERMS)
    assert [line.payment for line in plan.remaining_lines] == [62711] * 7 + [62708]
    assert sum(line.interest for line in plan.remaining_lines) == 21843
    assert [line.due_date for line in plan.remaining_lines] == [line.due_date for line in LINES[4:]]
    assert plan.interest_saved == 30948 - 21843


def test_paying_ahead_as_credit_changes_nothing_yet() -> None:
    plan = plan_payment(states_of(LINES, paid=4), 200000, FOURTH_DUE, PrepaymentMode.CREDIT, TERMS)
    assert (plan.credit, plan.ahead, plan.extra_line, plan.remaining_lines) == (200000, None, None, ())
    assert (plan.surplus, plan.interest_saved, plan.closes_loan) == (0, 0, False)


def test_instalment_due_and_money_ahead_in_one_payment() -> None:
    plan = plan_payment(states_of(LINES, paid=3), 288849, FOURTH_DUE, PrepaymentMode.SHORTER, TERMS)
    assert plan.due.lines == (AllocationLine(4, interest=7611, principal=81238),)
    assert [line.payment for line in plan.remaining_lines] == [88849] * 5 + [51611]
    assert plan.allocation.total == 288849


def test_inside_a_period_the_interest_so_far_is_paid_first() -> None:
    plan = plan_payment(states_of(LINES, paid=3), 200000, date(2026, 4, 25), PrepaymentMode.SHORTER, TERMS)
    assert plan.ahead == AllocationLine(4, interest=2537, principal=197463)
    assert plan.extra_line is not None
    assert plan.extra_line.balance_after == 761080 - 197463
    rest = plan.remaining_lines[0]
    # 5,636.17 at 1 % for 20 of the 30 days.
    assert (rest.period_start, rest.due_date, rest.interest) == (date(2026, 4, 25), date(2026, 5, 15), 3757)
    assert rest.payment == 88849


def test_money_that_only_covers_interest_so_far_leaves_the_schedule_alone() -> None:
    plan = plan_payment(states_of(LINES, paid=3), 2000, date(2026, 4, 25), PrepaymentMode.SHORTER, TERMS)
    assert plan.ahead == AllocationLine(4, interest=2000)
    assert (plan.extra_line, plan.remaining_lines) == (None, ())
    later = after(states_of(LINES, paid=3), plan.allocation)
    assert payoff(later, date(2026, 4, 25)).total == 763617 - 2000


def test_payoff_amount_closes_the_loan() -> None:
    plan = plan_payment(states_of(LINES, paid=3), 763617, date(2026, 4, 25), PrepaymentMode.CREDIT, TERMS)
    assert plan.closes_loan
    assert plan.ahead == AllocationLine(4, interest=2537, principal=761080)
    assert (plan.surplus, plan.remaining_lines, plan.interest_saved) == (0, (), 36022)


def test_money_above_the_payoff_is_surplus() -> None:
    plan = plan_payment(states_of(LINES, paid=3), 763618, date(2026, 4, 25), PrepaymentMode.SHORTER, TERMS)
    assert (plan.closes_loan, plan.surplus) == (True, 1)
    assert plan.allocation.total == 763617


def test_a_cent_short_of_the_payoff_leaves_a_cent() -> None:
    plan = plan_payment(states_of(LINES, paid=3), 763616, date(2026, 4, 25), PrepaymentMode.SHORTER, TERMS)
    assert not plan.closes_loan
    assert [(line.principal, line.interest) for line in plan.remaining_lines] == [(1, 0)]


def test_last_instalment_closes_the_loan_on_time() -> None:
    plan = plan_payment(states_of(LINES, paid=11), 88847, date(2027, 1, 15), PrepaymentMode.SHORTER, TERMS)
    assert (plan.closes_loan, plan.ahead, plan.extra_line) == (True, None, None)
    assert plan.due.lines == (AllocationLine(12, interest=880, principal=87967),)


def test_odd_first_period_does_not_change_the_instalment_that_is_kept() -> None:
    odd = replace(TERMS, start_date=date(2026, 1, 10), due_day=20)
    lines = build_schedule(odd).lines
    plan = plan_payment(states_of(lines), 100000, date(2026, 1, 30), PrepaymentMode.SHORTER, odd)
    assert {line.payment for line in plan.remaining_lines[:-1]} == {88849}


@pytest.mark.parametrize(
    ("method", "mode", "payments"),
    [
        (ScheduleMethod.EQUAL_PRINCIPAL, PrepaymentMode.SHORTER, 6),
        (ScheduleMethod.EQUAL_PRINCIPAL, PrepaymentMode.LOWER, 8),
        (ScheduleMethod.INTEREST_ONLY, PrepaymentMode.SHORTER, 8),
        (ScheduleMethod.INTEREST_ONLY, PrepaymentMode.LOWER, 8),
        (ScheduleMethod.FLAT, PrepaymentMode.SHORTER, 6),
        (ScheduleMethod.FLAT, PrepaymentMode.LOWER, 8),
    ],
)
def test_every_method_can_be_paid_ahead(method: ScheduleMethod, mode: PrepaymentMode, payments: int) -> None:
    other = replace(TERMS, method=method)
    states = states_of(build_schedule(other).lines, paid=4)
    plan = plan_payment(states, 200000, FOURTH_DUE, mode, other)
    assert len(plan.remaining_lines) == payments
    assert plan.interest_saved > 0
    outstanding = sum(state.principal_unpaid for state in states)
    assert sum(line.principal for line in plan.remaining_lines) == outstanding - 200000


def test_bullet_paid_ahead_owes_interest_on_the_rest() -> None:
    bullet = replace(TERMS, method=ScheduleMethod.BULLET)
    states = states_of(build_schedule(bullet).lines)
    half_way = START + timedelta(days=73)
    plan = plan_payment(states, 524000, half_way, PrepaymentMode.SHORTER, bullet)
    assert plan.ahead == AllocationLine(1, interest=24000, principal=500000)
    assert [(line.principal, line.interest) for line in plan.remaining_lines] == [(500000, 48000)]


money_days = st.lists(st.tuples(st.integers(1, 300000), st.integers(0, 40)), min_size=1, max_size=15)
modes = st.sampled_from([PrepaymentMode.SHORTER, PrepaymentMode.LOWER])


@settings(deadline=None)
@given(st.sampled_from(ScheduleMethod), money_days, modes, st.sampled_from(list(permutations(DEFAULT_ORDER))))
def test_any_life_of_payments_is_allocated_whole_and_ends_at_nil(
    method: ScheduleMethod,
    payments: list[tuple[int, int]],
    mode: PrepaymentMode,
    order: tuple[AllocationPart, ...],
) -> None:
    loan = replace(TERMS, method=method)
    states = states_of(build_schedule(loan).lines)
    on = START
    for amount, days in payments:
        on += timedelta(days=days)
        before = payoff(states, on)
        plan = plan_payment(states, amount, on, mode, loan, order)
        assert plan.allocation.total + plan.credit + plan.surplus == amount
        assert plan.surplus == max(amount - before.total, 0)
        states = after_plan(states, plan)
        assert all(state.principal_unpaid >= 0 and state.interest_unpaid >= 0 for state in states)
        assert sum(state.principal_due for state in states) == 1000000
        assert payoff(states, on).total == max(before.total - amount, 0)
        if plan.closes_loan:
            assert all(state.is_settled for state in states)
            return
    last = max(state.due_date for state in states) if states else on
    figure = payoff(states, max(last, on))
    closing = plan_payment(states, figure.total, max(last, on), mode, loan, order)
    assert closing.closes_loan
    assert all(state.is_settled for state in after_plan(states, closing))

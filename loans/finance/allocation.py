"""Dividing a repayment over instalments, and what money above the amount due does to the schedule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from loans.finance.accrual import interest_owed, payoff
from loans.finance.enums import AllocationPart, PrepaymentMode, ScheduleMethod
from loans.finance.errors import InvalidPayment
from loans.finance.schedule import rebuild_lines
from loans.finance.types import (
    Allocation,
    AllocationLine,
    InstalmentLine,
    InstalmentState,
    PaymentPlan,
    PayoffFigure,
    Terms,
)
from p2plending.lib.money import round_ratio

DEFAULT_ORDER = (AllocationPart.LATE_FEE, AllocationPart.INTEREST, AllocationPart.PRINCIPAL)


def allocate(
    states: Sequence[InstalmentState],
    amount: int,
    on: date,
    order: Sequence[AllocationPart] = DEFAULT_ORDER,
) -> Allocation:
    """Divide ``amount`` over the instalments due by ``on``, oldest first; ``surplus`` is what is left after them.

    Inside an instalment the parts are paid in ``order`` (default late fee, interest, principal). Raises
    InvalidPayment for an amount that is not above zero or an order that does not name each part once.
    """
    if amount <= 0:
        raise InvalidPayment("a payment must be above zero")
    if sorted(order) != sorted(AllocationPart):
        raise InvalidPayment("the order must name late fee, interest and principal once each")
    lines = []
    left = amount
    for state in sorted(states, key=_by_due_date):
        if left == 0 or state.due_date > on:
            break
        line = _pay_instalment(state, left, order)
        if line.total:
            lines.append(line)
            left -= line.total
    return Allocation(tuple(lines), left)


def plan_payment(
    states: Sequence[InstalmentState],
    amount: int,
    on: date,
    mode: PrepaymentMode,
    terms: Terms,
    order: Sequence[AllocationPart] = DEFAULT_ORDER,
    instalment_amount: int | None = None,
) -> PaymentPlan:
    """What a payment of ``amount`` on ``on`` does; the preview and the posting are this one function.

    First it pays what is due. An excess that reaches the payoff figure closes the loan, and what is above that is
    surplus. A smaller excess is credit (CREDIT), or pays the interest accrued in the running period and then
    principal. The running period is split at ``on``: the rest of it bears interest on the lower balance. SHORTER keeps
    the payment (``instalment_amount``, else that of the first instalments not yet due) and ends sooner; LOWER keeps
    the dates and levels the payments anew.

    10,000.00 at 12 %, 12 months, 2,000.00 more on the fourth due date: SHORTER 6 instalments, the last 516.11,
    interest 160.14; LOWER 8 of 627.11, the last 627.08, interest 218.43. Raises InvalidPayment as ``allocate`` does.
    """
    due = allocate(states, amount, on, order)
    open_states = sorted((state for state in states if state.due_date > on), key=_by_due_date)
    figure = payoff(states, on)
    if amount >= figure.total:
        return _closing_plan(due, open_states, figure, mode, amount, on)
    excess = due.surplus
    if mode is PrepaymentMode.CREDIT or not excess:
        return PaymentPlan(mode, due, None, None, (), excess, 0, False, 0)
    running = open_states[0]
    interest = min(excess, interest_owed(running, on))
    principal = excess - interest
    ahead = AllocationLine(running.number, interest=interest, principal=principal)
    if not principal:
        return PaymentPlan(mode, due, ahead, None, (), 0, 0, False, 0)
    extra_line = _extra_line(open_states, ahead, on)
    remaining = _remaining_lines(open_states, extra_line, on, mode, terms, instalment_amount)
    saved = _interest_unpaid(open_states) - interest - sum(line.interest for line in remaining)
    return PaymentPlan(mode, due, ahead, extra_line, remaining, 0, 0, False, saved)


def _by_due_date(state: InstalmentState) -> tuple[date, int]:
    return state.due_date, state.number


def _interest_unpaid(states: Sequence[InstalmentState]) -> int:
    return sum(state.interest_unpaid for state in states)


def _pay_instalment(state: InstalmentState, left: int, order: Sequence[AllocationPart]) -> AllocationLine:
    unpaid = {
        AllocationPart.LATE_FEE: state.late_fee_unpaid,
        AllocationPart.INTEREST: state.interest_unpaid,
        AllocationPart.PRINCIPAL: state.principal_unpaid,
    }
    paid = {}
    for part in order:
        paid[part] = min(unpaid[part], left)
        left -= paid[part]
    return AllocationLine(
        state.number,
        late_fee=paid[AllocationPart.LATE_FEE],
        interest=paid[AllocationPart.INTEREST],
        principal=paid[AllocationPart.PRINCIPAL],
    )


def _closing_plan(
    due: Allocation,
    open_states: Sequence[InstalmentState],
    figure: PayoffFigure,
    mode: PrepaymentMode,
    amount: int,
    on: date,
) -> PaymentPlan:
    """The payment reaches the payoff figure: everything is paid, no future interest, the rest is surplus."""
    ahead = extra_line = None
    if open_states:
        ahead = AllocationLine(
            open_states[0].number,
            late_fee=figure.late_fee - due.late_fee,
            interest=figure.interest - due.interest,
            principal=figure.principal - due.principal,
        )
        extra_line = _extra_line(open_states, ahead, on)
    return PaymentPlan(mode, due, ahead, extra_line, (), 0, amount - figure.total, True, figure.interest_saved)


def _extra_line(open_states: Sequence[InstalmentState], ahead: AllocationLine, on: date) -> InstalmentLine:
    """The schedule line that records what is paid ahead, with all that was paid before on instalments not yet due."""
    return InstalmentLine(
        number=open_states[0].number,
        due_date=on,
        period_start=min(open_states[0].period_start, on),
        principal=ahead.principal + sum(state.principal_paid for state in open_states),
        interest=ahead.interest + sum(state.interest_paid for state in open_states),
        balance_after=sum(state.principal_unpaid for state in open_states) - ahead.principal,
    )


def _remaining_lines(
    open_states: Sequence[InstalmentState],
    extra_line: InstalmentLine,
    on: date,
    mode: PrepaymentMode,
    terms: Terms,
    instalment_amount: int | None,
) -> tuple[InstalmentLine, ...]:
    running = open_states[0]
    bounds = [(max(state.period_start, on), state.due_date) for state in open_states]
    balance = extra_line.balance_after
    flat_interests: list[int] = []
    if terms.method is ScheduleMethod.FLAT:
        # Flat interest does not follow from the balance: it falls in proportion to the principal still owed.
        before = sum(state.principal_due for state in open_states) or 1
        still_to_come = [running.interest_due - extra_line.interest, *(state.interest_due for state in open_states[1:])]
        flat_interests = [
            round_ratio(interest * balance, before, terms.interest_rounding) for interest in still_to_come
        ]
    payment = None
    if mode is PrepaymentMode.SHORTER:
        payment = _kept_payment(open_states, terms.method, instalment_amount)
    return rebuild_lines(
        terms, balance, bounds, first_number=running.number + 1, payment=payment, flat_interests=flat_interests
    )


def _kept_payment(
    open_states: Sequence[InstalmentState], method: ScheduleMethod, instalment_amount: int | None
) -> int | None:
    if method is ScheduleMethod.EQUAL_PRINCIPAL:
        return max(state.principal_due for state in open_states)
    if method not in (ScheduleMethod.ANNUITY, ScheduleMethod.FLAT):
        return None
    if instalment_amount is not None:
        return instalment_amount
    # The first instalment may hold the interest of odd days and the last one differs by cents.
    usual = open_states[1] if len(open_states) > 2 else open_states[0]
    return usual.principal_due + usual.interest_due

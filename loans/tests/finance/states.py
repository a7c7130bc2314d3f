"""Instalments of a schedule as they stand after some payments."""

from __future__ import annotations

from collections.abc import Sequence

from loans.finance import Allocation, InstalmentLine, InstalmentState, PaymentPlan


def states_of(lines: Sequence[InstalmentLine], paid: int = 0) -> list[InstalmentState]:
    """The instalments, the first ``paid`` of them settled."""
    return [
        InstalmentState(
            number=line.number,
            period_start=line.period_start,
            due_date=line.due_date,
            principal_due=line.principal,
            interest_due=line.interest,
            principal_paid=line.principal if line.number <= paid else 0,
            interest_paid=line.interest if line.number <= paid else 0,
        )
        for line in lines
    ]


def after(states: Sequence[InstalmentState], allocation: Allocation) -> list[InstalmentState]:
    """The instalments with what the allocation pays added."""
    paid = {line.number: line for line in allocation.lines}
    result = []
    for state in states:
        line = paid.get(state.number)
        if line is None:
            result.append(state)
            continue
        result.append(
            InstalmentState(
                number=state.number,
                period_start=state.period_start,
                due_date=state.due_date,
                principal_due=state.principal_due,
                interest_due=state.interest_due,
                late_fee_due=state.late_fee_due,
                principal_paid=state.principal_paid + line.principal,
                interest_paid=state.interest_paid + line.interest,
                late_fee_paid=state.late_fee_paid + line.late_fee,
            )
        )
    return result


def after_plan(states: Sequence[InstalmentState], plan: PaymentPlan) -> list[InstalmentState]:
    """The instalments in force once a plan has been carried out, the schedule replaced where the plan says so."""
    if plan.extra_line is None:
        return after(states, plan.allocation)
    kept = [state for state in after(states, plan.due) if state.due_date <= plan.extra_line.due_date]
    extra = plan.extra_line
    paid_line = InstalmentState(
        number=extra.number,
        period_start=extra.period_start,
        due_date=extra.due_date,
        principal_due=extra.principal,
        interest_due=extra.interest,
        principal_paid=extra.principal,
        interest_paid=extra.interest,
    )
    return [*kept, paid_line, *states_of(plan.remaining_lines)]

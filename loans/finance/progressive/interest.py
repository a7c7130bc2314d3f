"""What money and time do to the interest of a loan: payments, late principal, figures of a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from loans.finance.progressive.enums import AllocationWay
from loans.finance.progressive.model import Due, InterestModel, OverdueCorrection, Period


def level_last(model: InterestModel, on: date) -> None:
    """Let the last open instalment take the difference, so that principal and interest are asked for whole.

    No instalment may ask for more principal than is still owed. When the last open one has been paid more than it
    then asks for, it is closed at that and the one before takes the difference. Interest of the days up to ``on``
    that would fall into closed instalments is brought forward into the open one.
    """
    _limit_to_what_is_owed(model)
    unpaid = model.unpaid()
    if not unpaid:
        return
    last = unpaid[-1]
    last.brought_forward = 0
    for period in model.periods:
        period.is_closed = False
    interest = sum(due.interest for due in model.dues())
    last.instalment += model.principal + interest - sum(period.asked for period in model.periods)
    if last.instalment < last.paid:
        last.instalment = last.paid
        level_last(model, on)
    bring_forward(model, last, on)


def settle(model: InterestModel, on: date) -> None:
    """Carry the balances through and let the plan ask for exactly the principal that is owed.

    Interest brought forward after the last instalment took the difference can leave a cent of principal; it goes to
    the last open instalment that can take it.
    """
    model.refresh_balances()
    level_last(model, on)
    missing = model.principal - sum(due.principal for due in model.dues())
    if missing:
        for period in reversed(model.unpaid()):
            if period.instalment + missing >= period.paid:
                period.instalment += missing
                return


def bring_forward(model: InterestModel, period: Period, on: date) -> None:
    """Ask in ``period`` for interest of the days up to ``on`` that finds no room in any instalment after it."""
    corrected = [correction.due for correction in model.overdue_corrections]
    if period.due in corrected and max(corrected) <= period.due:
        # Late principal that bears interest in this very period must not be counted as interest of later ones.
        trial = model.copy(on)
        for correction in trial.overdue_corrections:
            trial.correct_balance(correction.on, -correction.amount)
        trial.refresh_balances()
    else:
        trial = replace(model, until=on)
    for later, due in reversed(list(trial.walk())):
        if due.carried and later.due > period.due:
            period.brought_forward = due.carried
            for other in model.periods:
                other.is_closed = other.is_closed or other.due > period.due
            return


def add_late_principal(model: InterestModel, on: date, is_payoff: bool) -> None:
    """Let principal that was not paid on its due date bear interest up to ``on`` (or to the end of the period).

    What is late is added to the balance from the due date, and taken off again on ``on``: the plan after that day
    expects the money. A later call goes on from there.
    """
    target = min(on, model.maturity)
    late_periods = [period for period in model.periods if period.due < target]
    current = model.period_at(target)
    if not late_periods or current is None:
        return
    late, total = 0, 0
    for period in late_periods:
        if late:
            _add_late(model, target, period, late, total, is_payoff)
        index = model.periods.index(period)
        late = max(model.dues()[index].principal - period.principal_paid, 0)
        total += late
    _add_late(model, target, current, late, total, is_payoff)
    if total and (model.overdue_until is None or model.overdue_until < target):
        model.overdue_until = target


def pay_interest(model: InterestModel, period: Period, on: date, amount: int) -> None:
    """Book interest paid on ``period``; never more in all than is asked for."""
    unpaid = model.unpaid()
    if unpaid and unpaid[-1] is period and period is not model.periods[-1] and on >= period.due:
        bring_forward(model, period, on)
    asked = sum(due.interest for due in model.dues())
    period.interest_paid += min(amount, asked - model.interest_paid)
    model.refresh_balances()
    level_last(model, on)


def pay_principal(model: InterestModel, period: Period, on: date, amount: int) -> None:
    """Book principal paid on ``period``: it lowers the balance from ``on``, or from the due date if it came late.

    Money in advance that pays the planned instalment of a period not begun yet closes that period.
    """
    if not amount:
        return
    period.principal_paid += min(amount, model.principal - model.principal_paid)
    counts_on = min(on, period.due)
    if model.correct_balance(counts_on, -amount) is not None:
        model.refresh_balances()
        level_last(model, counts_on)
    fills_period = period.paid > period.asked or period.paid == period.planned_instalment
    if on < period.start and fills_period and len(model.unpaid()) > 1:
        period.instalment = period.paid
    level_last(model, counts_on)


def due_on(model: InterestModel, period: Period, on: date) -> Due:
    """What ``period`` asks for when interest counts to ``on`` only, for a payment in advance on that day.

    A period that has not begun asks for its planned instalment, all of it principal, or for what is left.
    """
    index = model.periods.index(period)
    trial = model.copy(on if on < model.maturity else None)
    if trial.until is not None:
        trial.refresh_balances()
        level_last(trial, on)
    if on <= period.start:
        _ask_for_planned(trial, trial.periods[index])
    due = trial.dues()[index]
    if model.terms.way is AllocationWay.VERTICAL:
        return _whole_instalment(trial, trial.periods[index], due)
    return due


def payoff_on(model: InterestModel, on: date) -> tuple[int, int]:
    """Principal and interest that pay the loan off on ``on``, after late principal was added up to then."""
    trial = model.copy(on)
    trial.refresh_balances()
    level_last(trial, on)
    interest = sum(due.interest for due in trial.dues()) - trial.interest_paid
    return max(trial.principal - trial.principal_paid, 0), max(interest, 0)


def _limit_to_what_is_owed(model: InterestModel) -> None:
    owed = model.principal - model.principal_paid
    carried = 0
    for period in model.periods:
        due = model.due_of(period, carried)
        excess = due.principal - period.principal_paid - owed
        if excess > 0:
            kept = max(period.instalment - excess, period.paid)
            period.brought_forward = max(period.brought_forward - (excess - (period.instalment - kept)), 0)
            period.instalment = kept
            due = model.due_of(period, carried)
        carried = due.carried


def _ask_for_planned(model: InterestModel, period: Period) -> None:
    index = model.periods.index(period)
    owed = max(model.principal - model.principal_paid, 0)
    open_periods = len(model.unpaid())
    if open_periods > 1:
        period.instalment = period.planned_instalment
        unpaid = max(model.dues()[index].principal - period.principal_paid, 0)
        period.instalment -= max(unpaid - owed, 0)
    elif open_periods == 1 and period.is_paid:
        left = owed + period.principal_paid + model.dues()[index].interest
        period.instalment = min(period.planned_instalment, left)


def _whole_instalment(model: InterestModel, period: Period, due: Due) -> Due:
    """The whole instalment as principal while others are open, within what is owed in all.

    Paying part by part, principal comes before interest or after it for all instalments, so that the interest of one
    takes no room from its principal.
    """
    principal = period.asked - period.interest_paid if len(model.unpaid()) > 1 else due.principal
    principal_left = model.principal - model.principal_paid + period.principal_paid
    interest_left = sum(other.interest for other in model.dues()) - model.interest_paid + period.interest_paid
    return Due(min(principal, principal_left), min(due.interest, interest_left), due.carried)


def _add_late(model: InterestModel, on: date, period: Period, late: int, total: int, is_payoff: bool) -> None:
    if model.overdue_until == on:
        return
    begins = period.start
    if model.overdue_until is not None and begins <= model.overdue_until:
        begins = model.overdue_until
    _correct_late(model, begins, late)
    if period.start < on <= period.due:
        ends = period.due if model.terms.counts_to_period_end(is_payoff) else on
        _correct_late(model, ends, -total)
        model.overdue_until = ends


def _correct_late(model: InterestModel, on: date, amount: int) -> None:
    period = model.correct_balance(on, amount)
    if period is not None:
        model.overdue_corrections.append(OverdueCorrection(on, amount, period.due))
        model.refresh_balances()
        level_last(model, on)

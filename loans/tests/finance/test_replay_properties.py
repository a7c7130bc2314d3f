"""What holds in every life of a loan: nothing lost, nothing owed twice, nothing owed after the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from loans.finance import DayCount, Terms
from loans.finance.periods import period_fraction
from loans.finance.progressive import (
    INTEREST_FIRST,
    AllocationWay,
    Charge,
    Event,
    FutureInstalments,
    InterestRecalculation,
    LoanPart,
    Parts,
    Payment,
    PaymentPosition,
    PayOff,
    PayoffInterest,
    ReplayTerms,
    Reversal,
    order_of,
    payment_changes,
    replay,
)

START = date(2026, 1, 31)
LIVES = settings(max_examples=40, deadline=None)

schedules = st.builds(
    Terms,
    principal=st.integers(10_000, 5_000_000),
    annual_rate=st.sampled_from([Decimal("0.0399"), Decimal("0.12"), Decimal("0.36")]),
    instalments=st.integers(1, 12),
    start_date=st.just(START),
    day_count=st.sampled_from([DayCount.THIRTY_360, DayCount.ACT_365, DayCount.ACT_ACT, DayCount.EQUAL_PERIODS]),
    due_day=st.sampled_from([None, None, 1, 20]),
)
plain_terms = st.builds(ReplayTerms, schedule=schedules, recalculation=st.just(InterestRecalculation.DAILY))
all_terms = st.builds(
    ReplayTerms,
    schedule=schedules,
    recalculation=st.sampled_from(InterestRecalculation),
    overdue_principal_bears_interest=st.booleans(),
    payoff_interest=st.sampled_from(PayoffInterest),
    order=st.sampled_from(
        [INTEREST_FIRST, order_of(LoanPart.PENALTY, LoanPart.FEE, LoanPart.PRINCIPAL, LoanPart.INTEREST)]
    ),
    way=st.sampled_from(AllocationWay),
    future_instalments=st.sampled_from(FutureInstalments),
    last_takes_level=st.booleans(),
)
# Days after the disbursement, and the amount in thousandths of the principal.
moments = st.lists(st.tuples(st.integers(0, 420), st.integers(1, 400)), min_size=1, max_size=6)


def payments_of(terms: ReplayTerms, drawn: Sequence[tuple[int, int]]) -> list[Payment]:
    """Payments on the days drawn, no two on one day, in the order of their dates."""
    by_day = dict(sorted(drawn))
    return [
        Payment(f"payment {day}", START + timedelta(days=day), terms.schedule.principal * share // 1000)
        for day, share in by_day.items()
    ]


@LIVES
@given(terms=all_terms, drawn=moments, charged=st.integers(0, 300))
def test_every_cent_is_found_again(terms: ReplayTerms, drawn: list[tuple[int, int]], charged: int) -> None:
    on = START + timedelta(days=charged)
    events: list[Event] = [*payments_of(terms, drawn), Charge("letter", on, 700, on)]
    picture = replay(terms, events, START + timedelta(days=430))
    assert picture.due.principal == terms.schedule.principal
    assert all(payment.amount == payment.paid.total + payment.surplus for payment in picture.payments)
    assert sum((payment.paid for payment in picture.payments), Parts()) == picture.paid
    for line in picture.instalments:
        assert min(line.unpaid.principal, line.unpaid.interest, line.unpaid.fee, line.unpaid.penalty) >= 0
    assert picture.surplus == 0 or picture.unpaid.total == 0


@LIVES
@given(terms=all_terms, drawn=moments, later=st.integers(0, 60))
def test_after_a_pay_off_nothing_is_owed_and_nothing_is_left_over(
    terms: ReplayTerms, drawn: list[tuple[int, int]], later: int
) -> None:
    payments = payments_of(terms, drawn)
    on = payments[-1].on + timedelta(days=later)
    before = replay(terms, payments, on)
    after = replay(terms, [*payments, PayOff("end", on)], on)
    assert (after.unpaid.total, after.surplus) == (0, before.surplus)
    if before.payoff.total:
        assert after.payment("end").paid == before.payoff


@LIVES
@given(terms=all_terms, drawn=moments, data=st.data())
def test_a_reversal_leaves_no_trace_and_its_differences_say_so(
    terms: ReplayTerms, drawn: list[tuple[int, int]], data: st.DataObject
) -> None:
    payments = payments_of(terms, drawn)
    bounced = data.draw(st.sampled_from(payments))
    on = payments[-1].on
    without = replay(terms, [payment for payment in payments if payment is not bounced], on)
    before = replay(terms, payments, on)
    after = replay(terms, [*payments, Reversal("bounced", on, bounced.reference)], on)
    assert after == without
    changed = sum((change.paid for change in payment_changes(before, after)), Parts())
    assert before.paid + changed == after.paid


@LIVES
@given(terms=all_terms, drawn=moments, data=st.data())
def test_the_order_of_entry_does_not_matter(
    terms: ReplayTerms, drawn: list[tuple[int, int]], data: st.DataObject
) -> None:
    payments = payments_of(terms, drawn)
    shuffled = data.draw(st.permutations(payments))
    assert replay(terms, shuffled, payments[-1].on) == replay(terms, payments, payments[-1].on)


def cost_by_the_day(terms: Terms, payments: Sequence[PaymentPosition], due_dates: Sequence[date]) -> Fraction:
    """Interest on the principal outstanding of every day, counted plainly, up to the last due date."""
    end = min(payments[-1].on, due_dates[-1])
    cost = Fraction(0)
    for start, due in pairwise([START, *due_dates]):
        marks = sorted({start, min(due, end), *(payment.on for payment in payments if start < payment.on < due)})
        for earlier, later in pairwise(day for day in marks if start <= day <= end):
            balance = terms.principal - sum(payment.paid.principal for payment in payments if payment.on <= earlier)
            share = Fraction((later - earlier).days, (due - start).days)
            cost += balance * Fraction(terms.annual_rate) * period_fraction(terms, start, due) * share
    return cost


@LIVES
@given(terms=plain_terms, drawn=moments, later=st.integers(0, 60))
def test_a_loan_recalculated_daily_costs_the_interest_of_its_days(
    terms: ReplayTerms, drawn: list[tuple[int, int]], later: int
) -> None:
    # Actual/actual counts a rest of a period over New Year by itself, which this plain count does not.
    terms = replace(terms, schedule=replace(terms.schedule, day_count=DayCount.ACT_365))
    payments = payments_of(terms, drawn)
    picture = replay(terms, [*payments, PayOff("end", payments[-1].on + timedelta(days=later))], date(2027, 12, 31))
    due_dates = [line.due_date for line in picture.instalments]
    cost = cost_by_the_day(terms.schedule, picture.payments, due_dates)
    roundings = len(due_dates) + len(picture.payments)
    assert abs(picture.paid.interest - cost) <= roundings

"""A loan's life worked out anew from its events: money early, late, backdated and taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from loans.finance import DayCount, InvalidPayment, InvalidTerms, ScheduleMethod, Terms, build_schedule
from loans.finance.progressive import (
    AllocationWay,
    Charge,
    ChargeBase,
    Event,
    FutureInstalments,
    FutureInstalmentsChange,
    InstalmentCharge,
    InterestRecalculation,
    LoanPart,
    LoanPosition,
    Parts,
    Payment,
    PayOff,
    PayoffInterest,
    ReplayTerms,
    Reversal,
    Waiver,
    order_of,
    payment_changes,
    replay,
)

START = date(2026, 1, 15)
FIRST, SECOND, THIRD, FOURTH = date(2026, 2, 15), date(2026, 3, 15), date(2026, 4, 15), date(2026, 5, 15)
LEVEL = 88849
# 10,000.00 at 12 % in 12 months: the loan of docs/finance.md.
SCHEDULE = Terms(1000000, Decimal("0.12"), 12, START)
DAILY = ReplayTerms(SCHEDULE, InterestRecalculation.DAILY)
FIXED = ReplayTerms(SCHEDULE)


def rows(picture: LoanPosition, count: int) -> list[tuple[int, int, int]]:
    """Principal and interest asked for and what is unpaid of the first instalments."""
    return [(line.due.principal, line.due.interest, line.unpaid.total) for line in picture.instalments[:count]]


# -- refused ---------------------------------------------------------------------------------------------------------


def test_a_reversal_of_what_never_happened_is_refused() -> None:
    with pytest.raises(InvalidPayment, match="no event gone"):
        replay(DAILY, [Reversal("back", FIRST, "gone")], FIRST)


def test_a_waiver_of_a_charge_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidPayment, match="no charge late fee"):
        replay(DAILY, [Waiver("waiver", FIRST, "late fee")], FIRST)


def test_two_events_of_one_reference_are_refused() -> None:
    with pytest.raises(InvalidPayment, match="same reference"):
        replay(DAILY, [Payment("a", FIRST, 100), Payment("a", SECOND, 100)], SECOND)


def test_money_before_the_disbursement_is_refused() -> None:
    with pytest.raises(InvalidPayment, match="before the disbursement"):
        replay(DAILY, [Payment("a", date(2026, 1, 14), 100)], SECOND)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_payment_of_nothing_is_refused(amount: int) -> None:
    with pytest.raises(InvalidPayment, match="above zero"):
        Payment("a", FIRST, amount)


def test_an_order_that_leaves_a_part_out_is_refused() -> None:
    with pytest.raises(InvalidTerms, match="exactly once"):
        replace(DAILY, order=order_of(LoanPart.INTEREST, LoanPart.PRINCIPAL, LoanPart.FEE, LoanPart.FEE))


def test_recalculation_of_a_flat_loan_is_refused() -> None:
    with pytest.raises(InvalidTerms, match="annuities only"):
        replace(DAILY, schedule=replace(SCHEDULE, method=ScheduleMethod.FLAT))


# -- without an event ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", [DAILY, FIXED])
@pytest.mark.parametrize("due_day", [None, 5, 28])
def test_before_anything_happens_the_picture_is_the_first_plan(terms: ReplayTerms, due_day: int | None) -> None:
    terms = replace(terms, schedule=replace(SCHEDULE, due_day=due_day))
    plan = build_schedule(terms.schedule)
    picture = replay(terms, [], START)
    assert [
        (line.due_date, line.due.principal, line.due.interest, line.balance_after) for line in picture.instalments
    ] == [(line.due_date, line.principal, line.interest, line.balance_after) for line in plan.lines]


def test_events_after_the_day_are_not_looked_at() -> None:
    assert replay(DAILY, [Payment("a", SECOND, LEVEL)], FIRST) == replay(DAILY, [], FIRST)


# -- money on time, early and late -----------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", [DAILY, FIXED])
def test_a_payment_on_its_day_changes_no_interest(terms: ReplayTerms) -> None:
    picture = replay(terms, [Payment("a", FIRST, LEVEL)], FIRST)
    assert rows(picture, 3) == [(78849, 10000, 0), (79637, 9212, LEVEL), (80434, 8415, LEVEL)]
    assert picture.payment("a").paid == Parts(principal=78849, interest=10000)
    assert picture.instalments[0].settled_on == FIRST


def test_early_money_saves_interest_from_its_day() -> None:
    # Half of the period is gone: 46.06 of 92.12. The other half bears 41.84 on the 8,369.08 left, asked for next time
    # with the 83.69 of April's period.
    picture = replay(DAILY, [Payment("a", FIRST, LEVEL), Payment("b", date(2026, 3, 1), LEVEL)], date(2026, 3, 1))
    assert picture.payment("b").paid == Parts(principal=84243, interest=4606)
    assert rows(picture, 3) == [(78849, 10000, 0), (84243, 4606, 0), (76296, 8369 + 4184, LEVEL)]


def test_without_recalculation_early_money_saves_nothing() -> None:
    picture = replay(FIXED, [Payment("a", FIRST, LEVEL), Payment("b", date(2026, 3, 1), LEVEL)], date(2026, 3, 1))
    assert picture.payment("b").paid == Parts(principal=79637, interest=9212)
    assert picture.due.interest == 66186


def test_late_principal_goes_on_bearing_interest_to_the_day() -> None:
    late = replay(DAILY, [Payment("a", SECOND, LEVEL)], SECOND)
    # The second period bears 1 % of 10,000.00 instead of 9,211.51, and so pays back 7.88 less, which bears interest to
    # the end: 80 cents.
    assert rows(late, 2) == [(78849, 10000, 0), (78849, 10000, LEVEL)]
    assert late.due.interest == 66186 + 788 + 80
    # Halfway through the period it is half of it.
    halfway = replay(DAILY, [Payment("a", date(2026, 3, 1), LEVEL)], date(2026, 3, 1))
    assert halfway.instalments[1].due.interest == 9212 + 394


def test_late_principal_bears_none_when_the_terms_say_so() -> None:
    terms = replace(DAILY, overdue_principal_bears_interest=False)
    late = replay(terms, [Payment("a", SECOND, LEVEL)], SECOND)
    assert late.due.interest == 66186


def test_without_recalculation_late_money_costs_no_interest() -> None:
    late = replay(FIXED, [Payment("a", THIRD, LEVEL)], THIRD)
    assert late.due.interest == 66186
    assert (late.paid_late, late.instalments[0].paid_late) == (LEVEL, LEVEL)


def test_what_is_overdue_is_told_apart_from_what_is_due_that_day() -> None:
    assert replay(FIXED, [], FIRST).overdue == Parts()
    assert replay(FIXED, [], SECOND).overdue == Parts(principal=78849, interest=10000)


# -- where money in advance goes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "paid_numbers"),
    [
        (FutureInstalments.NEXT, [1, 2]),
        (FutureInstalments.LAST, [11, 12]),
        (FutureInstalments.NEXT_THEN_LAST, [1, 12]),
        (FutureInstalments.REAMORTIZATION, list(range(1, 13))),
    ],
)
def test_money_in_advance_goes_where_the_rule_says(rule: FutureInstalments, paid_numbers: list[int]) -> None:
    terms = replace(FIXED, future_instalments=rule)
    picture = replay(terms, [Payment("a", START, 2 * LEVEL - 2)], START)
    assert [line.number for line in picture.instalments if line.paid.total] == paid_numbers
    assert picture.paid.total == 2 * LEVEL - 2


def test_a_change_of_rule_counts_from_its_day() -> None:
    events: list[Event] = [
        Payment("a", START, LEVEL),
        FutureInstalmentsChange("rule", START, FutureInstalments.LAST),
        Payment("b", START, LEVEL - 2),
    ]
    picture = replay(FIXED, events, START)
    assert [line.number for line in picture.instalments if line.paid.total] == [1, 12]


def test_vertical_pays_one_part_of_all_late_instalments_first() -> None:
    # Two instalments are late: their interest of 100.00 and 92.12 comes before any principal.
    terms = replace(FIXED, way=AllocationWay.VERTICAL)
    picture = replay(terms, [Payment("a", THIRD, 19212)], date(2026, 4, 16))
    assert picture.payment("a").by_instalment == ((1, Parts(interest=10000)), (2, Parts(interest=9212)))
    across = replay(FIXED, [Payment("a", THIRD, 19212)], date(2026, 4, 16))
    assert across.payment("a").by_instalment == ((1, Parts(principal=9212, interest=10000)),)


# -- paying off ------------------------------------------------------------------------------------------------------


def test_paying_off_on_a_day_asks_for_no_later_interest() -> None:
    events = [Payment(f"p{number}", due, LEVEL) for number, due in enumerate((FIRST, SECOND, THIRD))]
    # After three instalments, on 25 April: 7,610.80 and ten of thirty days of 76.11 (docs/finance.md, chapter 4).
    picture = replay(DAILY, events, date(2026, 4, 25))
    assert picture.payoff == Parts(principal=761080, interest=2537)
    closed = replay(DAILY, [*events, PayOff("end", date(2026, 4, 25))], date(2026, 4, 25))
    assert (closed.unpaid, closed.surplus, closed.is_settled) == (Parts(), 0, True)
    assert closed.payment("end").amount == 763617


def test_paying_off_can_count_to_the_end_of_the_running_period() -> None:
    terms = replace(DAILY, payoff_interest=PayoffInterest.TO_REST_DATE)
    assert replay(terms, [], date(2026, 1, 20)).payoff == Parts(principal=1000000, interest=10000)
    closed = replay(terms, [PayOff("end", date(2026, 1, 20))], date(2026, 1, 20))
    assert (closed.paid, closed.unpaid) == (Parts(principal=1000000, interest=10000), Parts())


def test_more_than_everything_is_left_over_for_the_borrower() -> None:
    picture = replay(DAILY, [Payment("a", date(2026, 1, 25), 1010000)], date(2026, 1, 25))
    assert picture.paid == Parts(principal=1000000, interest=3226)
    assert picture.surplus == picture.payment("a").surplus == 6774


def test_a_charge_after_an_overpayment_is_paid_by_what_was_left_over() -> None:
    on = date(2026, 1, 25)
    events: list[Event] = [Payment("a", on, 1010000), Charge("copy", on, 500, on)]
    picture = replay(DAILY, events, on)
    assert (picture.surplus, picture.charges[0].paid, picture.unpaid.total) == (6274, 500, 0)


# -- charges ---------------------------------------------------------------------------------------------------------


def test_a_charge_belongs_to_the_instalment_in_whose_period_it_falls_due() -> None:
    events = [Charge("late fee", date(2026, 3, 2), 2500, date(2026, 3, 2), LoanPart.PENALTY)]
    picture = replay(FIXED, events, date(2026, 3, 2))
    assert [line.due.penalty for line in picture.instalments[:3]] == [0, 2500, 0]


def test_a_charge_after_the_last_instalment_makes_one_of_its_own() -> None:
    after_all = date(2027, 2, 1)
    picture = replay(FIXED, [Charge("letter", after_all, 700, after_all)], after_all)
    extra = picture.instalments[-1]
    assert (extra.number, extra.due_date, extra.due, extra.is_extra) == (13, after_all, Parts(fee=700), True)


@pytest.mark.parametrize(
    ("base", "fees"),
    [(ChargeBase.PRINCIPAL, [788, 796]), (ChargeBase.INTEREST, [100, 92]), (ChargeBase.INSTALMENT, [888, 888])],
)
def test_a_charge_in_percent_is_worked_out_from_its_base(base: ChargeBase, fees: list[int]) -> None:
    picture = replay(FIXED, [InstalmentCharge("fee", START, rate=Decimal("0.01"), base=base)], START)
    assert [line.due.fee for line in picture.instalments[:2]] == fees


def test_a_waived_charge_is_no_longer_asked_for_and_stays_visible() -> None:
    charged = Charge("late fee", SECOND, 2500, SECOND, LoanPart.PENALTY)
    events: list[Event] = [charged, Waiver("grace", SECOND, "late fee")]
    picture = replay(FIXED, events, SECOND)
    line = picture.instalments[1]
    assert (line.due.penalty, line.waived.penalty, line.unpaid.penalty) == (2500, 2500, 0)
    taken_back = replay(FIXED, [*events, Reversal("no grace", SECOND, "grace")], SECOND)
    assert taken_back.instalments[1].unpaid.penalty == 2500


# -- the past changes ------------------------------------------------------------------------------------------------


def test_taking_a_payment_back_restores_every_figure() -> None:
    payments: list[Event] = [Payment("a", FIRST, LEVEL), Payment("b", date(2026, 3, 1), 50000)]
    for on in (date(2026, 3, 1), FOURTH):
        undone = replay(DAILY, [*payments, Reversal("bounced", on, "b")], on)
        assert undone == replay(DAILY, payments[:1], on)


def test_taking_a_reversal_back_lets_the_payment_count_again() -> None:
    payment = Payment("a", FIRST, LEVEL)
    events: list[Event] = [payment, Reversal("bounced", SECOND, "a"), Reversal("mistake", THIRD, "bounced")]
    assert replay(DAILY, events, THIRD) == replay(DAILY, [payment], THIRD)


def test_a_payment_entered_late_counts_from_its_own_day() -> None:
    first, second = Payment("a", FIRST, LEVEL), Payment("b", SECOND, LEVEL)
    assert replay(DAILY, [second, first], THIRD) == replay(DAILY, [first, second], THIRD)


def test_the_difference_of_two_pictures_is_what_to_post() -> None:
    first, second = Payment("a", FIRST, LEVEL), Payment("b", SECOND, LEVEL)
    before = replay(FIXED, [first, second], SECOND)
    after = replay(FIXED, [first, second, Reversal("bounced", SECOND, "a")], SECOND)
    changes = {change.reference: (change.paid, change.surplus) for change in payment_changes(before, after)}
    # The second payment now pays the first instalment, with 7.88 more interest and less principal.
    assert changes == {
        "b": (Parts(principal=-788, interest=788), 0),
        "a": (Parts(principal=-78849, interest=-10000), 0),
    }
    assert payment_changes(before, before) == ()


def test_a_charge_entered_late_is_asked_for_before_the_money_of_its_day() -> None:
    payment = Payment("a", FIRST, LEVEL)
    at_once = replay(FIXED, [payment, Charge("fee", FIRST, 500, FIRST)], SECOND)
    assert at_once.payment("a").paid.fee == 0
    late = replay(FIXED, [payment, Charge("fee", FIRST, 500, SECOND)], SECOND)
    assert late.payment("a").paid == Parts(principal=78349, interest=10000, fee=500)


def test_a_period_across_new_year_counts_each_year_by_its_own_length() -> None:
    # 17 days of 2027 over 365 and 14 of 2028 over 366, on 10,000.00 at 12 %: 55.89 and 45.90.
    schedule = Terms(1000000, Decimal("0.12"), 3, date(2027, 12, 15), day_count=DayCount.ACT_ACT)
    picture = replay(ReplayTerms(schedule, InterestRecalculation.DAILY), [], date(2027, 12, 15))
    assert picture.instalments[0].due.interest == 10179

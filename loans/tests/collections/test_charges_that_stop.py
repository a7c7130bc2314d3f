"""Late fees and default interest stop while help is asked for, and when the loan is in default; to the cent."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from loans.models import DefaultInterest, Loan
from loans.services.collections.hardship import decline_help, withdraw_help
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.collections import steps
from loans.tests.servicing.paying import fresh, pay
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.world import new_key

FEE = 44_42
# 796.37 of payment 2 is late: 10 % a year for 10, 7 and 1 days, from the end of the grace on 30 March.
TEN_DAYS, SEVEN_DAYS, ONE_DAY = 2_18, 1_53, 22
ASKED_EARLY, ASKED_LATE = dt.date(2026, 3, 20), dt.date(2026, 4, 9)


def day(month: int, number: int) -> dt.date:
    return dt.date(2026, month, number)


@pytest.fixture
def late(loan: Loan) -> Loan:
    """Payment 2 of 15 March is not paid; 10 % default interest."""
    terms = loan.frozen_terms | {"default_interest_rate": "0.100000"}
    Loan.objects.filter(pk=loan.pk).update(frozen_terms=terms)
    pay(fresh(loan), 888_49, steps.FIRST_DUE)
    return fresh(loan)


def charges(loan: Loan, on: dt.date) -> int:
    """Late fees and default interest in the books when the loan was brought to the day."""
    bring_loan_forward(loan_id=loan.pk, today=on)
    return steps.book(loan)["L1220"]


def test_without_a_request_they_run_from_the_end_of_the_grace(late: Loan) -> None:
    assert [charges(late, on) for on in (day(3, 30), day(3, 31), day(4, 9))] == [0, FEE + ONE_DAY, FEE + 22 + 1_96]


def test_both_wait_for_the_end_of_a_pause_that_began_before_the_fee(late: Loan, alice: User) -> None:
    assert steps.ask_help(late, alice, ASKED_EARLY).paused_until == day(4, 3)
    assert [charges(late, on) for on in (day(3, 31), day(4, 3), day(4, 4))] == [0, 0, FEE + ONE_DAY]
    assert steps.instalment(late, 2).late_fee_charged_on == day(4, 4)


def test_interest_that_runs_already_pauses_and_goes_on_after_it(late: Loan, alice: User) -> None:
    assert charges(late, ASKED_LATE) == FEE + TEN_DAYS
    assert steps.ask_help(late, alice, ASKED_LATE).paused_until == day(4, 23)
    assert charges(late, day(4, 23)) == FEE + TEN_DAYS
    assert charges(late, day(4, 30)) == FEE + TEN_DAYS + SEVEN_DAYS
    spans = DefaultInterest.objects.order_by("pk").values_list("from_date", "to_date", "amount")
    assert list(spans) == [(day(3, 30), ASKED_LATE, TEN_DAYS), (day(4, 23), day(4, 30), SEVEN_DAYS)]
    assert_sound_books()


def test_days_before_and_after_the_pause_count_when_the_end_of_day_comes_late(late: Loan, alice: User) -> None:
    steps.ask_help(late, alice, ASKED_LATE)
    assert charges(late, day(4, 30)) == FEE + TEN_DAYS + SEVEN_DAYS


@pytest.mark.parametrize("end", ["taken back", "declined"])
def test_the_answer_ends_the_pause_and_interest_goes_on_that_day(late: Loan, alice: User, dora: User, end: str) -> None:
    request = steps.ask_help(late, alice, ASKED_LATE)
    asked = {"request_id": request.pk, "idempotency_key": new_key(), "today": day(4, 14)}
    if end == "declined":
        decline_help(**asked, note="The loan ends soon.", actor=dora)
    else:
        withdraw_help(**asked, actor=alice)
    assert [charges(late, on) for on in (day(4, 14), day(4, 24))] == [FEE + TEN_DAYS, FEE + 2 * TEN_DAYS]


def test_asking_again_soon_does_not_hide_the_first_pause(late: Loan, alice: User) -> None:
    request = steps.ask_help(late, alice, ASKED_LATE)
    withdraw_help(request_id=request.pk, actor=alice, idempotency_key=new_key(), today=day(4, 14))
    steps.ask_help(late, alice, day(4, 20))
    assert charges(late, day(4, 24)) == FEE + TEN_DAYS + 1_31 + 87
    assert fresh(late).charge_pauses == [["2026-04-09", "2026-04-14"]]


def test_the_past_worked_out_again_keeps_the_pause(late: Loan, alice: User, dora: User) -> None:
    steps.ask_help(late, alice, ASKED_LATE)
    assert charges(late, day(4, 30)) == FEE + TEN_DAYS + SEVEN_DAYS
    record_backdated_repayment(
        loan_id=late.pk,
        amount=1_00,
        value_date=day(3, 16),
        bank_reference="",
        actor=dora,
        idempotency_key=new_key(),
        today=day(4, 30),
    )
    # The euro paid interest, so the fee is 5 % of 887.49 and the principal is as late as before.
    assert steps.book(late)["L1220"] == 44_37 + TEN_DAYS + SEVEN_DAYS
    assert steps.instalment(late, 2).late_fee_charged_on == day(3, 31)
    assert_sound_books()


def test_the_past_worked_out_again_keeps_every_pause(late: Loan, alice: User, dora: User) -> None:
    request = steps.ask_help(late, alice, ASKED_LATE)
    decline_help(
        request_id=request.pk, note="The loan ends soon.", actor=dora, idempotency_key=new_key(), today=day(4, 19)
    )
    again = steps.ask_help(late, alice, day(7, 10))
    withdraw_help(request_id=again.pk, actor=alice, idempotency_key=new_key(), today=day(7, 15))
    charges(late, day(7, 20))
    interest = steps.instalment(late, 2).late_fee_due - FEE
    # 796.37 x 10 % for 112 days since 30 March, less ten and five days of pauses: 97 days.
    assert interest == 21_16
    record_backdated_repayment(
        loan_id=late.pk,
        amount=1_00,
        value_date=day(3, 16),
        bank_reference="",
        actor=dora,
        idempotency_key=new_key(),
        today=day(7, 20),
    )
    assert steps.instalment(late, 2).late_fee_due == 44_37 + interest
    assert fresh(late).charge_pauses == [["2026-04-09", "2026-04-19"], ["2026-07-10", "2026-07-15"]]
    assert_sound_books()


def test_after_the_default_neither_fee_nor_default_interest_is_added(late: Loan, dora: User) -> None:
    steps.put_in_default(late, dora)
    owed = steps.book(late)["L1220"]
    assert owed > 3 * FEE
    assert charges(late, day(7, 14)) == owed
    assert charges(late, day(9, 30)) == owed
    assert_sound_books()


def test_a_product_may_go_on_with_default_interest_after_the_default(late: Loan, dora: User) -> None:
    terms = late.frozen_terms | {"stops_default_interest": False}
    Loan.objects.filter(pk=late.pk).update(frozen_terms=terms)
    steps.put_in_default(late, dora)
    owed = steps.book(late)["L1220"]
    # 30 days on 796.37, 804.33 and 812.38, and 15 days after its grace on the 6,798.43 that fell due with the default.
    assert charges(late, day(7, 14)) == owed + 6_55 + 6_61 + 6_68 + 27_94
    assert_sound_books()

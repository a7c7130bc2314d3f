"""What a part of a loan would bring is what payments really bring, to the cent."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from loans.finance import Terms, build_schedule
from matching.engine.earnings import Earnings, earnings

SCHEDULE = build_schedule(Terms(10_000_00, Decimal("0.12"), 12, dt.date(2026, 1, 15)))


def part(amount: int) -> Earnings:
    return earnings(
        SCHEDULE.lines,
        amount=amount,
        principal=10_000_00,
        servicing_fee_rate=Decimal("0.05"),
        expected_loss_rate=Decimal("0.022"),
    )


def test_a_third_of_the_example_loan_gets_the_cents_of_the_worked_example() -> None:
    first = part(3_333_00).lines[0]
    assert (first.principal, first.interest, first.fee, first.net) == (262_80, 33_33, 1_66, 294_47)
    assert first.due_date == dt.date(2026, 2, 15)


def test_the_parts_of_the_principal_add_up_to_what_was_lent() -> None:
    assert sum(line.principal for line in part(100_00).lines) == 100_00


def test_lending_the_whole_loan_gets_all_its_interest() -> None:
    assert part(10_000_00).interest == SCHEDULE.total_interest == 661_86


def test_gain_is_interest_less_fee_less_expected_loss() -> None:
    found = part(100_00)
    assert (found.interest, found.fee, found.expected_loss) == (6_61, 28, 1_21)
    assert found.back_if_all_goes_well == 106_33
    assert found.gain_after_losses == 5_12
    assert found.back_after_losses == 105_12


@pytest.mark.parametrize("amount", [0, -1, 10_000_01])
def test_an_amount_outside_the_loan_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="above nil"):
        part(amount)

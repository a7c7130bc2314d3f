from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from loans.finance import NoRateInRange, periodic_irr
from loans.finance.rates import time_value
from loans.tests.finance.published_rows import published

FUNCTIONS: dict[str, tuple[Callable[..., Decimal], dict[str, str]]] = {
    "fv": (time_value.future_value, {"rate": "rate", "nper": "periods", "pmt": "payment", "pv": "present"}),
    "pmt": (time_value.level_payment, {"rate": "rate", "nper": "periods", "pv": "present"}),
    "ipmt": (time_value.interest_part, {"rate": "rate", "per": "period", "nper": "periods", "pv": "present"}),
    "ppmt": (time_value.principal_part, {"rate": "rate", "per": "period", "nper": "periods", "pv": "present"}),
    "nper": (time_value.number_of_periods, {"rate": "rate", "pmt": "payment", "pv": "present", "fv": "future"}),
    "rate": (time_value.rate_per_period, {"nper": "periods", "pmt": "payment", "pv": "present", "fv": "future"}),
}


def argument(value: str | int) -> Decimal | int:
    if isinstance(value, int):
        return value
    over, _, under = value.partition("/")
    return Decimal(over) / Decimal(under) if under else Decimal(over)


def answer(row: dict[str, Any]) -> Decimal:
    arguments = dict(row["args"])
    if row["function"] == "irr":
        return periodic_irr([Decimal(str(value)) for value in arguments["values"]])
    function, names = FUNCTIONS[row["function"]]
    at_beginning = arguments.pop("when", "end") == "begin"
    return function(**{names[key]: argument(value) for key, value in arguments.items()}, at_beginning=at_beginning)


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row['function']} {row['args']}".replace("/", "_")) for row in published("tvm")]
)
def test_figure_is_the_published_one(row: dict[str, Any]) -> None:
    assert abs(answer(row) - Decimal(row["expected"])) <= Decimal(row["tolerance"])


def test_interest_and_principal_parts_make_up_the_payment() -> None:
    rate = Decimal("0.01")
    payment = time_value.level_payment(rate, 12, Decimal(10000))
    for period in range(1, 13):
        parts = time_value.interest_part(rate, period, 12, Decimal(10000)) + time_value.principal_part(
            rate, period, 12, Decimal(10000)
        )
        assert abs(parts - payment) < Decimal("1e-25")


def test_present_value_undoes_the_level_payment() -> None:
    payment = time_value.level_payment(Decimal("0.01"), 12, Decimal(10000), at_beginning=True)
    assert abs(time_value.present_value(Decimal("0.01"), 12, payment, at_beginning=True) - 10000) < Decimal("1e-25")


def test_level_payment_without_interest_is_an_equal_part() -> None:
    assert time_value.level_payment(Decimal(0), 12, Decimal(1200)) == -100


def test_number_of_periods_refuses_payments_that_never_suffice() -> None:
    with pytest.raises(NoRateInRange):
        time_value.number_of_periods(Decimal("0.01"), Decimal(-50), Decimal(10000))


def test_number_of_periods_without_interest_is_a_division() -> None:
    assert time_value.number_of_periods(Decimal(0), Decimal(-100), Decimal(1200)) == Fraction(12)

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2plending.lib.money import (
    AmountError,
    Rounding,
    currency_exponent,
    floor_percent_of,
    format_plain,
    parse_amount,
    percent_of,
    round_half_up,
    round_ratio,
    round_to_minor,
    split_by_ratio,
)

SPLITS = json.loads((Path(__file__).parent / "published_splits.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1234.5", 123450),
        ("1234,5", 123450),
        ("1,234.50", 123450),
        ("1.234,50", 123450),
        ("€1 234.50", 123450),
        ("1\u00a0234,50 €", 123450),
        ("1\u202f234.50", 123450),
        ("\u20091 234.50", 123450),
        ("1'234.50 CHF", 123450),
        ("EUR 5", 500),
        ("$ 5", 500),
        ("1,234", 123400),
        ("10,000", 1000000),
        ("1,234,567.8", 123456780),
        ("1.234.567", 123456700),
        ("0", 0),
        ("0.05", 5),
        (".5", 50),
        ("5.", 500),
        ("+5", 500),
        ("10000000000000.00", 10**15),
    ],
)
def test_amount_is_read_as_people_type_it(text: str, minor: int) -> None:
    assert parse_amount(text) == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \u00a0 ", "empty"),
        ("ten", "not_a_number"),
        ("€", "not_a_number"),
        ("1e30", "not_a_number"),
        ("NaN", "not_a_number"),
        ("--5", "not_a_number"),
        ("12 34", "not_a_number"),
        ("1,23,456", "not_a_number"),
        ("1.2.3", "not_a_number"),
        ("1,2,3.4", "not_a_number"),
        ("5 EUR 5", "not_a_number"),
        ("\u0661\u0662", "not_a_number"),
        ("<b>5</b>", "not_a_number"),
        ("1.005", "too_many_decimals"),
        ("1.234", "too_many_decimals"),
        ("0,123", "too_many_decimals"),
        ("1,2345", "too_many_decimals"),
        ("10000000000000.01", "too_large"),
        ("9" * 5000, "too_large"),
        ("-5", "negative"),
        ("\u22125.00", "negative"),
        ("-€5", "negative"),
        ("€-5", "negative"),
    ],
)
def test_text_that_is_no_amount_says_why(text: str, code: str) -> None:
    with pytest.raises(AmountError) as refusal:
        parse_amount(text)
    assert refusal.value.code == code


def test_decimals_follow_the_currency() -> None:
    assert parse_amount("1234", 0) == 1234
    assert parse_amount("1.234", 3) == 1234
    with pytest.raises(AmountError, match="too_many_decimals"):
        parse_amount("12.5", 0)
    assert [currency_exponent(code) for code in ("EUR", "jpy", "KWD", "CLF")] == [2, 0, 3, 4]


@pytest.mark.parametrize(
    ("minor", "exponent", "text"),
    [
        (123450, 2, "1234.50"),
        (5, 2, "0.05"),
        (0, 2, "0.00"),
        (-5, 2, "-0.05"),
        (-123450, 2, "-1234.50"),
        (1234, 0, "1234"),
        (1234, 3, "1.234"),
    ],
)
def test_plain_text_of_an_amount(minor: int, exponent: int, text: str) -> None:
    assert format_plain(minor, exponent) == text


@given(st.integers(0, 10**15), st.sampled_from([0, 2, 3, 4]))
def test_plain_text_reads_back_as_the_same_amount(minor: int, exponent: int) -> None:
    assert parse_amount(format_plain(minor, exponent), exponent) == minor


@pytest.mark.parametrize(
    ("exact", "half_up", "half_even", "up"),
    [
        ("0.5", 1, 0, 1),
        ("1.5", 2, 2, 2),
        ("2.5", 3, 2, 3),
        ("2.4999", 2, 2, 3),
        ("2.0001", 2, 2, 3),
        ("3", 3, 3, 3),
        ("-0.5", -1, 0, -1),
        ("-2.5", -3, -2, -3),
        ("-2.1", -2, -2, -3),
    ],
)
def test_rounding_is_what_it_is_called(exact: str, half_up: int, half_even: int, up: int) -> None:
    figure = Decimal(exact)
    assert round_half_up(figure) == half_up
    assert round_to_minor(figure, Rounding.HALF_EVEN) == half_even
    assert round_to_minor(Fraction(figure), Rounding.UP) == up


def test_rounding_refuses_a_denominator_that_is_not_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        round_ratio(1, 0)


def test_percent_of_an_amount() -> None:
    assert percent_of(88849, Decimal("0.05")) == 4442
    assert percent_of(1000000, Decimal("0.03")) == 30000
    assert floor_percent_of(3333, Decimal("0.05")) == 166
    assert floor_percent_of(19, Decimal("0.05")) == 0


def test_rounding_down_refuses_a_negative_amount() -> None:
    with pytest.raises(ValueError, match="not negative"):
        floor_percent_of(-1, Decimal("0.05"))


def whole_weights(row: dict[str, Any]) -> list[int]:
    return [int(Decimal(str(weight)).scaleb(2)) for weight in row["weights"]]


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row['amount']} by {row['weights']}") for row in SPLITS])
def test_split_is_the_published_one(row: dict[str, Any]) -> None:
    assert split_by_ratio(row["amount"], whole_weights(row)) == row["expected"]


def test_negative_amount_is_split_like_the_positive_one() -> None:
    assert split_by_ratio(-5, [1, 1]) == [-3, -2]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [-1, 5]])
def test_split_refuses_weights_that_mean_nothing(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split_by_ratio(100, weights)


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any),
)
def test_split_adds_up_and_stays_within_one_of_the_exact_share(amount: int, weights: list[int]) -> None:
    parts = split_by_ratio(amount, weights)
    total = sum(weights)
    assert sum(parts) == amount
    assert all(abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True))
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)

"""Money as integer minor units: the one home of rounding, splitting, reading and writing amounts.

An amount is an ``int`` of minor units (cents); a rate is a ``Decimal`` fraction (0.12 is 12 %). Nothing here
depends on Django, and nothing here or above it uses floats.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

# ISO 4217 minor unit digits of the active currencies that do not have two.
CURRENCY_EXPONENTS: dict[str, int] = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
    "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    "CLF": 4, "UYW": 4,
}  # fmt: skip
DEFAULT_EXPONENT = 2
LARGEST_AMOUNT = 10**15

_MINUS_SIGNS = "-\u2212\u2012\u2013"
_SPACES = re.compile(r"\s", re.UNICODE)
_DIGITS_AND_SEPARATORS = re.compile(r"[0-9][0-9.,' ]*|[.,][0-9]+", re.ASCII)
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,' ])[0-9]{3})(?:\1[0-9]{3})*", re.ASCII)


class Rounding(StrEnum):
    """How an exact figure becomes a whole number of minor units."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    UP = "up"


class AmountError(ValueError):
    """Text that is not an amount; ``code`` is one of empty, not_a_number, too_many_decimals, too_large, negative."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text[:40]!r}")
        self.code = code


def currency_exponent(currency: str) -> int:
    """Number of decimals of an ISO 4217 currency: EUR 2, JPY 0, KWD 3. Unlisted codes have two."""
    return CURRENCY_EXPONENTS.get(currency.upper(), DEFAULT_EXPONENT)


def round_ratio(numerator: int, denominator: int, rounding: Rounding = Rounding.HALF_UP) -> int:
    """Round the exact quotient ``numerator / denominator`` (denominator > 0) to a whole number.

    Negative figures are rounded as their absolute value is, so a refund mirrors the charge to the cent:
    round_ratio(5, 2) is 3 and round_ratio(-5, 2) is -3.
    """
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    if numerator < 0:
        return -round_ratio(-numerator, denominator, rounding)
    if rounding is Rounding.HALF_UP:
        return (2 * numerator + denominator) // (2 * denominator)
    whole, rest = divmod(numerator, denominator)
    if rounding is Rounding.UP:
        return whole + (rest > 0)
    if 2 * rest == denominator:
        return whole + (whole & 1)
    return whole + (2 * rest > denominator)


def round_to_minor(exact: Decimal | Fraction | int, rounding: Rounding = Rounding.HALF_UP) -> int:
    """Round an exact figure given in minor units to whole minor units, in the way that is named."""
    numerator, denominator = exact.as_integer_ratio()
    return round_ratio(numerator, denominator, rounding)


def round_half_up(exact: Decimal | Fraction | int) -> int:
    """Round to whole minor units, halves away from zero: 0.5 to 1, -0.5 to -1."""
    return round_to_minor(exact, Rounding.HALF_UP)


def percent_of(amount: int, rate: Decimal, rounding: Rounding = Rounding.HALF_UP) -> int:
    """``amount`` (minor units) times ``rate`` (fraction), rounded: 5 % of 888.49 is 44.42."""
    numerator, denominator = rate.as_integer_ratio()
    return round_ratio(amount * numerator, denominator, rounding)


def floor_percent_of(amount: int, rate: Decimal) -> int:
    """``amount`` (>= 0) times ``rate``, rounded down in the payer's favour: 5 % of 33.33 is 1.66."""
    if amount < 0:
        raise ValueError("floor_percent_of takes an amount that is not negative")
    numerator, denominator = rate.as_integer_ratio()
    return amount * numerator // denominator


def split_by_ratio(amount: int, weights: Sequence[int]) -> list[int]:
    """Split ``amount`` by ``weights`` so that the parts add up to it exactly (largest remainder, Hamilton's method).

    Everybody gets the floor of the exact share; the minor units left go to the largest fractions, ties in list
    order: 10.00 by [1, 1, 1] is 3.34, 3.33, 3.33. A negative amount is split by its absolute value and negated.
    Raises ValueError for no weights, a negative weight, or weights that add up to zero.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must not be empty or negative, and must not all be zero")
    if amount < 0:
        return [-part for part in split_by_ratio(-amount, weights)]
    parts: list[int] = []
    fractions: list[int] = []
    for weight in weights:
        part, fraction = divmod(amount * weight, total)
        parts.append(part)
        fractions.append(-fraction)
    missing = amount - sum(parts)
    if missing:
        # The sort is stable, so equal fractions keep the order of the list.
        for index in sorted(range(len(parts)), key=fractions.__getitem__)[:missing]:
            parts[index] += 1
    return parts


def parse_amount(text: str, exponent: int = DEFAULT_EXPONENT) -> int:
    """Read what a person typed as an amount: minor units, never negative.

    Takes ``1234.5``, ``1234,5``, ``1,234.50``, ``1.234,50``, ``€1 234.50`` and ``1'234.50 CHF``, with ordinary,
    no-break or thin spaces. A lone comma before exactly three digits separates thousands (``1,234`` is 1234); a
    lone dot is always the decimal point. Raises AmountError with a code that says what is wrong.
    """
    cleaned = _SPACES.sub(" ", text).strip()
    if not cleaned:
        raise AmountError("empty", text)
    cleaned, negative = _strip_currency_and_sign(cleaned)
    if not _DIGITS_AND_SEPARATORS.fullmatch(cleaned):
        raise AmountError("not_a_number", text)
    if negative:
        raise AmountError("negative", text)
    whole, decimals = _whole_and_decimals(cleaned, text)
    if len(decimals) > exponent:
        raise AmountError("too_many_decimals", text)
    digits = (whole + decimals.ljust(exponent, "0")).lstrip("0") or "0"
    # The length is looked at first: turning a huge run of digits into an int is costly.
    if len(digits) > len(str(LARGEST_AMOUNT)) or int(digits) > LARGEST_AMOUNT:
        raise AmountError("too_large", text)
    return int(digits)


def format_plain(minor: int, exponent: int = DEFAULT_EXPONENT) -> str:
    """Write minor units as a plain decimal string for files and the API: 123450 is ``1234.50``, -5 is ``-0.05``."""
    sign = "-" if minor < 0 else ""
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else f"{sign}{digits}"


def _strip_currency_and_sign(text: str) -> tuple[str, bool]:
    """Take one currency mark (symbol or three letters) off either end, and a leading minus or plus sign."""
    negative = False
    signed = marked = False
    while text:
        if not signed and (text[0] in _MINUS_SIGNS or text[0] == "+"):
            negative, signed, text = text[0] != "+", True, text[1:].lstrip()
        elif not marked and unicodedata.category(text[0]) == "Sc":
            marked, text = True, text[1:].lstrip()
        elif not marked and unicodedata.category(text[-1]) == "Sc":
            marked, text = True, text[:-1].rstrip()
        elif not marked and re.match(r"[A-Za-z]{3}(?![A-Za-z])", text):
            marked, text = True, text[3:].lstrip()
        elif not marked and re.search(r"(?<![A-Za-z])[A-Za-z]{3}$", text):
            marked, text = True, text[:-3].rstrip()
        else:
            break
    return text, negative


def _whole_and_decimals(number: str, text: str) -> tuple[str, str]:
    """Tell the thousands separators from the decimal one and give the two runs of digits."""
    last_separator = max(number.rfind("."), number.rfind(","))
    if last_separator < 0:
        return _ungroup(number, text), ""
    separator = number[last_separator]
    before, after = number[:last_separator], number[last_separator + 1 :]
    separates_thousands = number.count(separator) > 1 or (
        separator == "," and re.fullmatch(r"[1-9][0-9]{0,2}", before) and re.fullmatch(r"[0-9]{3}", after)
    )
    if separates_thousands:
        return _ungroup(number, text), ""
    if separator in before or not re.fullmatch(r"[0-9]*", after):
        raise AmountError("not_a_number", text)
    return _ungroup(before, text), after


def _ungroup(whole: str, text: str) -> str:
    if whole.isdigit() or not whole:
        return whole
    if not _GROUPED.fullmatch(whole):
        raise AmountError("not_a_number", text)
    return re.sub(r"[^0-9]", "", whole)

"""Text, money, rates and days at the API's edge: strings of one form outside; units, fractions and dates inside."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from p2plending.lib.money import AmountError, format_plain, parse_amount
from p2plending.lib.text import UnfitText, check_lines, check_one_line, normal_text, one_line

MESSAGES = {
    "empty": "Give an amount.",
    "not_a_number": "Give the amount as a decimal string, like 2400.00.",
    "too_many_decimals": "The amount has too many decimals.",
    "too_large": "The amount is too large.",
    "negative": "The amount must not be negative.",
}


# As in the schema, where `\d` is a digit of ASCII only.
AMOUNT = r"\d{1,13}(\.\d{1,4})?"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class OneLineSerializerField(serializers.CharField):
    """Text in one line, with nothing in it that can't be seen (`p2plending.lib.text`)."""

    check_text = staticmethod(check_one_line)

    def to_internal_value(self, data: Any) -> str:
        text = normal_text(super().to_internal_value(data))
        try:
            self.check_text(text)
        except UnfitText as error:
            raise serializers.ValidationError(error.words, code=error.code) from error
        return text


class OneLineEmailSerializerField(OneLineSerializerField, serializers.EmailField):
    """An e-mail address: the standard allows control characters in quotes, mail headers and people don't."""


class CodeSerializerField(OneLineSerializerField):
    """A code that people paste, like an account or phone number: what can't be seen is left out, not refused."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(one_line(data) if isinstance(data, str) else data)


class MultiLineSerializerField(OneLineSerializerField):
    """Text that may have line breaks, kept as newlines."""

    check_text = staticmethod(check_lines)


@extend_schema_field({"type": "string", "pattern": f"^{AMOUNT}$", "example": "1250.00"})
class MoneySerializerField(serializers.Field[int, str, str, Any]):
    """`"1250.00"` ⇄ 125000. Numbers are refused: a JSON float is no amount; and so is what only people can read."""

    default_error_messages = {
        **MESSAGES,
        "type": "Give the amount as a string.",
        "minimum": "The amount must be {minimum} or more.",
    }

    def __init__(self, *, minimum: int = 1, **kwargs: Any) -> None:
        self.minimum = minimum
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str):
            self.fail("type")
        try:
            amount = parse_amount(data, settings.CURRENCY_EXPONENT)
        except AmountError as error:
            self.fail(error.code)
        if not re.fullmatch(AMOUNT, data, re.ASCII):
            # Spaces, separators of thousands, a decimal comma: a program that sends them may mean another sum.
            self.fail("not_a_number")
        if amount < self.minimum:
            self.fail("minimum", minimum=format_plain(self.minimum, settings.CURRENCY_EXPONENT))
        return amount

    def to_representation(self, value: int) -> str:
        return format_plain(value, settings.CURRENCY_EXPONENT)


class DaySerializerField(serializers.DateField):
    """`"2026-01-31"` and no other way to write a day: no week dates, no digits of other scripts."""

    def to_internal_value(self, value: Any) -> dt.date:
        if not isinstance(value, str) or not DAY.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class RateSerializerField(serializers.DecimalField):
    """A yearly rate or a share as a fraction: `"0.120000"` is 12 %."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=9, decimal_places=6, **kwargs)


@extend_schema_field({"type": "string", "pattern": "^[A-Z]{3}$", "example": "EUR"})
class CurrencyField(serializers.ReadOnlyField):
    """The platform's currency, beside amounts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", **kwargs)

    def to_representation(self, value: Any) -> str:
        return settings.CURRENCY

"""Money and rates at the API's edge: decimal strings outside; integer minor units and fractions inside."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from p2plending.lib.money import AmountError, format_plain, parse_amount

MESSAGES = {
    "empty": "Give an amount.",
    "not_a_number": "Give the amount as a decimal string, like 2400.00.",
    "too_many_decimals": "The amount has too many decimals.",
    "too_large": "The amount is too large.",
    "negative": "The amount must not be negative.",
}


@extend_schema_field({"type": "string", "pattern": r"^\d{1,13}(\.\d{1,4})?$", "example": "1250.00"})
class MoneySerializerField(serializers.Field):
    """`"1250.00"` ⇄ 125000. Numbers are refused: a JSON float is no amount."""

    default_error_messages = MESSAGES | {
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
        if amount < self.minimum:
            self.fail("minimum", minimum=format_plain(self.minimum, settings.CURRENCY_EXPONENT))
        return amount

    def to_representation(self, value: int) -> str:
        return format_plain(value, settings.CURRENCY_EXPONENT)


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

"""How often a loan is paid, in words. Loaded everywhere, like `ui`."""

from __future__ import annotations

from typing import Any

from django import template

from p2plending.lib.formatting import format_length, format_period

register = template.Library()


def _period_of(source: Any) -> tuple[int, str]:
    terms = getattr(source, "frozen_terms", None)
    if terms:
        # A loan that was offered before products had the choice pays by the month.
        return terms.get("payment_every", 1), terms.get("payment_unit", "month")
    product = getattr(source, "product", source)
    return product.payment_every, product.payment_unit


@register.filter
def period(source: Any) -> str:
    """How often a loan, or a loan of a product, is paid: "a month", "every 2 weeks"."""
    return format_period(*_period_of(source))


@register.filter
def period_length(source: Any) -> str:
    """How long the time between two payments of a loan is: "a month", "2 weeks"."""
    return format_length(*_period_of(source))

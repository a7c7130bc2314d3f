"""Bands in place of exact figures: what strangers may know of a borrower."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from p2plending.lib.formatting import format_money, format_percent

INCOME_LIMITS = (1_500_00, 2_500_00, 4_000_00, 6_000_00)
DEBT_LIMITS = (Decimal("0.15"), Decimal("0.25"), Decimal("0.35"), Decimal("0.45"))


@dataclasses.dataclass(frozen=True, slots=True)
class BandedProfile:
    """A borrower as the marketplace shows them."""

    member_number: str
    region: str
    purpose: str
    income: str
    work: str
    work_length: str
    debts: str
    owns_home: bool
    is_income_verified: bool
    is_address_verified: bool
    loans_before: int
    loans_repaid: int
    worst_days_late: int
    # Kinds of documents that staff have checked, in words. Never the documents.
    documents_checked: list[str] = dataclasses.field(default_factory=list)


def income_band(amount: int | None) -> str:
    """Monthly income in minor units as a band: 3,120.00 is "€2,500 to €4,000"."""
    if amount is None:
        return ""
    return _band(amount, INCOME_LIMITS, lambda limit: format_money(limit, whole=True))


def debt_band(share: Decimal | None) -> str:
    """Debt payments over income (a fraction, the new payment included) as a band: 0.3628 is "35% to 45%"."""
    if share is None:
        return ""
    return _band(share, DEBT_LIMITS, lambda limit: format_percent(limit, 0))


def work_length_band(months: int | None) -> str:
    """How long in the present work."""
    if months is None:
        return ""
    if months < 6:
        return _("less than 6 months")
    if months < 24:
        return _("6 months to 2 years")
    if months < 60:
        return _("2 to 5 years")
    return _("5 years or more")


def _band(value: Any, limits: Sequence[Any], write: Callable[[Any], str]) -> str:
    below = [limit for limit in limits if limit <= value]
    above = [limit for limit in limits if limit > value]
    if not below:
        return _("below %(limit)s") % {"limit": write(above[0])}
    if not above:
        return _("%(limit)s or more") % {"limit": write(below[-1])}
    return _("%(low)s to %(high)s") % {"low": write(below[-1]), "high": write(above[0])}

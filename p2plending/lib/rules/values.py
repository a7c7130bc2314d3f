"""The business settings as services read them: typed, and all from one query."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

from constance.codecs import loads
from constance.models import Constance
from django.conf import settings


@dataclasses.dataclass(frozen=True, slots=True)
class PlatformRules:
    """The values at one moment. Amounts are minor units, shares are fractions."""

    min_commitment: int
    commitment_step: int
    loan_share_cap: Decimal
    lender_borrower_cap: int
    lender_total_cap: int
    borrower_total_cap: int
    max_active_loans: int
    dti_decline: Decimal
    dti_refer: Decimal
    disposable_multiple: Decimal
    auto_confirm_money: bool
    demo_days_ahead: int
    autoinvest_share: Decimal
    second_person_above: int
    deposit_second_person_above: int
    largest_amount: int
    books_closed_until: dt.date
    allow_cure: bool
    auto_default: bool


def platform_rules() -> PlatformRules:
    """All business settings as they are now, in one query."""
    values: dict[str, Any] = {name.lower(): default[0] for name, default in settings.CONSTANCE_CONFIG.items()}
    stored = Constance.objects.filter(key__in=settings.CONSTANCE_CONFIG).values_list("key", "value")
    values.update({key.lower(): loads(value) for key, value in stored if value})
    # Switched on by the demo: a real platform never takes somebody's word for money, whatever is stored.
    values["auto_confirm_money"] = values["auto_confirm_money"] and settings.DEMO_MODE
    return PlatformRules(**values)


def demo_days_ahead() -> int:
    """By how many days the date of the demo runs ahead, in one query."""
    stored = Constance.objects.filter(key="DEMO_DAYS_AHEAD").values_list("value", flat=True).first()
    days: Any = loads(stored) if stored else settings.CONSTANCE_CONFIG["DEMO_DAYS_AHEAD"][0]
    return int(days)

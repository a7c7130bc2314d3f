"""The frozen copy of a product on a loan: what was agreed stays as it was, whatever staff edit later."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from loans.finance import AllocationPart, DayCount, PrepaymentMode, ScheduleMethod, Terms
from loans.models import GradeTerms, LoanProduct
from p2plending.lib.money import Rounding

TERMS_VERSION = 2
_PLAIN_SINCE_VERSION_2 = (
    "withdrawal_days",
    "refunds_fee_on_withdrawal",
    "smooths_last_payment",
    "payment_multiple",
    "interest_free_periods",
    "principal_free_periods",
    "holiday_country",
)
# Loans frozen before products had the figure.
DEFAULT_COLLECTION_FEE_RATE = "0.25"


@dataclasses.dataclass(frozen=True, slots=True)
class LoanTerms:
    """Typed view of `Loan.frozen_terms`. Amounts are minor units, rates fractions, periods days."""

    product_code: str
    product_name: str
    grade: str
    min_amount: int
    schedule_method: ScheduleMethod
    day_count: DayCount
    rounding: Rounding
    origination_fee_rate: Decimal
    servicing_fee_rate: Decimal
    expected_loss_rate: Decimal
    allocation_order: tuple[AllocationPart, ...]
    extra_payment_mode: PrepaymentMode
    grace_days: int
    late_fee_fixed: int
    late_fee_rate: Decimal
    late_fee_cap: int | None
    late_fees_to_lenders: bool
    default_after_days: int
    collection_fee_rate: Decimal
    min_funding_rate: Decimal
    offer_days: int
    listing_days: int
    partial_offer_days: int
    signing_days: int
    # Since version 2; a loan offered before has what was the rule then.
    default_interest_rate: Decimal = Decimal(0)
    withdrawal_days: int = 0
    refunds_fee_on_withdrawal: bool = False
    smooths_last_payment: bool = False
    payment_multiple: int | None = None
    interest_free_periods: int = 0
    principal_free_periods: int = 0
    holiday_country: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LoanTerms:
        """Read what `frozen_terms` wrote. Raises KeyError for a loan that has no offer yet."""
        return cls(
            product_code=data["product_code"],
            product_name=data["product_name"],
            grade=data["grade"],
            min_amount=data["min_amount"],
            schedule_method=ScheduleMethod(data["schedule_method"]),
            day_count=DayCount(data["day_count"]),
            rounding=Rounding(data["rounding"]),
            origination_fee_rate=Decimal(data["origination_fee_rate"]),
            servicing_fee_rate=Decimal(data["servicing_fee_rate"]),
            expected_loss_rate=Decimal(data["expected_loss_rate"]),
            allocation_order=tuple(AllocationPart(part) for part in data["allocation_order"]),
            extra_payment_mode=PrepaymentMode(data["extra_payment_mode"]),
            grace_days=data["grace_days"],
            late_fee_fixed=data["late_fee_fixed"],
            late_fee_rate=Decimal(data["late_fee_rate"]),
            late_fee_cap=data["late_fee_cap"],
            late_fees_to_lenders=data["late_fees_to_lenders"],
            default_after_days=data["default_after_days"],
            collection_fee_rate=Decimal(data.get("collection_fee_rate", DEFAULT_COLLECTION_FEE_RATE)),
            min_funding_rate=Decimal(data["min_funding_rate"]),
            offer_days=data["offer_days"],
            listing_days=data["listing_days"],
            partial_offer_days=data["partial_offer_days"],
            signing_days=data["signing_days"],
            default_interest_rate=Decimal(data.get("default_interest_rate", 0)),
            **{name: data[name] for name in _PLAIN_SINCE_VERSION_2 if name in data},
        )


def schedule_terms(
    terms: LoanTerms,
    *,
    annual_rate: Decimal,
    principal: int,
    term_months: int,
    start_date: dt.date,
    due_day: int | None,
) -> Terms:
    """What a monthly schedule under these terms is built from. Raises InvalidTerms when there can be none."""
    return Terms(
        principal=principal,
        annual_rate=annual_rate,
        instalments=term_months,
        start_date=start_date,
        method=terms.schedule_method,
        day_count=terms.day_count,
        due_day=due_day,
        rounding=terms.rounding,
        smooth=terms.smooths_last_payment,
        multiple=terms.payment_multiple,
        interest_free_periods=min(terms.interest_free_periods, term_months),
        principal_free_periods=min(terms.principal_free_periods, term_months - 1),
    )


def frozen_terms(product: LoanProduct, grade_terms: GradeTerms) -> dict[str, Any]:
    """The JSON copy of product and grade that an offer freezes; read it with `LoanTerms.from_json`."""
    return {
        "version": TERMS_VERSION,
        "product_code": product.code,
        "product_name": product.name,
        "grade": grade_terms.grade,
        "min_amount": product.min_amount,
        "schedule_method": product.schedule_method,
        "day_count": _code(product.day_count),
        "rounding": _code(product.rounding),
        "origination_fee_rate": str(grade_terms.origination_fee_rate),
        "servicing_fee_rate": str(product.servicing_fee_rate),
        "expected_loss_rate": str(grade_terms.expected_loss_rate),
        "allocation_order": [part.strip() for part in product.allocation_order.split(",")],
        "extra_payment_mode": product.extra_payment_mode,
        "grace_days": product.grace_days,
        "late_fee_fixed": product.late_fee_fixed,
        "late_fee_rate": str(product.late_fee_rate),
        "late_fee_cap": product.late_fee_cap,
        "late_fees_to_lenders": product.late_fees_to_lenders,
        "default_after_days": product.default_after_days,
        "collection_fee_rate": str(product.collection_fee_rate),
        "min_funding_rate": str(product.min_funding_rate),
        "offer_days": product.offer_days,
        "listing_days": product.listing_days,
        "partial_offer_days": product.partial_offer_days,
        "signing_days": product.signing_days,
        "default_interest_rate": str(product.default_interest_rate),
        **{name: getattr(product, name) for name in _PLAIN_SINCE_VERSION_2},
    }


def _code(stored: str) -> str:
    # Staff see and store "30/360" and "half-up"; the maths names them 30_360 and half_up.
    return stored.replace("/", "_").replace("-", "_").lower()

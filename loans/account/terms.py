"""The frozen copy of a product on a loan: what was agreed stays as it was, whatever staff edit later."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from loans.enums.loan import ServicingMethod
from loans.finance import AllocationPart, DayCount, PeriodUnit, PrepaymentMode, ScheduleMethod, Terms
from loans.finance.enums import BondDayCount
from loans.finance.progressive import (
    AllocationWay,
    FutureInstalments,
    InterestRecalculation,
    LoanPart,
    PayoffInterest,
    ReplayTerms,
    order_of,
)
from loans.finance.restructure import PERIODS_A_YEAR, periods_in
from loans.models import GradeTerms, LoanProduct
from p2plending.lib.money import Rounding

TERMS_VERSION = 4
_PLAIN_SINCE_VERSION_2 = (
    "withdrawal_days",
    "refunds_fee_on_withdrawal",
    "smooths_last_payment",
    "payment_multiple",
    "interest_free_periods",
    "principal_free_periods",
    "holiday_country",
)
_PLAIN_SINCE_VERSION_3 = (
    "stops_default_interest",
    "payment_every",
    "payment_count",
    "overdue_bears_interest",
    "last_takes_level",
)
_PLAIN_SINCE_VERSION_4 = ("first_period_min_days",)
_PLAIN = (*_PLAIN_SINCE_VERSION_2, *_PLAIN_SINCE_VERSION_3, *_PLAIN_SINCE_VERSION_4)
_NAMED_SINCE_VERSION_3: dict[str, type[StrEnum] | type[ServicingMethod]] = {
    "payment_unit": PeriodUnit,
    "servicing_method": ServicingMethod,
    "interest_recalculation": InterestRecalculation,
    "payoff_interest": PayoffInterest,
    "payment_way": AllocationWay,
    "future_instalments": FutureInstalments,
}
DEFAULT_PART_ORDER = (LoanPart.PENALTY, LoanPart.FEE, LoanPart.INTEREST, LoanPart.PRINCIPAL)
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
    day_count: DayCount | BondDayCount
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
    # Since version 3.
    stops_default_interest: bool = True
    # `part_order` and what follows it are read for a progressive loan only.
    payment_every: int = 1
    payment_unit: PeriodUnit = PeriodUnit.MONTH
    payment_count: int | None = None
    servicing_method: ServicingMethod = ServicingMethod.PLAN
    part_order: tuple[LoanPart, ...] = DEFAULT_PART_ORDER
    interest_recalculation: InterestRecalculation = InterestRecalculation.NONE
    overdue_bears_interest: bool = True
    payoff_interest: PayoffInterest = PayoffInterest.TO_DATE
    payment_way: AllocationWay = AllocationWay.HORIZONTAL
    future_instalments: FutureInstalments = FutureInstalments.NEXT
    last_takes_level: bool = True
    # Since version 4; for every kind of plan, where the borrower chose a day of the month.
    first_period_min_days: int = 15

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LoanTerms:
        """Read what `frozen_terms` wrote. Raises KeyError for a loan that has no offer yet."""
        return cls(
            product_code=data["product_code"],
            product_name=data["product_name"],
            grade=data["grade"],
            min_amount=data["min_amount"],
            schedule_method=ScheduleMethod(data["schedule_method"]),
            day_count=_day_count(data["day_count"]),
            rounding=Rounding(data["rounding"]),
            origination_fee_rate=Decimal(data["origination_fee_rate"]),
            servicing_fee_rate=Decimal(data["servicing_fee_rate"]),
            expected_loss_rate=Decimal(data["expected_loss_rate"]),
            allocation_order=_allocation_order(data["allocation_order"]),
            part_order=_part_order(data["allocation_order"]),
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
            **_later_terms(data),
        )

    @property
    def is_progressive(self) -> bool:
        """Whether the schedule of a new loan under these terms is progressive."""
        return self.servicing_method == ServicingMethod.PROGRESSIVE

    def payments_in(self, term_months: int) -> int:
        """How many payments a loan of that many months has: the whole periods in them, at least one.

        A year has 12 months, 52 weeks or 365 days; a product with a number of payments of its own always has that.
        """
        if self.payment_count:
            return self.payment_count
        return periods_in(term_months, self.payment_every, self.payment_unit)


def monthly_amount(product: LoanProduct, payment: int) -> int:
    """What a payment of the product takes in a month, in minor units, rounded up: weekly ones take 52/12 of it."""
    a_year = PERIODS_A_YEAR[PeriodUnit(product.payment_unit)]
    return -(-payment * a_year // (12 * product.payment_every))


def schedule_terms(
    terms: LoanTerms,
    *,
    annual_rate: Decimal,
    principal: int,
    term_months: int,
    start_date: dt.date,
    due_day: int | None,
) -> Terms:
    """What a schedule under these terms is built from. Raises InvalidTerms when there can be none.

    The borrower's due day counts where payments are by the month.
    """
    payments = terms.payments_in(term_months)
    return Terms(
        principal=principal,
        annual_rate=annual_rate,
        instalments=payments,
        start_date=start_date,
        method=terms.schedule_method,
        day_count=terms.day_count,
        every=terms.payment_every,
        unit=terms.payment_unit,
        due_day=due_day if terms.payment_unit is PeriodUnit.MONTH else None,
        first_period_min_days=terms.first_period_min_days,
        rounding=terms.rounding,
        smooth=terms.smooths_last_payment,
        multiple=terms.payment_multiple,
        interest_free_periods=min(terms.interest_free_periods, payments),
        principal_free_periods=min(terms.principal_free_periods, payments - 1),
    )


def replay_terms(terms: LoanTerms, schedule: Terms) -> ReplayTerms:
    """The rules by which the plan of a progressive loan follows the money. Raises InvalidTerms."""
    return ReplayTerms(
        schedule=schedule,
        recalculation=terms.interest_recalculation,
        overdue_principal_bears_interest=terms.overdue_bears_interest,
        payoff_interest=terms.payoff_interest,
        order=order_of(*terms.part_order),
        way=terms.payment_way,
        future_instalments=terms.future_instalments,
        last_takes_level=terms.last_takes_level,
        # What a payment has too much goes to the borrower's wallet with it.
        keeps_surplus=False,
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
        **{name: getattr(product, name) for name in _PLAIN},
        **{name: getattr(product, name) for name in _NAMED_SINCE_VERSION_3},
    }


def _later_terms(data: Mapping[str, Any]) -> dict[str, Any]:
    """What loans frozen before it came have no value for."""
    plain = {name: data[name] for name in _PLAIN if name in data}
    return plain | {name: kind(data[name]) for name, kind in _NAMED_SINCE_VERSION_3.items() if name in data}


def _code(stored: str) -> str:
    # Staff see and store "30/360" and "half-up"; the maths names them 30_360 and half_up.
    return stored.replace("/", "_").replace("-", "_").lower()


def _day_count(code: str) -> DayCount | BondDayCount:
    return DayCount(code) if code in set(DayCount) else BondDayCount(code)


def _part_order(names: Sequence[str]) -> tuple[LoanPart, ...]:
    """Fees of both kinds stand where a product of a fixed plan has its late fee."""
    parts: list[LoanPart] = []
    for name in names:
        parts += [LoanPart.PENALTY, LoanPart.FEE] if name == AllocationPart.LATE_FEE else [LoanPart(name)]
    return tuple(parts)


def _allocation_order(names: Sequence[str]) -> tuple[AllocationPart, ...]:
    """The order by three parts; a fee or penalty is a late fee in it, where the first of them stands."""
    charges = (LoanPart.PENALTY, LoanPart.FEE)
    return tuple(dict.fromkeys(AllocationPart.LATE_FEE if name in charges else AllocationPart(name) for name in names))

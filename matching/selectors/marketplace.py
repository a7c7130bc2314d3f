"""The market: open loans, filtered, sorted and counted, in a number of queries that does not grow with the list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.fields import DecimalField
from django.db.models.functions import Coalesce

from accounts.models import User
from loans.enums.loan import Grade, LoanStatus, Purpose
from loans.models import Loan
from matching.selectors.positions import held_commitments
from p2plending.lib.errors import required
from p2plending.lib.models import MoneyField

TERM_BANDS: dict[str, tuple[int, int]] = {"1": (1, 12), "2": (13, 36), "3": (37, 600)}
HISTORIES = ("first", "repeat")
ENDS_DAYS = ("1", "3", "7")
NEW_DAYS = 7
ENDING_SOON_DAYS = 2

SORTS: dict[str, tuple[Any, ...]] = {
    "closing": ("listing_ends_on", "pk"),
    "newest": ("-listed_at", "-pk"),
    "net": ("-net_order", "pk"),
    "risk": ("expected_loss_rate", "pk"),
    "funded": ("-funded_order", "pk"),
}
DEFAULT_SORT = "closing"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a visitor asks of the market; empty means any. Amounts in minor units, rates fractions, days from today."""

    grades: tuple[str, ...] = ()
    rate_min: Decimal | None = None
    rate_max: Decimal | None = None
    terms: tuple[str, ...] = ()
    purpose: str = ""
    amount_min: int | None = None
    amount_max: int | None = None
    needed_min: int | None = None
    history: str = ""
    ends_within: int | None = None
    is_new: bool = False
    hide_mine: bool = False

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the filters that are set."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) not in ((), None, "", False))


@dataclass(frozen=True, slots=True)
class MarketCounts:
    """How many loans are open and match, what they still need, and how many match when one filter is dropped."""

    open_loans: int
    needed: int
    matching: int
    by_grade: dict[str, int]
    by_term: dict[str, int]
    by_purpose: dict[str, int]
    by_history: dict[str, int]
    by_days: dict[str, int]
    mine: int
    careful: int
    new: int
    fitting: int
    without: dict[str, int]

    @property
    def tightest(self) -> str:
        """The filter whose removal brings most loans back, empty when none does."""
        name = max(self.without, key=lambda one: self.without[one], default="")
        return name if name and self.without[name] else ""


def open_loans(today: dt.date, viewer: User | None = None) -> QuerySet[Loan]:
    """Loans that lenders can fund today, with what lists show: `is_repeat` and, for a lender, `my_amount`."""
    earlier = Loan.objects.filter(borrower_id=OuterRef("borrower_id"), status__in=LoanStatus.disbursed())
    mine: Any = Value(0, output_field=MoneyField())
    if viewer is not None and viewer.is_authenticated and viewer.is_lender:
        own = held_commitments().filter(loan=OuterRef("pk"), lender=viewer).order_by().values("loan")
        mine = Coalesce(Subquery(own.annotate(sum=Sum("amount")).values("sum")), mine)
    return Loan.objects.filter(status=LoanStatus.LISTED, listing_ends_on__gte=today, is_frozen=False).annotate(
        is_repeat=Exists(earlier), my_amount=mine
    )


def matching_loans(loans: QuerySet[Loan], filters: Filters, today: dt.date, sort: str = DEFAULT_SORT) -> QuerySet[Loan]:
    """Those of `loans` that pass every filter, in the order asked for."""
    return (
        loans.filter(_all_of(_conditions(filters, today)))
        .annotate(
            net_order=ExpressionWrapper(
                F("annual_rate") * (Value(Decimal(1)) - F("servicing_fee_rate")) - F("expected_loss_rate"),
                output_field=DecimalField(max_digits=12, decimal_places=8),
            ),
            # Ten-thousandths in whole numbers, because databases differ in how they divide those.
            funded_order=ExpressionWrapper(F("funded_amount") * 10_000 / F("principal"), output_field=MoneyField()),
        )
        .order_by(*SORTS[sort])
    )


def market_counts(
    loans: QuerySet[Loan], filters: Filters, today: dt.date, fitting_grades: tuple[str, ...] = ()
) -> MarketCounts:
    """Every count that the page shows, in one query."""
    conditions = _conditions(filters, today)
    counts: dict[str, Q] = {"matching": _all_of(conditions)}
    counts |= {f"grade_{letter}": Q(grade=letter) for letter in Grade.values}
    counts |= {f"term_{band}": _term_condition((band,)) for band in TERM_BANDS}
    counts |= {f"purpose_{purpose}": Q(purpose=purpose) for purpose in Purpose.values}
    counts |= {f"history_{history}": _history_condition(history) for history in HISTORIES}
    counts |= {f"days_{days}": _ends_condition(today, int(days)) for days in ENDS_DAYS}
    counts["mine"] = Q(my_amount__gt=0)
    counts["careful"] = Q(grade__in=("A", "B"), term_months__lte=TERM_BANDS["2"][1])
    counts["new"] = _new_condition(today)
    if fitting_grades:
        # A condition that can't hold ("in nothing") would empty every other count of the query with it.
        counts["fitting"] = Q(grade__in=fitting_grades)
    for name in conditions:
        counts[f"without_{name}"] = _all_of({other: q for other, q in conditions.items() if other != name})
    found = loans.order_by().aggregate(
        open_loans=Count("pk"),
        needed=Coalesce(Sum(F("principal") - F("funded_amount")), Value(0), output_field=MoneyField()),
        **{name: Count("pk", filter=condition) if condition else Count("pk") for name, condition in counts.items()},
    )
    return MarketCounts(
        open_loans=found["open_loans"],
        needed=int(found["needed"]),
        matching=found["matching"],
        by_grade={letter: found[f"grade_{letter}"] for letter in Grade.values},
        by_term={band: found[f"term_{band}"] for band in TERM_BANDS},
        by_purpose={purpose: found[f"purpose_{purpose}"] for purpose in Purpose.values},
        by_history={history: found[f"history_{history}"] for history in HISTORIES},
        by_days={days: found[f"days_{days}"] for days in ENDS_DAYS},
        mine=found["mine"],
        careful=found["careful"],
        new=found["new"],
        fitting=found.get("fitting", 0),
        without={name: found[f"without_{name}"] for name in conditions},
    )


def similar_loans(loan: Loan, viewer: User, today: dt.date, count: int = 3) -> list[Loan]:
    """Open loans nearest to this one: the same grade first, then the nearest rate."""
    others = open_loans(today, viewer).exclude(pk=loan.pk).exclude(borrower=viewer)
    gap = ExpressionWrapper(
        (F("annual_rate") - Value(loan.annual_rate)) * (F("annual_rate") - Value(loan.annual_rate)),
        output_field=DecimalField(max_digits=18, decimal_places=12),
    )
    same = ExpressionWrapper(Q(grade=loan.grade), output_field=BooleanField())
    return list(others.annotate(gap=gap, same=same).order_by("-same", "gap", "pk")[:count])


def _all_of(conditions: dict[str, Q]) -> Q:
    wanted = Q()
    for condition in conditions.values():
        wanted &= condition
    return wanted


def _conditions(filters: Filters, today: dt.date) -> dict[str, Q]:
    """A condition for every filter that is set."""
    build = {
        "grades": lambda: Q(grade__in=filters.grades),
        "rate_min": lambda: Q(annual_rate__gte=filters.rate_min),
        "rate_max": lambda: Q(annual_rate__lte=filters.rate_max),
        "terms": lambda: _term_condition(filters.terms),
        "purpose": lambda: Q(purpose=filters.purpose),
        "amount_min": lambda: Q(principal__gte=filters.amount_min),
        "amount_max": lambda: Q(principal__lte=filters.amount_max),
        "needed_min": lambda: Q(principal__gte=F("funded_amount") + filters.needed_min),
        "history": lambda: _history_condition(filters.history),
        "ends_within": lambda: _ends_condition(today, required(filters.ends_within, "ends_within")),
        "is_new": lambda: _new_condition(today),
        "hide_mine": lambda: Q(my_amount=0),
    }
    return {name: build[name]() for name in filters.active}


def _term_condition(bands: tuple[str, ...]) -> Q:
    wanted = Q()
    for band in bands:
        low, high = TERM_BANDS[band]
        wanted |= Q(term_months__range=(low, high))
    return wanted


def _history_condition(history: str) -> Q:
    return Q(is_repeat=history == "repeat")


def _ends_condition(today: dt.date, days: int) -> Q:
    return Q(listing_ends_on__lte=today + dt.timedelta(days=days))


def _new_condition(today: dt.date) -> Q:
    return Q(listed_on__gt=today - dt.timedelta(days=NEW_DAYS))


@dataclass(frozen=True, slots=True)
class QuietMarket:
    """Why nothing is open: when the last loan was listed (None: never), and how many requests are being checked."""

    last_listed_on: dt.date | None
    being_checked: int


def quiet_market() -> QuietMarket:
    """What a visitor of an empty market may know. One query."""
    found = Loan.objects.aggregate(
        last=Max("listed_on"), checked=Count("pk", filter=Q(status__in=LoanStatus.before_listing()))
    )
    return QuietMarket(found["last"], found["checked"])

"""What everybody may know of the platform's record: volume, on-time share, losses, by grade. Set-based, no names."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum

from loans.enums.loan import Grade, InstalmentStatus, LoanStatus, RepaymentStatus
from loans.models import Instalment, Loan, LoanLoss, Recovery, Repayment

SMALLEST_GROUP = 5
YEAR = dt.timedelta(days=365)
MEANINGFUL_AFTER = dt.timedelta(days=180)


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """A group of loans that were paid out. Amounts in minor units.

    `payments_due` counts payments whose date has passed while the loan was being paid back, `payments_on_time` those
    settled by their date. `lost` is principal that was written off, `lost_last_year` the part of the
    last 365 days.
    """

    loans: int = 0
    lent: int = 0
    outstanding: int = 0
    repaid_loans: int = 0
    late_loans: int = 0
    payments_due: int = 0
    payments_on_time: int = 0
    interest_received: int = 0
    servicing_fees: int = 0
    lost: int = 0
    lost_last_year: int = 0

    @property
    def is_large_enough(self) -> bool:
        """Whether the group may be shown without telling about a person."""
        return self.loans >= SMALLEST_GROUP

    @property
    def on_time_share(self) -> Decimal | None:
        """Payments settled by their date over payments that fell due, as a fraction; None before the first."""
        return Decimal(self.payments_on_time) / self.payments_due if self.payments_due else None

    @property
    def lost_share(self) -> Decimal | None:
        """Principal written off over principal lent, as a fraction; None before the first loan."""
        return Decimal(self.lost) / self.lent if self.lent else None


@dataclasses.dataclass(frozen=True, slots=True)
class PlatformFigures:
    """The whole record at a date, by grade, by month of the last year, and what lenders earned on average.

    `net_return` is a fraction a year over the last 365 days, None while the platform is younger than half a year.
    """

    as_of: dt.date
    total: Record
    by_grade: dict[str, Record]
    lent_by_month: list[tuple[dt.date, int]]
    net_return: Decimal | None


def platform_figures(today: dt.date) -> PlatformFigures:
    """The public figures of all loans that were paid out. Seven queries, whatever the number of loans."""
    sums: dict[str, dict[str, int]] = defaultdict(dict)
    for rows in (_loans_by_grade(), _payments_by_grade(today), _income_by_grade()):
        for row in rows:
            figures = {name: value or 0 for name, value in row.items() if name != "by_grade"}
            sums[row["by_grade"]].update(figures)
    by_grade = {grade: Record(**sums[grade]) for grade in Grade.values}
    names = [field.name for field in dataclasses.fields(Record)]
    total = Record(**{name: sum(getattr(record, name) for record in by_grade.values()) for name in names})
    lent, repaid, gains = _flows_by_day()
    return PlatformFigures(
        as_of=today,
        total=total,
        by_grade=by_grade,
        lent_by_month=_by_month(lent, today),
        net_return=net_return(lent, repaid, gains, total.lost_last_year, today),
    )


def net_return(
    lent: Mapping[dt.date, int],
    repaid: Mapping[dt.date, int],
    gains: Mapping[dt.date, int],
    lost: int,
    today: dt.date,
) -> Decimal | None:
    """(gains less losses of the last 365 days) over the average principal lent in them, as a fraction a year.

    Flows in minor units by day; `gains` is interest less servicing fees, and what came back after a loss less the
    collection fee; `repaid` is principal that left the loans, paid or lost. 1,000.00 lent for a whole year that brought
    95.00 returns 0.095. None when the first loan is younger than half a year, because the figure would say nothing.
    """
    if not lent or today - min(lent) < MEANINGFUL_AFTER:
        return None
    start = today - YEAR
    balance_days = _balance_days(lent, start, today) - _balance_days(repaid, start, today)
    gained = sum(amount for day, amount in gains.items() if start < day <= today)
    return Decimal(gained - lost) * YEAR.days / balance_days if balance_days > 0 else None


def _balance_days(flows: Mapping[dt.date, int], start: dt.date, today: dt.date) -> int:
    return sum(amount * (today - max(day, start)).days for day, amount in flows.items() if day <= today)


def _by_month(lent: Mapping[dt.date, int], today: dt.date) -> list[tuple[dt.date, int]]:
    """Lent in each of the last twelve months, oldest first; months without a loan are zero."""
    last = today.year * 12 + today.month - 1
    months = {dt.date(month // 12, month % 12 + 1, 1): 0 for month in range(last - 11, last + 1)}
    for day, amount in lent.items():
        if day.replace(day=1) in months:
            months[day.replace(day=1)] += amount
    return list(months.items())


def _loans_by_grade() -> Sequence[Mapping[str, Any]]:
    disbursed = Loan.objects.filter(status__in=LoanStatus.disbursed()).order_by()
    return list(
        disbursed.values(by_grade=F("grade")).annotate(
            loans=Count("pk"),
            lent=Sum("principal"),
            outstanding=Sum("principal_outstanding"),
            repaid_loans=Count("pk", filter=Q(status=LoanStatus.REPAID)),
            late_loans=Count("pk", filter=Q(status__in=LoanStatus.owing(), days_past_due__gt=0)),
        )
    )


def _payments_by_grade(today: dt.date) -> Sequence[Mapping[str, Any]]:
    rows = Instalment.objects.filter(loan__status__in=LoanStatus.disbursed()).order_by()
    rows = rows.exclude(status=InstalmentStatus.SUPERSEDED)
    # Nothing falls due any more once a loan is repaid or given up.
    due = Q(due_date__lt=today) & (Q(loan__closed_on__isnull=True) | Q(due_date__lte=F("loan__closed_on")))
    return list(
        rows.values(by_grade=F("loan__grade")).annotate(
            payments_due=Count("pk", filter=due),
            payments_on_time=Count("pk", filter=due & Q(settled_on__lte=F("due_date"))),
            lost=Sum("principal_removed"),
            lost_last_year=Sum("principal_removed", filter=Q(loan__closed_on__gt=today - YEAR)),
        )
    )


def _income_by_grade() -> Sequence[Mapping[str, Any]]:
    confirmed = Repayment.objects.filter(status=RepaymentStatus.CONFIRMED).order_by()
    return list(
        confirmed.values(by_grade=F("loan__grade")).annotate(
            interest_received=Sum("interest"), servicing_fees=Sum("servicing_fee")
        )
    )


def _flows_by_day() -> tuple[dict[dt.date, int], dict[dt.date, int], dict[dt.date, int]]:
    """Principal lent, principal paid back or lost, and what lenders gained (see `net_return`), by day."""
    paid_out = Loan.objects.filter(disbursed_on__isnull=False).order_by()
    lent = dict(paid_out.values_list("disbursed_on").annotate(Sum("principal")))
    confirmed = Repayment.objects.filter(status=RepaymentStatus.CONFIRMED).order_by()
    gain = Sum(F("interest") - F("servicing_fee"))
    repaid: Counter[dt.date] = Counter()
    gains: Counter[dt.date] = Counter()
    for day, principal, gained in confirmed.values_list("value_date").annotate(repaid=Sum("principal"), gain=gain):
        repaid[day] += principal
        gains[day] += gained
    lost = LoanLoss.objects.filter(undone_on__isnull=True).order_by()
    repaid.update(dict(lost.values_list("lost_on").annotate(Sum("principal"))))
    recovered = Recovery.objects.filter(undone_on__isnull=True).order_by()
    gains.update(dict(recovered.values_list("value_date").annotate(gain=Sum(F("amount") - F("fee")))))
    return lent, repaid, gains

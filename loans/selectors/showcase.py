"""What a visitor is shown of real loans, in pictures: results by month, and one loan with its lenders. No names."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable

from django.db.models import Count, F, Sum

from loans.enums.loan import LoanStatus, RepaymentStatus
from loans.models import Instalment, Loan, Note, Repayment
from loans.selectors.statistics import SMALLEST_GROUP

MONTHS = 12


@dataclasses.dataclass(frozen=True, slots=True)
class MonthResult:
    """What all lenders together received and lost in one month, in minor units.

    `earned` is interest less servicing fees, `lost` the principal of loans that ended in it with a loss.
    """

    month: dt.date
    earned: int
    lost: int


@dataclasses.dataclass(frozen=True, slots=True)
class SharedLoan:
    """One loan that is being paid back, with the parts (minor units, largest first) that its lenders hold."""

    loan: Loan
    parts: list[int]


def monthly_results(today: dt.date) -> list[MonthResult]:
    """The last twelve months, oldest first. Two queries."""
    first = _months_before(today, MONTHS - 1)
    paid = Repayment.objects.filter(status=RepaymentStatus.CONFIRMED, value_date__gte=first).order_by()
    earned = _by_month(paid.values_list("value_date").annotate(total=Sum(F("interest") - F("servicing_fee"))))
    ended = Instalment.objects.filter(principal_removed__gt=0, loan__closed_on__gte=first).order_by()
    lost = _by_month(ended.values_list("loan__closed_on").annotate(Sum("principal_removed")))
    months = [_months_before(today, back) for back in range(MONTHS - 1, -1, -1)]
    return [MonthResult(month, earned.get(month, 0), lost.get(month, 0)) for month in months]


def shared_loan() -> SharedLoan | None:
    """The newest running loan that is on time and has many lenders; None while there is none. Two queries.

    Loans of few lenders are not drawn: who lent could be guessed.
    """
    running = Loan.objects.filter(status=LoanStatus.ACTIVE, days_past_due=0, lender_count__gte=SMALLEST_GROUP)
    loan = running.order_by("-disbursed_on", "-pk").first()
    if loan is None:
        return None
    held = Note.objects.filter(loan=loan).order_by().values_list("owner").annotate(Sum("principal"), Count("pk"))
    return SharedLoan(loan, sorted((amount for _owner, amount, _count in held), reverse=True))


def _months_before(day: dt.date, months: int) -> dt.date:
    number = day.year * 12 + day.month - 1 - months
    return dt.date(number // 12, number % 12 + 1, 1)


def _by_month(rows: Iterable[tuple[dt.date, int]]) -> dict[dt.date, int]:
    sums: dict[dt.date, int] = {}
    for day, amount in rows:
        month = day.replace(day=1)
        sums[month] = sums.get(month, 0) + amount
    return sums

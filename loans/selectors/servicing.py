"""Reads of loans that are being paid back. Figures are as the calendar makes them, whether or not it has run yet."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from typing import Any

from django.db.models import F, QuerySet, Sum
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from loans.account.accrual import LateFee, late_fee_day, oldest_unpaid_due_date, pauses_of, servicing_columns
from loans.account.bring_forward import brought_forward
from loans.account.state import instalment_states, live_instalments
from loans.account.terms import LoanTerms
from loans.account.unapplied_funds import left_to_pay
from loans.enums.loan import InstalmentStatus, LoanStatus, RepaymentStatus
from loans.finance import PayoffFigure, payoff
from loans.models import EndOfDayFailure, Instalment, Loan, Repayment, ScheduleVersion
from loans.selectors.charges import charges_of
from loans.wording.schedule import schedule_wording
from p2plending.lib.charts import balance_line, payment_dots
from p2plending.lib.errors import required
from p2plending.lib.formatting import format_day, format_money

ROWS_BEFORE_NEXT = 3
ROWS_SHOWN = 7


@dataclasses.dataclass(frozen=True, slots=True)
class PlanLine:
    """One payment of the plan as pages show it: what it asks for without what was waived, in minor units.

    `left` is the principal left after it, less what was paid in advance on payments after it.
    """

    row: Instalment
    position: int
    state: str
    left: int
    is_next: bool

    @property
    def principal(self) -> int:
        return self.row.principal_due - self.row.principal_removed

    @property
    def interest(self) -> int:
        return self.row.interest_due - self.row.interest_removed

    @property
    def charges(self) -> int:
        return self.row.late_fee_due - self.row.late_fee_removed

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.charges

    @property
    def paid_total(self) -> int:
        return self.row.principal_paid + self.row.interest_paid + self.row.late_fee_paid


@dataclasses.dataclass(frozen=True, slots=True)
class AmountsDue:
    """What a borrower may pay today, in minor units: the parts of what is late or due, and of the payment after it.

    Money paid ahead covers payments to come: `following` is what it leaves to pay of the first that it does not cover,
    `covered` what it pays of that one, and `covered_to` the due date of the last one that it covers whole.
    """

    late: int
    due: int
    principal: int
    interest: int
    late_fee: int
    following: int
    following_on: dt.date | None
    covered: int = 0
    covered_to: dt.date | None = None

    @property
    def next_payment(self) -> int:
        """All that is due by today, or, when nothing is, the next payment."""
        return self.due or self.following


def repayment_of(loan: Loan, reference: str) -> Repayment | None:
    """One payment of the loan, with its entry."""
    return loan.repayments.select_related("entry", "loan").filter(reference=reference).first()


def repayments_of(loan: Loan) -> list[Repayment]:
    """All payments of a loan, newest first."""
    return list(Repayment.objects.filter(loan=loan).select_related("entry").order_by("-pk"))


def instalments_on(loan: Loan, today: dt.date) -> list[Instalment]:
    """The live instalments as they stand on `today`, not saved."""
    return standing_on(loan, today).rows


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """A loan as it stands on a day: its live instalments, not saved, and what it keeps of money paid ahead."""

    rows: list[Instalment]
    credit: int


def standing_on(loan: Loan, today: dt.date) -> Standing:
    """The loan as the calendar makes it by `today`, whether or not it has run yet."""
    rows = live_instalments(loan)
    if loan.status not in LoanStatus.owing():
        return Standing(rows, 0)
    return Standing(rows, brought_forward(loan, LoanTerms.from_json(loan.frozen_terms), rows, today).credit)


def payoff_figure(loan: Loan, on: dt.date) -> PayoffFigure:
    """What closes the loan on a day from today on, and the interest that this saves."""
    return payoff_of(standing_on(loan, on), on)


def payoff_of(standing: Standing, on: dt.date) -> PayoffFigure:
    """The same, of a loan that stands so on that day."""
    return payoff(instalment_states(standing.rows), on, standing.credit)


def amounts_due(standing: Standing, today: dt.date) -> AmountsDue:
    """What is late, due and next on a loan that stands so on `today`."""
    due = [row for row in standing.rows if row.due_date <= today and row.total_unpaid]
    ahead = left_to_pay([row for row in standing.rows if row.due_date > today], standing.credit)
    whole = [row for row, left in ahead if not left]
    following, left = next(((row, left) for row, left in ahead if left), (None, 0))
    shown = due or ([following] if following else [])
    return AmountsDue(
        late=sum(row.total_unpaid for row in due if row.due_date < today),
        due=sum(row.total_unpaid for row in due),
        principal=sum(row.principal_unpaid for row in shown),
        interest=sum(row.interest_unpaid for row in shown),
        late_fee=sum(row.late_fee_unpaid for row in shown),
        following=left,
        following_on=following.due_date if following else None,
        covered=following.total_unpaid - left if following else 0,
        covered_to=whole[-1].due_date if whole else None,
    )


def plan_lines(loan: Loan, rows: list[Instalment], today: dt.date) -> list[PlanLine]:
    """The plan line by line: state in the words of `badges.instalment_badge`, and the principal left after each."""
    following = next((row for row in rows if row.total_unpaid), None)
    lefts = _principal_left(rows, today)[1:]
    return [
        PlanLine(row, position, _state(row, today, row is following), left, row is following)
        for position, (row, left) in enumerate(zip(rows, lefts, strict=True), start=1)
    ]


def payment_plan(loan: Loan, today: dt.date) -> list[PlanLine]:
    """The plan that holds now, with what happened on it."""
    return plan_lines(loan, instalments_on(loan, today), today)


def earlier_plans(loan: Loan) -> list[tuple[ScheduleVersion, list[Instalment]]]:
    """Plans that were replaced, newest first, each with the instalments that it lost."""
    rows: dict[int, list[Instalment]] = {}
    for row in Instalment.objects.filter(loan=loan, status=InstalmentStatus.SUPERSEDED).order_by("number"):
        rows.setdefault(row.schedule_version, []).append(row)
    versions = ScheduleVersion.objects.filter(loan=loan, number__in=rows).order_by("-number")
    return [(version, rows[version.number]) for version in versions]


def schedule_versions(loan: Loan) -> list[ScheduleVersion]:
    """Every agreed plan, oldest first."""
    return list(ScheduleVersion.objects.filter(loan=loan).order_by("number"))


def paid_totals(loan: Loan) -> dict[str, int]:
    """What the borrower has paid on the loan, in parts; surplus that came back is not counted."""
    sums = Repayment.objects.filter(loan=loan, status=RepaymentStatus.CONFIRMED).aggregate(
        principal=Sum("principal"), interest=Sum("interest"), late_fee=Sum("late_fee")
    )
    parts = {name: amount or 0 for name, amount in sums.items()}
    return parts | {"total": sum(parts.values())}


def balance_series(loan: Loan, rows: list[Instalment], today: dt.date) -> tuple[list[int], int, list[dt.date]]:
    """Principal owed after each line of the plan, the index of today in it, and the days of the points."""
    points = _principal_left(rows, today)
    points[0] = sum(row.principal_due - row.principal_removed for row in rows)
    days = [required(loan.disbursed_on, "disbursed_on"), *(row.due_date for row in rows)]
    # Money in advance may have paid the last ones: today lies before the first that is not paid.
    paid = next((number for number, row in enumerate(rows) if row.total_unpaid), len(rows))
    # A payment in parts lies between two lines of the plan: today's point is what is really owed.
    points[paid] = sum(row.principal_unpaid for row in rows)
    return points, paid, days


def repaying_context(loan: Loan, today: dt.date) -> dict[str, Any]:
    """Everything that `loans/servicing/_repaying.html` shows."""
    standing = standing_on(loan, today)
    rows, terms = standing.rows, LoanTerms.from_json(loan.frozen_terms)
    columns = servicing_columns(loan, rows, terms, today, credit=standing.credit)
    lines = plan_lines(loan, rows, today)
    due = amounts_due(standing, today)
    totals = paid_totals(loan)
    paid_count = sum(1 for row in rows if not row.total_unpaid)
    first = next((line.position for line in lines if line.is_next), len(lines))
    start = max(0, min(first - 1 - ROWS_BEFORE_NEXT, len(lines) - ROWS_SHOWN))
    return {
        "due": due,
        "columns": columns,
        "oldest_due_on": oldest_unpaid_due_date(rows),
        "payoff": payoff_of(standing, today),
        "plan_lines": lines[start : start + ROWS_SHOWN],
        "has_charges": any(line.charges for line in lines[start : start + ROWS_SHOWN]),
        "plan_count": len(lines),
        "paid_count": paid_count,
        "dots": payment_dots([not row.total_unpaid for row in rows]),
        "totals": totals,
        "chart": _balance_chart(loan, rows, today),
        "chart_rows": _chart_rows(loan, rows, today),
        "chart_columns": (_("Day"), _("Principal left")),
        "next_fee": _next_late_fee(loan, rows, terms, today),
        "reminder_on": due.following_on - dt.timedelta(days=3) if due.following_on else None,
        "words": schedule_wording(loan),
        "charges": charges_of(loan, today),
        "today": today,
    }


def _principal_left(rows: list[Instalment], today: dt.date) -> list[int]:
    """Principal left before the first payment and after each: what later ones ask for, less what was paid on them.

    What was paid on a payment that is due by now lowers only what is left after that one, as the plan has it.
    """
    lefts = [0]
    for row in reversed(rows):
        in_advance = row.principal_paid if row.due_date > today else 0
        lefts.append(lefts[-1] + max(row.principal_due - row.principal_removed - in_advance, 0))
    return lefts[::-1]


def _state(row: Instalment, today: dt.date, is_next: bool) -> str:
    if row.total_unpaid == 0:
        return row.status
    if row.due_date < today:
        return "overdue"
    if row.status == InstalmentStatus.PARTIAL:
        return "partial"
    if row.due_date == today:
        return "due"
    return "next" if is_next else "scheduled"


def _balance_chart(loan: Loan, rows: list[Instalment], today: dt.date) -> SafeString:
    points, now, days = balance_series(loan, rows, today)
    last = len(points) - 1
    marks = sorted({0, last // 2, last})
    labels = [(index, format_day(days[index], "month")) for index in marks]
    return balance_line(title_id="still-owed", points=points, now=now, labels=labels)


def _chart_rows(loan: Loan, rows: list[Instalment], today: dt.date) -> list[tuple[str, str]]:
    points, _now, days = balance_series(loan, rows, today)
    return [(format_day(day), format_money(point)) for day, point in zip(days, points, strict=True)]


def _next_late_fee(loan: Loan, rows: list[Instalment], terms: LoanTerms, today: dt.date) -> tuple[dt.date, int] | None:
    """When the next late fee is added and how much it is, if nothing is paid until then."""
    late = [row for row in rows if row.total_unpaid and row.due_date < today and row.late_fee_charged_on is None]
    if not late:
        return None
    # Copies: what might happen must not show on the plan.
    copies = [copy.copy(row) for row in rows]
    # Nothing is kept of money paid ahead while something is late.
    events = brought_forward(loan, terms, copies, late_fee_day(late[0], terms, pauses_of(loan)), credit=0).events
    fees = [event for event in events if isinstance(event, LateFee) and event.fee]
    return next(((event.on, event.fee) for event in fees if event.row.pk == late[0].pk), None)


def end_of_day_failures() -> QuerySet[EndOfDayFailure]:
    """Failures that wait, the oldest first, and after them those that were cleared, newest first."""
    rows = EndOfDayFailure.objects.select_related("loan")
    return rows.order_by(F("cleared_at").desc(nulls_first=True), "pk")


def end_of_day_failure_count() -> int:
    """How many loans are not up to date because they fail."""
    return EndOfDayFailure.objects.filter(open_key__isnull=False).count()

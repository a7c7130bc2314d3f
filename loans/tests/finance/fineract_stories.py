"""Reading the stories that Apache Fineract tells of its loans: terms, events and what is expected after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from loans.finance import DayCount, PeriodUnit, ScheduleMethod, Terms
from loans.finance.enums import BondDayCount
from loans.finance.progressive import (
    AllocationStep,
    AllocationWay,
    Charge,
    ChargeBase,
    DueKind,
    Event,
    FutureInstalments,
    InstalmentCharge,
    InterestRecalculation,
    LoanPart,
    LoanPosition,
    Payment,
    PaymentPosition,
    PayOff,
    PayoffInterest,
    ReplayTerms,
    Reversal,
)
from loans.tests.finance.published_rows import minor
from p2plending.lib.money import Rounding

UNITS = {"DAYS": PeriodUnit.DAY, "WEEKS": PeriodUnit.WEEK, "MONTHS": PeriodUnit.MONTH}
RULES = {
    "NEXT_INSTALLMENT": FutureInstalments.NEXT,
    "NEXT_LAST_INSTALLMENT": FutureInstalments.NEXT_THEN_LAST,
    "LAST_INSTALLMENT": FutureInstalments.LAST,
    "REAMORTIZATION": FutureInstalments.REAMORTIZATION,
}
RESTS = {"DAILY": InterestRecalculation.DAILY, "PERIOD": InterestRecalculation.PER_PERIOD}


def day_count_of(loan: dict[str, Any]) -> DayCount | BondDayCount:
    """Our name of the story's convention."""
    if loan["calculation_period"] == "SAME_AS_REPAYMENT_PERIOD":
        return DayCount.EQUAL_PERIODS
    if loan["days_in_month"] == "30":
        return DayCount.THIRTY_360
    if loan["days_in_year"] != "ACTUAL":
        return DayCount(f"act_{loan['days_in_year']}")
    if "year_strategy" in loan:
        return BondDayCount.ACT_365_ACTUAL
    return DayCount.ACT_ACT if loan["year_split"] == "JAN_1" else DayCount.ACT_ACT_YEAR_END


def schedule_terms_of(loan: dict[str, Any]) -> Terms:
    """What the story's first schedule is built from."""
    return Terms(
        principal=minor(loan["principal"]),
        annual_rate=Decimal(loan["rate_pct"]) / 100,
        instalments=loan["n"],
        start_date=date.fromisoformat(loan["start"]),
        method=ScheduleMethod.FLAT if loan["interest_type"] == "FLAT" else ScheduleMethod.ANNUITY,
        day_count=day_count_of(loan),
        every=loan["every"],
        unit=UNITS[loan["unit"]],
        rounding=Rounding.HALF_EVEN,
        smooth=True,
        multiple=minor(loan["multiple"]) if "multiple" in loan else None,
    )


def replay_terms_of(loan: dict[str, Any]) -> ReplayTerms:
    """The terms that the story's product and loan come to."""
    steps = (word.rpartition("_") for word in loan["order"].split())
    to_rest = loan.get("pre_close") == "TILL_REST"
    return ReplayTerms(
        schedule=schedule_terms_of(loan),
        recalculation=RESTS[loan["rest"]] if loan["recalculation"] else InterestRecalculation.NONE,
        overdue_principal_bears_interest=loan["interest_on_past_due"],
        payoff_interest=PayoffInterest.TO_REST_DATE if to_rest else PayoffInterest.TO_DATE,
        order=tuple(AllocationStep(DueKind(kind.lower()), LoanPart(part.lower())) for kind, _, part in steps),
        way=AllocationWay(loan["way"].lower()),
        future_instalments=RULES[loan["future"]],
        last_takes_level=not loan["full_term_for_tranche"],
    )


def charge_event(step: dict[str, Any], reference: str, today: date) -> Event:
    """The story's charge: with a due date, or on every instalment."""
    name, part = step["charge"], LoanPart.PENALTY if "NSF" in step["charge"] else LoanPart.FEE
    if "INSTALLMENT_FEE" not in name:
        return Charge(reference, date.fromisoformat(step["due"]), minor(step["amount"]), today, part)
    if "FLAT" in name:
        return InstalmentCharge(reference, today, amount=minor(step["amount"]), part=part)
    base = ChargeBase.INTEREST if name.endswith("_INTEREST") else ChargeBase.PRINCIPAL
    if "PLUS" in name:
        base = ChargeBase.INSTALMENT
    return InstalmentCharge(reference, today, rate=Decimal(step["amount"]) / 100, base=base, part=part)


def payment_of(events: Sequence[Event], taken_back: set[str], on: date, nth: int) -> Event:
    """The ``nth`` payment of a day among those that still count."""
    of_the_day = [
        event
        for event in events
        if isinstance(event, Payment | PayOff) and event.on == on and event.reference not in taken_back
    ]
    return of_the_day[nth - 1]


@dataclass
class Teller:
    """What has happened in a story so far, and the payments taken back as they stood then."""

    today: date
    events: list[Event] = field(default_factory=list)
    taken_back: dict[str, PaymentPosition] = field(default_factory=dict)

    def event_of(self, step: dict[str, Any]) -> Event:
        """The event that a step of the story stands for."""
        reference = f"event {len(self.events) + 1}"
        match step["do"]:
            case "repayment":
                return Payment(reference, date.fromisoformat(step["date"]), minor(step["amount"]))
            case "pay_off":
                return PayOff(reference, date.fromisoformat(step["date"]))
            case "add_charge":
                return charge_event(step, reference, self.today)
            case "undo_transaction":
                on = date.fromisoformat(step["date"])
                of = payment_of(self.events, set(self.taken_back), on, step["nth"])
                return Reversal(reference, self.today, of.reference)
        raise AssertionError(f"unknown step {step['do']}")


def told_schedule(rows: Sequence[str]) -> list[tuple[object, ...]]:
    """The story's table: number, due date, paid on, then the amounts in minor units."""
    table = []
    for row in rows:
        number, _, due, paid_on, *amounts = row.split("|")
        table.append((int(number), due, paid_on, *map(minor, amounts)))
    return table


def shown_schedule(picture: LoanPosition) -> list[tuple[object, ...]]:
    """The picture in the columns of the story's table."""
    return [
        (
            line.number,
            line.due_date.isoformat(),
            line.settled_on.isoformat() if line.settled_on else "",
            line.balance_after,
            line.due.principal,
            line.due.interest,
            line.due.fee,
            line.due.penalty,
            line.due.total,
            line.paid.total,
            line.paid_in_advance,
            line.paid_late,
            line.unpaid.total,
        )
        for line in picture.instalments
    ]


def shown_totals(picture: LoanPosition) -> dict[str, int]:
    """The picture's sums under the names of the story."""
    return {
        "principal_due": picture.due.principal,
        "interest": picture.due.interest,
        "fees": picture.due.fee,
        "penalties": picture.due.penalty,
        "due": picture.due.total,
        "paid": picture.paid.total,
        "in_advance": picture.paid_in_advance,
        "late": picture.paid_late,
        "outstanding": picture.unpaid.total,
    }


def told_payments(rows: Sequence[str]) -> list[tuple[object, ...]]:
    """The story's payments: date, amount, its parts, balance after it, taken back or not."""
    table = []
    for row in rows:
        on, *amounts, is_taken_back = row.split("|")
        table.append((on, *map(minor, amounts), is_taken_back == "true"))
    return table


def shown_payment(payment: PaymentPosition, *, is_taken_back: bool) -> tuple[object, ...]:
    """A payment in the columns of the story's table."""
    paid = payment.paid
    return (
        payment.on.isoformat(),
        payment.amount,
        paid.principal,
        paid.interest,
        paid.fee,
        paid.penalty,
        payment.balance_after,
        is_taken_back,
    )

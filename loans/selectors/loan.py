"""What pages say about one loan: its way so far, its questions, and why its grade is what it is."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from loans.account.pricing import quote_of_loan
from loans.enums.loan import InstalmentStatus, LoanEvent, LoanStatus, QuestionStatus
from loans.finance import InstalmentLine
from loans.models import CreditAssessment, Loan, LoanQuestion
from loans.selectors.access import QUESTIONS
from p2plending.lib.errors import required
from p2plending.lib.formatting import format_percent, local

EVENT_WORDS: dict[str, str | Promise] = {
    LoanEvent.SUBMIT: gettext_lazy("Application sent"),
    LoanEvent.TAKE: gettext_lazy("Review started"),
    LoanEvent.ASK: gettext_lazy("We asked a question"),
    LoanEvent.ANSWER: gettext_lazy("You answered"),
    LoanEvent.REJECT: gettext_lazy("Declined"),
    LoanEvent.APPROVE: gettext_lazy("Offer made"),
    LoanEvent.ACCEPT: gettext_lazy("Offer accepted, open for funding"),
    LoanEvent.EXPIRE: gettext_lazy("Offer ended"),
    LoanEvent.WITHDRAW: gettext_lazy("Withdrawn"),
    LoanEvent.FILL: gettext_lazy("Fully funded"),
    LoanEvent.END_PARTLY_FUNDED: gettext_lazy("Partly funded"),
    LoanEvent.END_UNFUNDED: gettext_lazy("Not funded in time"),
    LoanEvent.ACCEPT_SMALLER: gettext_lazy("Smaller loan accepted"),
    LoanEvent.DECLINE_SMALLER: gettext_lazy("Smaller loan not taken"),
    LoanEvent.CANCEL: gettext_lazy("Closed"),
    LoanEvent.DISBURSE: gettext_lazy("Paid out"),
    LoanEvent.REPAY_ALL: gettext_lazy("Paid back in full"),
    LoanEvent.RESTRUCTURE: gettext_lazy("Payment plan changed"),
    LoanEvent.DEFAULT: gettext_lazy("In default"),
    LoanEvent.CURE: gettext_lazy("Back on track"),
    LoanEvent.SETTLE: gettext_lazy("Closed by agreement"),
    LoanEvent.WRITE_OFF: gettext_lazy("Written off"),
}
# A funded loan whose borrower has signed.
SIGNED = "signed"
AHEAD: dict[str, tuple[str | Promise, ...]] = {
    LoanStatus.SUBMITTED: (gettext_lazy("Review"), gettext_lazy("Offer"), gettext_lazy("Funding")),
    LoanStatus.UNDER_REVIEW: (gettext_lazy("Offer"), gettext_lazy("Funding"), gettext_lazy("Pay-out")),
    LoanStatus.INFO_REQUESTED: (gettext_lazy("Your answer"), gettext_lazy("Offer"), gettext_lazy("Funding")),
    LoanStatus.OFFERED: (gettext_lazy("Your decision"), gettext_lazy("Funding"), gettext_lazy("Pay-out")),
    LoanStatus.LISTED: (gettext_lazy("Fully funded"), gettext_lazy("Your signature"), gettext_lazy("Pay-out")),
    LoanStatus.PARTIAL_OFFER: (gettext_lazy("Your decision"), gettext_lazy("Pay-out")),
    LoanStatus.FUNDED: (gettext_lazy("Your signature"), gettext_lazy("Pay-out")),
    SIGNED: (gettext_lazy("Pay-out"),),
}
FACTOR_NAMES: dict[str, str | Promise] = {
    "dti": gettext_lazy("Debt payments compared with income"),
    "disposable": gettext_lazy("Money left each month compared with the payment"),
    "employment": gettext_lazy("Time in the present work"),
    "history": gettext_lazy("Loans paid back here"),
    "amount_to_income": gettext_lazy("Amount compared with a year's income"),
    "income_proof": gettext_lazy("Proof of income"),
    "address_proof": gettext_lazy("Proof of address"),
    "homeowner": gettext_lazy("Own home"),
}
FACTOR_TIPS: dict[str, str | Promise] = {
    "dti": gettext_lazy("Pay off other debts first, or borrow less or for longer."),
    "disposable": gettext_lazy("Borrow less or for longer, so that more is left each month."),
    "employment": gettext_lazy("Points grow after 6 months, 2 years and 5 years in the same work."),
    "history": gettext_lazy("Each loan that you pay back on time counts."),
    "amount_to_income": gettext_lazy("Borrow less compared with your yearly income."),
    "income_proof": gettext_lazy("Send a proof of income with your documents."),
    "address_proof": gettext_lazy("Send a proof of address with your documents."),
}
MOST_TIPS = 3


@dataclasses.dataclass(frozen=True, slots=True)
class LoanSchedule:
    """The payments of a loan: as planned by its offer, or as frozen when it was paid out or last changed."""

    is_planned: bool
    version: int
    lines: list[InstalmentLine]


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One line of the loan's way; `on` is None for what lies ahead."""

    words: str | Promise
    on: dt.date | None


@dataclasses.dataclass(frozen=True, slots=True)
class FactorRow:
    """One line of the score, in words."""

    name: str | Promise
    value: str
    points: int
    max_points: int


def timeline_of(loan: Loan) -> list[Step]:
    """What happened and what comes next: one query."""
    steps = [Step(gettext_lazy("Application started"), loan.created_at.date())]
    for event, on in loan.transitions.values_list("event", "business_date"):
        words = EVENT_WORDS.get(event)
        if words:
            steps.append(Step(words, on))
    steps[0] = dataclasses.replace(steps[0], on=min(required(step.on, "on") for step in steps))
    ahead = AHEAD.get(loan.status, ())
    if loan.status == LoanStatus.FUNDED and loan.signed_at:
        ahead = AHEAD[SIGNED]
        steps.append(
            Step(gettext_lazy("Agreement signed"), max(local(loan.signed_at).date(), required(steps[-1].on, "on")))
        )
    return steps + [Step(words, None) for words in ahead]


def schedule_of(loan: Loan, today: dt.date) -> LoanSchedule | None:
    """Every payment with the balance after it; None before there is an offer."""
    if not loan.grade:
        return None
    if loan.status not in LoanStatus.disbursed():
        return LoanSchedule(True, 0, list(quote_of_loan(loan, today).schedule.lines))
    rows = loan.instalments.exclude(status=InstalmentStatus.SUPERSEDED).order_by("due_date", "number")
    balance, lines = sum(row.principal_due for row in rows), []
    for row in rows:
        balance -= row.principal_due
        lines.append(
            InstalmentLine(row.number, row.due_date, row.period_start, row.principal_due, row.interest_due, balance)
        )
    return LoanSchedule(False, loan.schedule_version, lines)


def factor_rows(assessment: CreditAssessment) -> list[FactorRow]:
    """The points of each factor, as they were frozen."""
    return [
        FactorRow(
            FACTOR_NAMES.get(factor["code"], factor["code"]),
            _value_words(factor["code"], factor["value"]),
            factor["points"],
            factor["max_points"],
        )
        for factor in assessment.factors
    ]


def score_tips(factors: Sequence[dict[str, Any]]) -> list[str | Promise]:
    """What would raise the score most, at most three lines."""
    lost = sorted(factors, key=lambda factor: factor["points"] - factor["max_points"])
    return [
        FACTOR_TIPS[factor["code"]]
        for factor in lost
        if factor["points"] < factor["max_points"] and factor["code"] in FACTOR_TIPS
    ][:MOST_TIPS]


def _value_words(code: str, value: str) -> str:
    if code in ("dti", "amount_to_income"):
        return format_percent(Decimal(value), 1)
    if code == "disposable":
        return _("%(times)s times the payment") % {"times": Decimal(value).quantize(Decimal("0.1"))}
    if code == "employment":
        return _("%(months)s months") % {"months": value}
    if code == "history":
        return value
    return _("yes") if value == "yes" else _("no")


def questions_for_borrower(loan: Loan) -> list[LoanQuestion]:
    """Questions of lenders, the unanswered first; held ones are for staff only."""
    questions = loan.questions.exclude(status__in=QuestionStatus.unpublished()).select_related("author")
    return sorted(questions, key=lambda question: (question.status == QuestionStatus.ANSWERED, question.pk))


def questions_on_listing(loan: Loan, reader: User) -> list[LoanQuestion]:
    """Questions that this reader sees on the listing: the published ones, and all of their own."""
    shown = ~Q(status__in=QuestionStatus.unpublished()) | Q(author=reader)
    rows = QUESTIONS.visible_to(reader).filter(shown, loan=loan)
    return list(rows.select_related("author").order_by("pk"))

"""One loan of the market as one viewer may see it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import User
from loans.account.pricing import quote_of_loan
from loans.models import Commitment, Loan
from matching.engine.earnings import Earnings, earnings
from matching.selectors.positions import held_commitments, holdings_of
from p2plending.lib.errors import required


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a lender has in a loan, with its borrower and in all; and each after lending `adding` more. Minor units."""

    in_loan: int
    with_borrower: int
    total: int
    adding: int = 0

    @property
    def in_loan_after(self) -> int:
        return self.in_loan + self.adding

    @property
    def with_borrower_after(self) -> int:
        return self.with_borrower + self.adding

    @property
    def total_after(self) -> int:
        return self.total + self.adding


def exposure_of(lender: User, loan: Loan, adding: int = 0) -> Exposure:
    """The lender's exposure before and after lending `adding` to the loan. Three queries."""
    holdings = holdings_of([lender.pk])[lender.pk]
    return Exposure(
        in_loan=sum(my_reservations(lender, loan).values_list("amount", flat=True)),
        with_borrower=holdings.by_borrower.get(loan.borrower_id, 0),
        total=holdings.total,
        adding=adding,
    )


def my_reservations(lender: User, loan: Loan) -> QuerySet[Commitment]:
    """The lender's reserved amounts for a loan, oldest first."""
    return held_commitments().filter(lender=lender, loan=loan).order_by("pk")


def planned_earnings(loan: Loan, amount: int, start_date: dt.date) -> Earnings:
    """What `amount` of the loan would bring if it were paid out on `start_date`, by the loan's own schedule."""
    quote = quote_of_loan(loan, start_date)
    return earnings(
        quote.schedule.lines,
        amount=amount,
        principal=loan.principal,
        servicing_fee_rate=required(loan.servicing_fee_rate, "servicing_fee_rate"),
        expected_loss_rate=required(loan.expected_loss_rate, "expected_loss_rate"),
    )

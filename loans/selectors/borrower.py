"""What a borrower sees of their own loans."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from accounts.models import User
from loans.enums.loan import LoanStatus
from loans.models import Loan, LoanQuestion
from loans.selectors.access import LOANS, QUESTIONS


def loan_for_borrower(user: User, reference: str, states: Collection[str] | None = None) -> Loan | None:
    """The borrower's own loan with its product; None for anybody else's, and for one in none of `states`."""
    loans = LOANS.own_of(user).select_related("product", "borrower").filter(reference=reference)
    return (loans if states is None else loans.filter(status__in=states)).first()


def loans_of(user: User) -> QuerySet[Loan]:
    """All loans and applications of the borrower, newest first."""
    return LOANS.own_of(user).select_related("product").order_by("-id")


def application_of(user: User) -> Loan | None:
    """The one open application, draft included, or None."""
    return Loan.objects.select_related("product").filter(open_application_of=user.pk).first()


def running_loans_of(user: User) -> list[Loan]:
    """Loans that are being paid back, the next due first."""
    return list(LOANS.own_of(user).filter(status__in=LoanStatus.owing()).order_by("next_due_on", "id"))


def question_for_borrower(loan: Loan, borrower: User, reference: str) -> LoanQuestion:
    """A question on the borrower's own loan; held ones are not theirs to see. Raises LoanQuestion.DoesNotExist."""
    return QUESTIONS.visible_to(borrower).get(loan=loan, reference=reference)

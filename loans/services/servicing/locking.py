"""The two ends of a service about a loan: bring it to the day first, and for one in trouble write its columns last."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.utils.translation import gettext_lazy as _

from loans.enums.loan import LoanStatus
from loans.models import Loan
from loans.services.servicing.bring_forward import bring_forward, bring_loan_forward
from p2plending.lib.database.transactions import do_again_if_refused, lock_guard
from p2plending.lib.errors import Refused


class LoanNotOwing(Refused):
    """The loan is not being paid back: not paid out yet, or closed."""

    code = "loan_not_owing"
    status = 409
    default_message = _("This loan is not being paid back any more. The page was out of date.")


def lock_current_loan(loan_id: int, today: dt.date) -> Loan:
    """Lock a loan and do all that the calendar owes it up to `today`: the first line of every service.

    A state that has ended by then stays ended although the service then refuses.
    """
    loan = lock_guard(Loan.objects.filter(pk=loan_id))
    before = loan.status
    bring_forward(loan, today=today)
    if loan.status != before:
        do_again_if_refused(partial(bring_loan_forward, loan_id=loan_id, today=today))
    return loan


def lock_owing_loan(loan_id: int, today: dt.date) -> Loan:
    """As `lock_current_loan`, for a loan that is being paid back. Raises LoanNotOwing."""
    loan = lock_current_loan(loan_id, today)
    require_owing(loan)
    return loan


def require_owing(loan: Loan) -> None:
    """Raises LoanNotOwing for a loan that is not being paid back."""
    if loan.status not in LoanStatus.owing():
        raise LoanNotOwing(status=loan.status)

"""What undoing a payment, or entering one of an earlier day, would change: the posting itself, run dry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from accounts.models import User
from loans.models import Loan, Repayment
from loans.selectors.reprocessing import ReplayPreview, compare, loan_projection
from loans.services.corrections.backdated_payment import enter_payment
from loans.services.corrections.reversal import undo_payment
from loans.services.servicing.locking import lock_current_loan
from p2plending.lib.database.transactions import run_dry


def preview_reversal(*, repayment_id: int, reason: str, actor: User | None, today: dt.date) -> ReplayPreview:
    """The loan before and after undoing the payment today. Raises as `undo_payment` does; nothing is written."""
    loan_id = Repayment.objects.values_list("loan_id", flat=True).get(pk=repayment_id)
    return _compared(
        loan_id, today, lambda loan: undo_payment(loan, repayment_id, reason=reason, actor=actor, today=today)
    )


def preview_backdated_repayment(
    *, loan_id: int, amount: int, value_date: dt.date, bank_reference: str, actor: User | None, today: dt.date
) -> ReplayPreview:
    """The loan before and after entering `amount` minor units that reached us on `value_date`.

    Raises as `record_backdated_repayment` does; nothing is written.
    """
    return _compared(
        loan_id,
        today,
        lambda loan: enter_payment(loan, amount, value_date, bank_reference, actor=actor, today=today),
    )


def _compared(loan_id: int, today: dt.date, act: Callable[[Loan], object]) -> ReplayPreview:
    def run() -> ReplayPreview:
        loan = lock_current_loan(loan_id, today)
        before = loan_projection(loan)
        act(loan)
        return compare(loan, before, loan_projection(loan))

    return run_dry(run)

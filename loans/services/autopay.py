"""Automatic payment: what is due, taken from the borrower's wallet on the due date, and again 1 and 3 days after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.notifications import notify
from ledger.selectors import wallet_summary
from loans.enums import LoanStatus, RepaymentMethod, RepaymentStatus
from loans.models import Instalment, Loan, Repayment
from loans.services.lifecycle import record_step, require_borrower
from loans.services.repayment_posting import settle_repayment
from p2plending.figures import format_money
from p2plending.lib.db import lock_guard, run_money
from p2plending.lib.errors import Refused
from p2plending.lib.refs import new_reference

TRY_AFTER_DAYS = (0, 1, 3)


class NotBeingPaidBack(Refused):
    """There is nothing that could be paid automatically."""

    code = "not_being_paid_back"
    status = 409
    default_message = _("This loan is not being paid back. There is nothing to pay automatically.")


def set_autopay(*, loan_id: int, is_on: bool, actor: User) -> Loan:
    """Switch automatic payment on or off; the same again changes nothing. Raises NotYourLoan, NotBeingPaidBack."""

    def run() -> Loan:
        loan = lock_guard(Loan.objects.filter(pk=loan_id))
        require_borrower(loan, actor)
        if loan.status not in LoanStatus.owing():
            raise NotBeingPaidBack(status=loan.status)
        if loan.autopay != is_on:
            loan.autopay = is_on
            loan.save(update_fields=["autopay", "updated_at"])
            record_step(loan, "autopay_switched", actor=actor, data={"is_on": is_on})
        return loan

    return run_money(run)


def is_wanted(loan: Loan, rows: Sequence[Instalment], today: dt.date) -> bool:
    """Whether today is a day to try: the due date of something unpaid, or 1 or 3 days after it, not tried since."""
    if not loan.autopay or loan.is_frozen:
        return False
    days = [row.due_date + dt.timedelta(days=after) for row in rows if row.total_unpaid for after in TRY_AFTER_DAYS]
    return any(day <= today and (loan.autopay_tried_on is None or day > loan.autopay_tried_on) for day in days)


def pay_what_is_due(loan: Loan, rows: list[Instalment], *, today: dt.date) -> None:
    """Pay what is due from the wallet, as far as it reaches, and tell the borrower when it does not.

    Call under the loan's guard with its live instalments, brought to today.
    """
    due = sum(row.total_unpaid for row in rows if row.due_date <= today)
    amount = min(due, wallet_summary(loan.borrower).available)
    loan.autopay_tried_on = today
    loan.save(update_fields=["autopay_tried_on", "updated_at"])
    if amount > 0:
        repayment = Repayment(
            reference=new_reference("RP"),
            loan=loan,
            payer_id=loan.borrower_id,
            amount=amount,
            method=RepaymentMethod.AUTOPAY,
            value_date=today,
            status=RepaymentStatus.DECLARED,
        )
        settle_repayment(loan, repayment, rows, on=today, actor=None, today=today)
    if amount < due:
        _tell_short(loan, due, amount, today)


def _tell_short(loan: Loan, due: int, paid: int, today: dt.date) -> None:
    words = _t("%(due)s was due. Your wallet held %(paid)s of it. Add %(missing)s: we try again 1 and 3 days later.")
    notify(
        user=loan.borrower,
        key=f"autopay:{loan.reference}:{today}",
        event="autopay_short",
        title=_t("Your automatic payment did not go through in full"),
        body=words % {"due": format_money(due), "paid": format_money(paid), "missing": format_money(due - paid)},
        link=reverse("loans:pay", args=[loan.reference]),
        is_required=True,
    )

"""Automatic payment: what is due, taken from the borrower's wallet on the due date, and again 1 and 3 days after it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.mail.notifications import notify
from ledger.chart import WALLET_AVAILABLE
from ledger.selectors import balance, wallet_summary
from loans.enums.loan import LoanStatus, RepaymentMethod, RepaymentStatus
from loans.models import Instalment, Loan, Repayment
from loans.services.servicing.apply_payment import post_and_bring_forward
from loans.services.servicing.lifecycle import record_step, require_borrower
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import lock_guard, run_money
from p2plending.lib.errors import Refused
from p2plending.lib.formatting import format_money

TRY_AFTER_DAYS = (0, 1, 3)


@dataclasses.dataclass(frozen=True, slots=True)
class Shortfall:
    """What was due on a day and what the wallet paid of it, in minor units."""

    on: dt.date
    due: int
    paid: int


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


def next_try(loan: Loan, rows: Sequence[Instalment], today: dt.date) -> dt.date | None:
    """The next day up to `today` to try: the due date of something unpaid, or 1 or 3 days after it, not tried since.

    A day that passed before automatic payment was switched on is made up for on the first day that nobody saw yet.
    """
    if not loan.autopay or loan.is_frozen:
        return None
    tried = loan.autopay_tried_on
    days = [row.due_date + dt.timedelta(days=after) for row in rows if row.total_unpaid for after in TRY_AFTER_DAYS]
    day = min((day for day in days if day <= today and (tried is None or day > tried)), default=None)
    if day is None or loan.rolled_forward_to is None:
        return day
    return min(max(day, loan.rolled_forward_to + dt.timedelta(days=1)), today)


def pay_what_is_due(loan: Loan, rows: list[Instalment], *, on: dt.date, today: dt.date) -> Shortfall | None:
    """Pay what is due on a day from the wallet, as far as it reaches; returns what it did not reach, if anything.

    On a day that has passed it reaches what the wallet held then and holds now, so that a day which nobody saw comes
    out as if somebody had. Call under the loan's guard with its live instalments, brought to the day.
    """
    due = sum(row.total_unpaid for row in rows if row.due_date <= on)
    amount = min(due, wallet_summary(loan.borrower).available)
    if amount and on < today:
        amount = max(min(amount, balance(WALLET_AVAILABLE, loan.borrower, as_of=on)), 0)
    loan.autopay_tried_on = on
    loan.save(update_fields=["autopay_tried_on", "updated_at"])
    if amount > 0:
        repayment = Repayment(
            reference=new_reference("RP"),
            loan=loan,
            payer_id=loan.borrower_id,
            amount=amount,
            method=RepaymentMethod.AUTOPAY,
            value_date=on,
            status=RepaymentStatus.DECLARED,
        )
        post_and_bring_forward(loan, repayment, rows, on=on, actor=None, today=on)
    return Shortfall(on, due, amount) if amount < due else None


def notify_short(loan: Loan, short: Shortfall) -> None:
    """Tell the borrower that the wallet did not hold enough, once for each day."""
    words = _t("%(due)s was due. Your wallet held %(paid)s of it. Add %(missing)s: we try again 1 and 3 days later.")
    amounts = {"due": short.due, "paid": short.paid, "missing": short.due - short.paid}
    notify(
        user=loan.borrower,
        key=f"autopay:{loan.reference}:{short.on}",
        event="autopay_short",
        title=_t("Your automatic payment did not go through in full"),
        body=words % {name: format_money(amount) for name, amount in amounts.items()},
        link=reverse("loans:pay", args=[loan.reference]),
        is_required=True,
    )

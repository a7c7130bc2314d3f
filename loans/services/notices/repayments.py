"""What the borrower is told about payments. One event, one message."""

from __future__ import annotations

from functools import partial

from django.db.models import Count, F, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.services.mail.notifications import notify
from loans.enums.loan import LoanStatus, RepaymentStatus
from loans.models import Loan, Repayment
from loans.wording.schedule import next_payment_words
from p2plending.lib.database.transactions import lock_guard, run_money
from p2plending.lib.formatting import format_day, format_money

PAYMENTS_PER_RUN = 500


def notify_of_payments() -> int:
    """Tell borrowers of payments that were posted since the last run, oldest first; returns how many.

    Posting a payment only marks it, so that it costs the same however many people hear of it. Each message is written
    with its mark, so that it is sent once.
    """
    waiting = Repayment.objects.filter(is_told=False).order_by("pk").values_list("pk", flat=True)
    ids = list(waiting[:PAYMENTS_PER_RUN])
    for repayment_id in ids:
        run_money(partial(_notify_of_payment, repayment_id))
    return len(ids)


def _notify_of_payment(repayment_id: int) -> None:
    repayment = lock_guard(Repayment.objects.filter(pk=repayment_id))
    loan = Loan.objects.select_related("borrower").get(pk=repayment.loan_id)
    if repayment.status == RepaymentStatus.CONFIRMED and not repayment.is_told:
        is_last = not _later(repayment).exists()
        if loan.status == LoanStatus.REPAID and is_last:
            notify_repaid(loan, repayment)
        else:
            notify_received(loan, repayment)
    Repayment.objects.filter(pk=repayment_id).update(is_told=True)


def notify_received(loan: Loan, repayment: Repayment) -> None:
    """The payment arrived, or was made from money paid ahead: what it paid for, what is kept, left and next.

    It is told after it was posted, so that others may have followed: what was left is worked out for this one, and what
    is next is said of the newest only.
    """
    followed = _later(repayment).aggregate(principal=Sum("principal"), count=Count("pk"))
    body = _(
        "%(amount)s on %(day)s: principal %(principal)s, interest %(interest)s, fees %(fees)s. Still owed: %(left)s."
    ) % {
        "amount": format_money(repayment.amount),
        "day": format_day(repayment.value_date, "long"),
        "principal": format_money(repayment.principal),
        "interest": format_money(repayment.interest),
        "fees": format_money(repayment.late_fee),
        "left": format_money(loan.principal_outstanding + (followed["principal"] or 0)),
    }
    if repayment.held:
        body += " " + _("%(held)s is kept for your next payments.") % {"held": format_money(repayment.held)}
    title = _("Your payment was made from what you paid ahead")
    if not repayment.is_from_credit:
        title = _("We received your payment")
    following = "" if followed["count"] else next_payment_words(loan)
    _tell(loan, repayment, "received", title, f"{body} {following}".strip())


def _later(repayment: Repayment) -> QuerySet[Repayment]:
    """Payments of the loan that were posted after this one and count."""
    later = Repayment.objects.filter(loan_id=repayment.loan_id, status=RepaymentStatus.CONFIRMED)
    return later.filter(entry_id__gt=repayment.entry_id)


def notify_repaid(loan: Loan, repayment: Repayment) -> None:
    """The last cent arrived."""
    paid = Repayment.objects.filter(loan=loan, status=RepaymentStatus.CONFIRMED).aggregate(
        total=Sum(F("principal") + F("interest") + F("late_fee")), of_it_interest=Sum("interest")
    )
    body = _("Thank you. You paid %(total)s, of it %(interest)s interest. Your certificate is on the loan's page.") % {
        "total": format_money(paid["total"]),
        "interest": format_money(paid["of_it_interest"]),
    }
    if repayment.surplus:
        body += " " + _("%(surplus)s was more than you owed and is in your wallet.") % {
            "surplus": format_money(repayment.surplus)
        }
    _tell(loan, repayment, "repaid", _("Your loan is paid back"), body, required=True)


def notify_not_found(loan: Loan, repayment: Repayment) -> None:
    """Staff could not find money that the borrower told us about."""
    body = _(
        "You told us about %(amount)s on %(day)s. It has not reached us. "
        "Check the reference %(reference)s, or tell us again when it was sent."
    ) % {
        "amount": format_money(repayment.amount),
        "day": format_day(repayment.value_date, "long"),
        "reference": repayment.bank_reference or loan.reference,
    }
    if repayment.decision_note:
        body = f"{body} {repayment.decision_note}"
    _tell(loan, repayment, "not_found", _("We could not find your payment"), body, required=True)


def _tell(loan: Loan, repayment: Repayment, event: str, title: str, body: str, *, required: bool = False) -> None:
    notify(
        user=loan.borrower,
        key=f"repayment:{repayment.reference}:{event}",
        event=f"repayment_{event}",
        title=title,
        body=body,
        link=reverse("loans:repayment", args=[loan.reference, repayment.reference]),
        is_required=required,
    )

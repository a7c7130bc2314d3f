"""A payment that came back: undone in the books, and everything after it worked out again."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from accounts.models import User
from accounts.services.approvals.permissions import require_staff
from accounts.services.audit import record_about
from accounts.services.mail.notifications import Notice, notify, notify_many
from ledger.models import JournalEntry
from ledger.services.posting import reverse_entry
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.loan import LoanEvent, LoanStatus, RepaymentStatus
from loans.models import Loan, Repayment
from loans.services.corrections.reversal_after_loss import mark_reversed, undo_after_loss
from loans.services.repayments.right_of_withdrawal import fee_refund_key
from loans.services.servicing.apply_payment import bring_forward_after_payment
from loans.services.servicing.lifecycle import move_loan, require_state
from loans.services.servicing.reprocessing import made_by_people, payments_from, reprocess, roll_back
from loans.wording.schedule import next_payment_words
from p2plending.lib.database.transactions import lock_guard, run_money
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused, required
from p2plending.lib.formatting import format_day, format_money


class NotReversible(InvalidTransition):
    """Only a payment that arrived can come back, and only once; not what the calendar paid from money paid ahead."""

    code = "not_reversible"
    default_message = _("This payment is not in the books any more. The page was out of date.")


class ReversalReasonMissing(Refused):
    """People will ask why their money went away."""

    code = "reason_missing"
    default_message = _("Enter a reason.")


class OwnPaymentReversal(NotPermitted):
    """Nobody undoes their own payment."""

    code = "own_payment"
    default_message = _("Somebody else must look at your payment.")


def undo_payment(loan: Loan, repayment_id: int, *, reason: str, actor: User | None, today: dt.date) -> Repayment:
    """Undo a confirmed payment that bounced (rule REV), then apply the later ones again in their order.

    Lenders and the borrower get or give back exactly what the entry moved; who has spent it owes it to us (C1300) until
    money comes in. A loan that was closed by it runs again; after a loss, see `undo_after_loss`. Nothing is deleted:
    entries are mirrored, later payments become (reversal, new payment) pairs. Call under the loan's guard, with the
    loan brought to `today`; that two members of staff agree on it is the caller's (`reversal_request`).

    Raises StaffOnly, OwnPaymentReversal, NotReversible, InvalidTransition, ReversalReasonMissing, PlanAgreedSince.
    """
    repayment = lock_guard(Repayment.objects.filter(pk=repayment_id).select_related("entry"))
    require_reversible(loan, repayment, reason, actor)
    narrative = _t("Payment %(reference)s came back") % {"reference": repayment.reference}
    if loan.status in LoanStatus.lost():
        undo_after_loss(loan, repayment, narrative=narrative, reason=reason, actor=actor, today=today)
        payments = [repayment]
    else:
        payments = _undo_and_reprocess(loan, repayment, narrative, reason, actor, today)
    _record(repayment, payments, reason, actor)
    _notify_borrower(loan, repayment, reason)
    async_task("loans.tasks.notify_lenders_of_reversal", repayment.pk)
    return repayment


def _undo_and_reprocess(
    loan: Loan, repayment: Repayment, narrative: str, reason: str, actor: User | None, today: dt.date
) -> list[Repayment]:
    """Undo the payment and apply the later ones anew; returns it and them."""
    terms = LoanTerms.from_json(loan.frozen_terms)
    payments = payments_from(loan, first=repayment)
    roll_back(
        loan,
        terms,
        payments,
        to=required(repayment.counted_on, "counted_on"),
        narrative=narrative,
        actor=actor,
        today=today,
    )
    _take_fee_again(repayment, narrative, actor, today)
    mark_reversed(repayment, reason=reason, actor=actor)
    _run_again(loan, reason, actor, today)
    rows, closing = reprocess(loan, terms, payments[1:], actor=actor, today=today)
    bring_forward_after_payment(
        loan, terms, rows, closed_on=closing.counted_on if closing else None, actor=actor, today=today, posted_on=today
    )
    return payments


def require_reversible(loan: Loan, repayment: Repayment, reason: str, actor: User | None) -> None:
    """Raises StaffOnly, OwnPaymentReversal, NotReversible, InvalidTransition, ReversalReasonMissing."""
    require_staff(actor)
    if actor is not None and actor.pk == repayment.payer_id:
        raise OwnPaymentReversal
    if repayment.status != RepaymentStatus.CONFIRMED:
        raise NotReversible(status=repayment.status)
    if repayment.is_from_credit:
        raise NotReversible(_t("This was paid from money that came before. Undo the payment that brought the money."))
    require_state(loan, LoanEvent.REVERSE_PAYMENT)
    if not reason:
        raise ReversalReasonMissing


def _take_fee_again(repayment: Repayment, narrative: str, actor: User | None, today: dt.date) -> None:
    """A loan that runs again costs its set-up fee again, when giving it back had returned that."""
    refund = JournalEntry.objects.filter(idempotency_key=fee_refund_key(repayment)).first()
    if refund is not None:
        reverse_entry(
            entry=refund,
            key=f"reverse:{refund.reference}",
            value_date=today,
            actor=actor,
            narrative=narrative,
            may_owe=True,
        )


def _run_again(loan: Loan, reason: str, actor: User | None, today: dt.date) -> None:
    owed = sum(row.principal_unpaid for row in live_instalments(loan))
    closing = loan.transitions.filter(to_status=LoanStatus.REPAID).last()
    # A loan that was in default when it was paid off is in default again.
    was_in_default = (
        loan.status == LoanStatus.REPAID and required(closing, "transition").from_status == LoanStatus.DEFAULTED
    )
    move_loan(
        loan,
        LoanEvent.REOPEN_DEFAULT if was_in_default else LoanEvent.REVERSE_PAYMENT,
        actor=actor,
        today=today,
        reason=reason,
        closed_on=None,
        principal_outstanding=owed,
        replays=loan.replays,
    )


def _record(repayment: Repayment, payments: list[Repayment], reason: str, actor: User | None) -> None:
    worked_out_again = [payment.reference for payment in made_by_people(payments[1:])]
    data = {"amount": repayment.amount, "worked_out_again": worked_out_again}
    record_about(repayment, "reversed", actor, reason=reason, data=data)


def _notify_borrower(loan: Loan, repayment: Repayment, reason: str) -> None:
    body = _t("Your payment of %(amount)s on %(day)s came back: %(reason)s. It is owed again.") % {
        "amount": format_money(repayment.amount),
        "day": format_day(repayment.value_date, "long"),
        "reason": reason,
    }
    notify(
        user=repayment.payer,
        key=f"repayment:{repayment.reference}:reversed",
        event="repayment_reversed",
        title=_t("Your payment came back"),
        body=f"{body} {next_payment_words(loan)}".strip(),
        link=reverse("loans:loan", args=[loan.reference]),
        is_required=True,
    )


def notify_lenders_of_reversal(repayment_id: int) -> None:
    """Tell each lender whose share of a payment was taken back; once, however often it is called."""
    repayment = Repayment.objects.select_related("loan").get(pk=repayment_id)
    run_money(lambda: _notify_lenders(repayment))


def _notify_lenders(repayment: Repayment) -> None:
    sums: dict[User, int] = {}
    for share in repayment.distributions.select_related("note__owner").order_by("note_id"):
        sums[share.note.owner] = sums.get(share.note.owner, 0) + share.net
    words = _t("A payment on loan %(loan)s came back. Your share of %(amount)s was taken back with it.")
    notify_many(
        [
            Notice(
                user=lender,
                key=f"repayment:{repayment.reference}:reversed:{lender.pk}",
                event="payment_taken_back",
                title=_t("A payment came back"),
                body=words % {"loan": repayment.loan.reference, "amount": format_money(amount)},
                link=reverse("loans:explain_repayment", args=[repayment.reference]),
                is_required=True,
            )
            for lender, amount in sums.items()
            if amount
        ]
    )

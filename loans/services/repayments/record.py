"""Money from the borrower: shown before, recorded, confirmed or refused, and split over the notes to the cent."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import Role
from accounts.models import User
from accounts.services.approvals.requests import drop_requests
from accounts.services.audit import record_about
from accounts.services.idempotency import once
from ledger.services.closed_period import require_open_period
from ledger.services.large_sums import require_below_ceiling
from loans.account.accrual import servicing_columns
from loans.account.bring_forward import brought_forward
from loans.account.payment import RepaymentPreview, distribute_payment, plan_repayment
from loans.account.progressive import is_progressive
from loans.account.state import live_instalments, notes_after, open_notes
from loans.account.terms import LoanTerms
from loans.enums.loan import ExtraMode, InstalmentStatus, LoanStatus, RepaymentMethod, RepaymentStatus
from loans.models import Instalment, Loan, Repayment
from loans.services.approvals.large_payments import needs_two, request_payment
from loans.services.notices.repayments import notify_not_found
from loans.services.servicing.apply_payment import post_and_bring_forward
from loans.services.servicing.bring_forward import bring_forward
from loans.services.servicing.cure import cure_if_paid
from loans.services.servicing.reprocessing import post_backdated_payment
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import lock_guard
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused, required
from p2plending.lib.formatting import format_day
from p2plending.lib.rules.values import platform_rules


class NothingToPay(Refused):
    """The loan is not being paid back: not paid out yet, or closed."""

    code = "nothing_to_pay"
    status = 409
    default_message = _("There is nothing to pay on this loan.")


class AmountTooSmall(Refused):
    """A payment of nothing."""

    code = "amount_too_small"
    default_message = _("Enter an amount above zero.")


class DateInFuture(Refused):
    """A payment can't have been made tomorrow."""

    code = "date_in_future"
    default_message = _("The date of the payment can't be after today.")


class BeforeDisbursement(Refused):
    """A payment can't be older than the loan."""

    code = "before_payout"
    default_message = _("The date of the payment can't be before the loan was paid out.")


class BeforeLastPayment(Refused):
    """Something was posted after this date that the payment would change: an earlier payment, or a late fee."""

    code = "before_last_payment"
    default_message = _("This date is before the last payment or late fee on the loan.")


class WalletPaysToday(Refused):
    """Money in the wallet moves now: another date is not possible."""

    code = "wallet_pays_today"
    default_message = _("A payment from the wallet counts today.")


class NotYourPayment(NotPermitted):
    """Only the borrower, or staff for money that arrived, can pay a loan."""

    code = "not_your_payment"
    default_message = _("Only the borrower of this loan can do this.")


class OwnPayment(NotPermitted):
    """Nobody confirms their own money."""

    code = "own_payment"
    default_message = _("Somebody else must look at your payment.")


class AlreadyDecided(InvalidTransition):
    """The payment was confirmed or refused before."""

    code = "already_decided"
    default_message = _("This payment was decided before. The page was out of date.")


def preview_repayment(
    *, loan_id: int, amount: int, today: dt.date, extra_mode: ExtraMode | None = None
) -> RepaymentPreview:
    """What a payment of `amount` minor units today would do: the posting's own figures, nothing written.

    Raises NothingToPay and AmountTooSmall as `record_repayment` does.
    """
    loan = Loan.objects.get(pk=loan_id)
    _require_owing(loan, amount)
    terms = LoanTerms.from_json(loan.frozen_terms)
    rows, notes = live_instalments(loan), open_notes(loan)
    brought = brought_forward(loan, terms, rows, today)
    for paid in brought.from_credit:
        notes = notes_after(notes, distribute_payment(loan, terms, notes, paid))
    loan.worst_days_past_due = servicing_columns(loan, rows, terms, today)["worst_days_past_due"]
    plan = plan_repayment(loan, terms, rows, notes, amount=amount, on=today, mode=extra_mode, credit=brought.credit)
    return RepaymentPreview(plan, servicing_columns(loan, plan.rows, terms, today, credit=plan.credit_left))


def payment_choices(loan: Loan, amount: int, today: dt.date) -> list[RepaymentPreview]:
    """What a payment does in each way of using its extra money, the usual way first; one when there is no extra.

    A loan whose plan follows the money has its one way. Raises NothingToPay and AmountTooSmall.
    """
    usual = preview_repayment(loan_id=loan.pk, amount=amount, today=today)
    if usual.plan.closes_loan or not usual.has_extra or usual.plan.is_progressive:
        return [usual]
    others = [mode for mode in ExtraMode if mode != usual.plan.mode]
    return [
        usual,
        *(preview_repayment(loan_id=loan.pk, amount=amount, today=today, extra_mode=mode) for mode in others),
    ]


@once(model=Repayment, operation="loans.record_repayment")
def record_repayment(
    *,
    loan_id: int,
    amount: int,
    method: RepaymentMethod,
    value_date: dt.date,
    bank_reference: str = "",
    extra_mode: ExtraMode | None = None,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> Repayment:
    """Pay `amount` minor units: from the wallet at once (rule REP), or as money sent to us, which waits for staff.

    Money sent to us is confirmed at once when the platform does so (demo). `extra_mode` says what money above the
    amount due does; None keeps up to the next payment for that, else it is the product's way. A way that changes the
    plan takes what was kept before with it. What is above the pay-off figure goes to the borrower's wallet.

    Raises NothingToPay, AmountTooSmall, AboveCeiling, DateInFuture, BeforeDisbursement, PeriodClosed, WalletPaysToday,
    BeforeLastPayment, NotYourPayment, InsufficientBalance.
    """
    is_wallet = method != RepaymentMethod.DECLARED
    is_settled = is_wallet or platform_rules().auto_confirm_money
    loan = lock_guard(Loan.objects.filter(pk=loan_id), is_written_later=is_settled)
    _require_payer(loan, method, actor)
    _require_owing(loan, amount)
    if not is_wallet:
        # What a wallet holds was found before; only what is told of can be a slip of the finger.
        require_below_ceiling(amount)
    _require_date(loan, value_date, today)
    if is_wallet and value_date != today:
        raise WalletPaysToday(today=today)
    repayment = Repayment(
        reference=new_reference("RP"),
        loan=loan,
        payer_id=loan.borrower_id,
        amount=amount,
        method=method,
        extra_mode=extra_mode or "",
        value_date=value_date,
        bank_reference=bank_reference,
        status=RepaymentStatus.DECLARED,
    )
    if is_settled:
        return _settle(loan, repayment, None if not is_wallet else actor, today)
    repayment.save()
    _audit(repayment, "declared", actor)
    return repayment


@once(model=Repayment, operation="loans.confirm_repayment")
def confirm_repayment(
    *, repayment_id: int, value_date: dt.date, actor: User | None, idempotency_key: str, today: dt.date
) -> Repayment:
    """Confirm that declared money arrived on `value_date`: allocate, split and post it (rule REP).

    A payment that is older than an instalment which fell due meanwhile counts on that due date. On a loan that was
    closed meanwhile, all of it goes to the borrower's wallet. Money that was sent in a period which was closed before
    it was found counts on a day after it. From DEPOSIT_SECOND_PERSON_ABOVE, by the sum of the payer's day, a second
    person is asked in place of that: the payment comes back as it was, and the request does it.

    Raises AlreadyAsked, AlreadyDecided, DateInFuture, BeforeDisbursement, PeriodClosed, BeforeLastPayment, OwnPayment,
    NotYourPayment.
    """
    loan, repayment = _lock_declared(repayment_id, actor)
    _require_date(loan, value_date, today)
    if actor is not None and needs_two(repayment.payer, repayment.amount, today):
        request_payment(repayment, value_date, actor=actor, today=today)
        return repayment
    return settle_found(loan, repayment, value_date, actor=actor, today=today)


def settle_found(
    loan: Loan, repayment: Repayment, value_date: dt.date, *, actor: User | None, today: dt.date
) -> Repayment:
    """The last step of `confirm_repayment`. Call under the guards of loan and payment. Raises AlreadyDecided."""
    require_declared(repayment)
    _require_date(loan, value_date, today)
    repayment.value_date = value_date
    return _settle(loan, repayment, actor, today)


def require_declared(repayment: Repayment) -> None:
    """Raises AlreadyDecided unless the payment waits to be found."""
    if repayment.status != RepaymentStatus.DECLARED:
        raise AlreadyDecided(status=repayment.status)


@once(model=Repayment, operation="loans.reject_repayment")
def reject_repayment(
    *, repayment_id: int, note: str, actor: User | None, idempotency_key: str, today: dt.date
) -> Repayment:
    """Say that declared money was not found; nothing is posted. Raises AlreadyDecided, OwnPayment, NotYourPayment."""
    loan, repayment = _lock_declared(repayment_id, actor)
    drop_requests("repayment", repayment.reference, today=today)
    repayment.status = RepaymentStatus.REJECTED
    repayment.decided_by, repayment.decided_at, repayment.decision_note = actor, clock.now(), note
    repayment.save()
    _audit(repayment, "rejected", actor, note)
    notify_not_found(loan, repayment)
    return repayment


def _settle(loan: Loan, repayment: Repayment, actor: User | None, today: dt.date) -> Repayment:
    if repayment.method == RepaymentMethod.DECLARED:
        repayment.decided_by, repayment.decided_at, repayment.found_on = actor, clock.now(), today
    terms = LoanTerms.from_json(loan.frozen_terms)
    is_owing = loan.status in LoanStatus.owing()
    if is_owing and repayment.value_date < today and is_progressive(loan, terms):
        # Its interest depends on the day, so the payment counts on its own.
        bring_forward(loan, today=today)
        narrative = _t("Payment %(reference)s counts on an earlier day") % {"reference": repayment.reference}
        repayment.is_told = False
        post_backdated_payment(loan, terms, repayment, narrative=narrative, actor=actor, today=today)
    else:
        rows = live_instalments(loan)
        on = _allocation_date(loan, repayment.value_date, rows, today)
        post_and_bring_forward(loan, repayment, rows, on=on, actor=actor, today=today)
    cure_if_paid(loan, actor=actor, today=today)
    if repayment.method == RepaymentMethod.DECLARED:
        _audit(repayment, "confirmed", actor)
    return repayment


def _lock_declared(repayment_id: int, actor: User | None) -> tuple[Loan, Repayment]:
    found = Repayment.objects.get(pk=repayment_id)
    loan = lock_guard(Loan.objects.filter(pk=found.loan_id))
    repayment = lock_guard(Repayment.objects.filter(pk=repayment_id))
    if actor is not None:
        if actor.role != Role.STAFF:
            raise NotYourPayment
        if actor.pk == repayment.payer_id:
            raise OwnPayment
    require_declared(repayment)
    return loan, repayment


def _require_payer(loan: Loan, method: RepaymentMethod, actor: User | None) -> None:
    """The borrower pays; staff may enter money that arrived, never take it from a wallet; None is a job."""
    if actor is None or actor.pk == loan.borrower_id:
        return
    if actor.role != Role.STAFF or method != RepaymentMethod.DECLARED:
        raise NotYourPayment


def _require_owing(loan: Loan, amount: int) -> None:
    if loan.status not in LoanStatus.owing():
        raise NothingToPay(status=loan.status)
    if amount <= 0:
        raise AmountTooSmall


def _require_date(loan: Loan, value_date: dt.date, today: dt.date) -> None:
    if value_date > today:
        raise DateInFuture(today=today)
    if value_date < required(loan.disbursed_on, "disbursed_on"):
        raise BeforeDisbursement(paid_out_on=loan.disbursed_on)
    # The books can't be closed for today, so a payment of today need not ask.
    if value_date < today:
        require_open_period(value_date)


def _allocation_date(loan: Loan, value_date: dt.date, rows: list[Instalment], today: dt.date) -> dt.date:
    """The day on which a payment is allocated. Raises BeforeLastPayment.

    What was posted after its date without depending on it (an instalment fell due, or was paid by money paid ahead)
    moves it to that day; what would have come out otherwise (another payment, a late fee) refuses it.
    """
    if value_date == today:
        return today
    earlier = Repayment.objects.filter(loan=loan, status=RepaymentStatus.CONFIRMED)
    dates = list(earlier.values_list("value_date", "counted_on", "method"))
    fixed = [paid_on for paid_on, _counted_on, method in dates if method != RepaymentMethod.CREDIT]
    fixed += [row.late_fee_charged_on for row in rows if row.late_fee_charged_on]
    last = max(fixed, default=value_date)
    if value_date < last:
        raise BeforeLastPayment(
            _t(
                "A payment or late fee of %(day)s came after this date. Enter the money as a payment of an earlier "
                "day, on the page of the loan: then it counts on its own day. Close this one with a note that says so."
            )
            % {"day": format_day(last)},
            last=last,
        )
    fallen_due = [row.due_date for row in rows if row.due_date <= today and _fell_due(row)]
    return max(
        [value_date, *fallen_due, *(required(counted_on, "counted_on") for _paid_on, counted_on, _method in dates)]
    )


def _fell_due(row: Instalment) -> bool:
    was_paid_ahead = row.settled_on is not None and row.settled_on < row.due_date
    is_posted = row.interest_posted == row.interest_due - row.interest_removed
    return row.status != InstalmentStatus.SCHEDULED and is_posted and not was_paid_ahead


def _audit(repayment: Repayment, action: str, actor: User | None, reason: str = "") -> None:
    data = {"amount": repayment.amount, "value_date": str(repayment.value_date), "method": repayment.method}
    record_about(repayment, action, actor, reason=reason, data=data)

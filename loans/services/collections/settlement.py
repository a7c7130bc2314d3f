"""Settling a loan for less: offered by one person, agreed by another, closed when the borrower pays it."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums.people import ApprovalKind, ApprovalState, Role
from accounts.models import ApprovalRequest, User
from accounts.services.idempotency import once
from loans.account.balances import OutstandingBalance, outstanding_balance
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.collections import LossKind, SettlementStatus
from loans.enums.loan import ExtraMode, LoanStatus, RepaymentMethod, RepaymentStatus
from loans.enums.permissions import RECORD_RECOVERIES, WORK_COLLECTIONS
from loans.models import Loan, LoanLoss, Repayment, SettlementOffer
from loans.services.approvals.approved_figures import (
    FiguresChanged,
    figures_of,
    require_approved_figures,
    require_no_waiting_payment,
)
from loans.services.approvals.permissions import require_loan_permission
from loans.services.approvals.request import request_loan_approval
from loans.services.collections.acceleration import accelerate
from loans.services.collections.waivers import ReasonMissing
from loans.services.collections.write_off import close_with_loss
from loans.services.notices.collections import notify_settled, notify_settlement_offered
from loans.services.repayments.record import WalletPaysToday
from loans.services.servicing.apply_payment import post_and_bring_forward
from loans.services.servicing.lifecycle import NotYourLoan, record_step
from loans.services.servicing.locking import lock_current_loan, lock_owing_loan
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import InvalidTransition, Refused


class NotLessThanOwed(Refused):
    """A settlement is for less than the loan owes; else it is simply paid off."""

    code = "not_less_than_owed"
    default_message = gettext_lazy("The amount must be above zero and less than what is owed.")


class PayByPassed(Refused):
    """The last day of the offer is over, or was never in the future."""

    code = "pay_by_passed"
    status = 409
    default_message = gettext_lazy("The last day to pay this offer is over.")


class SettlementOpen(Refused):
    """One offer at a time."""

    code = "settlement_open"
    status = 409
    default_message = gettext_lazy("There is an offer for this loan already.")


class OutsideOffer(Refused):
    """The agreed amount counts from the day of the offer to its last day."""

    code = "outside_offer"
    default_message = gettext_lazy("Give the day on which the money arrived: from the offer to its last day.")


class SettlementEnded(InvalidTransition):
    """The offer was paid, refused or ran out."""

    code = "settlement_ended"
    default_message = gettext_lazy("This offer is not open any more. The page was out of date.")


def preview_settlement(loan: Loan, today: dt.date) -> OutstandingBalance:
    """What is owed on `today` beside money paid ahead, which is used first.

    An offer must be below its total, and what is not paid of it is waived.
    """
    terms = LoanTerms.from_json(loan.frozen_terms)
    return outstanding_balance(live_instalments(loan), today).less_credit(loan.credit_held, terms.allocation_order)


@once(model=SettlementOffer, operation="loans.offer_settlement")
def offer_settlement(
    *,
    loan_id: int,
    amount: int,
    pay_by: dt.date,
    reason: str,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> SettlementOffer:
    """Ask a second person to let the borrower close the loan with `amount` minor units, paid by `pay_by`.

    Raises StaffOnly, MissingPermission, OwnLoan, LoanNotOwing, NotLessThanOwed, PayByPassed, ReasonMissing,
    SettlementOpen, AlreadyAsked, NoMaker.
    """
    reason = reason.strip()
    loan = lock_owing_loan(loan_id, today)
    require_loan_permission(actor, WORK_COLLECTIONS, loan)
    if not reason:
        raise ReasonMissing
    if SettlementOffer.objects.filter(open_key=loan.pk).exists():
        raise SettlementOpen
    owed = _require_offer(loan, amount, pay_by, today)
    offer = SettlementOffer(
        reference=new_reference("SO"),
        loan=loan,
        amount=amount,
        reason=reason,
        open_key=loan.pk,
        offered_on=today,
        pay_by=pay_by,
    )
    _ask(loan, offer, owed, actor, today)
    return offer


@once(model=SettlementOffer, operation="loans.pay_settlement")
def pay_settlement(
    *,
    settlement_id: int,
    method: RepaymentMethod,
    bank_reference: str = "",
    arrived_on: dt.date | None = None,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> SettlementOffer:
    """Pay the agreed amount today and close the loan: the rest is waived, part by part (rules REP and WOFF).

    The borrower pays from the wallet; staff enter money that arrived, on `arrived_on` (today when None). Money that
    arrived by the last day of the offer is in time, however late it is found: it pays what is owed when it is entered,
    and what came since is waived with the rest. Raises SettlementEnded, PayByPassed, OutsideOffer,
    NotLessThanOwed, FiguresChanged, PaymentWaiting, LoanNotOwing, NotYourLoan, MissingPermission, InsufficientBalance.
    """
    arrived_on = arrived_on or today
    found = SettlementOffer.objects.get(pk=settlement_id)
    loan = lock_owing_loan(found.loan_id, today)
    _require_payer(loan, method, actor)
    offer = SettlementOffer.objects.select_related("approval").get(pk=settlement_id)
    if method == RepaymentMethod.WALLET and arrived_on != today:
        raise WalletPaysToday(today=today)
    require_payable(offer, arrived_on, today)
    owed = _require_less(loan, offer.amount, today)
    if owed.principal > offer.approval.payload["principal"]:
        # A payment came back, or a new plan added to the loan: more would be given up than two people agreed to.
        raise FiguresChanged(asked=offer.approval.payload["principal"], now=owed.principal)
    require_no_waiting_payment(loan)
    # All that is owed is due first, so that the money pays what is owed today and no interest to come.
    accelerate(loan, reason=_("Settled for less: everything is due"), actor=actor, today=today)
    repayment = _repayment(loan, offer, method, bank_reference, actor, arrived_on)
    post_and_bring_forward(loan, repayment, live_instalments(loan), on=today, actor=actor, today=today)
    Repayment.objects.filter(pk=repayment.pk).update(is_told=True)
    loss = close_with_loss(loan, live_instalments(loan), LossKind.SETTLEMENT, offer.approval, actor=actor, today=today)
    offer.repayment = repayment
    _end(offer, SettlementStatus.PAID, today)
    _record_and_tell(loan, offer, loss, actor)
    return offer


def require_payable(offer: SettlementOffer, arrived_on: dt.date, today: dt.date) -> None:
    """Raises SettlementEnded, PayByPassed, OutsideOffer unless money of that day pays the offer today."""
    was_agreed = offer.approval.state == ApprovalState.APPROVED
    # An offer that ran out still takes what had arrived before.
    ran_out = offer.status == SettlementStatus.EXPIRED and arrived_on < today
    if not was_agreed or not (offer.status == SettlementStatus.OPEN or ran_out):
        raise SettlementEnded(status=offer.status)
    if arrived_on == today > offer.pay_by:
        raise PayByPassed(pay_by=offer.pay_by)
    if not offer.offered_on <= arrived_on <= min(offer.pay_by, today):
        raise OutsideOffer(offered_on=offer.offered_on, pay_by=offer.pay_by)


def open_settlement(loan: Loan, approval: ApprovalRequest, *, actor: User, today: dt.date) -> SettlementOffer:
    """Let the borrower pay what was approved. Call under the loan's guard.

    Raises NotLessThanOwed, PayByPassed, FiguresChanged.
    """
    offer = approval.settlement
    owed = _require_offer(loan, offer.amount, offer.pay_by, today)
    require_approved_figures(approval, owed)
    offer.status = SettlementStatus.OPEN
    offer.save(update_fields=["status", "updated_at"])
    notify_settlement_offered(loan, offer)
    return offer


def ask_settlement_again(
    loan: Loan, approval: ApprovalRequest, *, actor: User | None, today: dt.date
) -> ApprovalRequest:
    """Ask for the same offer with what is owed today. Call under the loan's guard, once the old request has ended.

    Raises NotLessThanOwed, PayByPassed, AlreadyAsked, NoMaker.
    """
    offer = approval.settlement
    return _ask(loan, offer, _require_offer(loan, offer.amount, offer.pay_by, today), actor, today)


def refuse_settlement(loan: Loan, approval: ApprovalRequest, *, today: dt.date) -> None:
    """The second person said no. Call under the loan's guard."""
    _end(approval.settlement, SettlementStatus.REFUSED, today)


def expire_settlement(loan: Loan, approval: ApprovalRequest, *, today: dt.date) -> None:
    """Nobody decided in time. Call under the loan's guard."""
    _end(approval.settlement, SettlementStatus.EXPIRED, today)


def end_settlement_unpaid(*, settlement_id: int, today: dt.date) -> bool:
    """End an offer that was not paid by its day, or whose loan was closed otherwise; says whether it did."""

    def run() -> bool:
        found = SettlementOffer.objects.get(pk=settlement_id)
        loan = lock_current_loan(found.loan_id, today)
        offer = SettlementOffer.objects.get(pk=settlement_id)
        is_over = today > offer.pay_by or loan.status not in LoanStatus.owing()
        if offer.status != SettlementStatus.OPEN or not is_over:
            return False
        _end(offer, SettlementStatus.EXPIRED, today)
        record_step(loan, "settlement_expired", actor=None, data={"settlement": offer.reference})
        return True

    return run_money(run)


def _ask(
    loan: Loan, offer: SettlementOffer, owed: OutstandingBalance, actor: User | None, today: dt.date
) -> ApprovalRequest:
    payload = {
        "settlement": offer.reference,
        "amount": offer.amount,
        "pay_by": offer.pay_by.isoformat(),
        **figures_of(owed),
    }
    offer.approval = request_loan_approval(
        loan,
        ApprovalKind.SETTLEMENT,
        payload,
        effect=owed.total - offer.amount,
        reason=offer.reason,
        actor=actor,
        today=today,
    )
    offer.save()
    return offer.approval


def _require_offer(loan: Loan, amount: int, pay_by: dt.date, today: dt.date) -> OutstandingBalance:
    if pay_by < today:
        raise PayByPassed(pay_by=pay_by)
    return _require_less(loan, amount, today)


def _require_less(loan: Loan, amount: int, today: dt.date) -> OutstandingBalance:
    owed = preview_settlement(loan, today)
    if not 0 < amount < owed.total:
        raise NotLessThanOwed(owed=owed.total)
    return owed


def _require_payer(loan: Loan, method: RepaymentMethod, actor: User | None) -> None:
    if actor is not None and actor.role == Role.STAFF and method == RepaymentMethod.DECLARED:
        require_loan_permission(actor, RECORD_RECOVERIES, loan)
    elif actor is None or actor.pk != loan.borrower_id or method != RepaymentMethod.WALLET:
        raise NotYourLoan


def _repayment(
    loan: Loan,
    offer: SettlementOffer,
    method: RepaymentMethod,
    bank_reference: str,
    actor: User | None,
    arrived_on: dt.date,
) -> Repayment:
    is_declared = method == RepaymentMethod.DECLARED
    return Repayment(
        reference=new_reference("RP"),
        loan=loan,
        payer_id=loan.borrower_id,
        amount=offer.amount,
        method=method,
        extra_mode=ExtraMode.CREDIT,
        value_date=arrived_on,
        bank_reference=bank_reference,
        status=RepaymentStatus.DECLARED,
        decided_by=actor if is_declared else None,
        decided_at=clock.now() if is_declared else None,
    )


def _end(offer: SettlementOffer, status: SettlementStatus, today: dt.date) -> None:
    offer.status, offer.open_key, offer.ended_on = status, None, today
    offer.save()


def _record_and_tell(loan: Loan, offer: SettlementOffer, loss: LoanLoss, actor: User | None) -> None:
    data = {"settlement": offer.reference, "paid": offer.amount, "waived": loss.total}
    record_step(loan, "settlement_paid", actor=actor, data=data)
    notify_settled(loan, loss)

"""Fees and penalties that staff add to a loan whose plan follows the money, and take away again for a reason."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.idempotency import once
from accounts.services.mail.notifications import notify
from ledger.enums.books import EntryKind
from ledger.models import JournalEntry
from ledger.services.closed_period import require_open_period
from ledger.services.posting import post_entry
from loans.account.progressive import charge_event, events_of, is_progressive, picture_of, unpaid_charges
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.loan import ChargeBase, ChargePart
from loans.enums.permissions import WAIVE_CHARGES, WORK_COLLECTIONS
from loans.journal.collections import waiver_lines
from loans.journal.servicing import late_fee_lines
from loans.models import Loan, LoanCharge
from loans.services.approvals.permissions import require_loan_permission
from loans.services.collections.waivers import NothingToWaive, ReasonMissing
from loans.services.servicing.accrual_posting import post_calendar
from loans.services.servicing.apply_payment import bring_forward_after_payment
from loans.services.servicing.lifecycle import record_step
from loans.services.servicing.locking import lock_owing_loan
from loans.services.servicing.reprocessing import payments_from, reprocess, roll_back
from loans.services.servicing.state import close_if_nothing_is_owed
from p2plending.lib.database.references import new_reference
from p2plending.lib.errors import InvalidTransition, Refused, required
from p2plending.lib.formatting import format_money


class PlanIsFixed(Refused):
    """Only a plan that follows the money takes charges; another one has the fees that were agreed."""

    code = "plan_is_fixed"
    status = 409
    default_message = _("The payment plan of this loan is fixed. Charges can't be added to it or taken from it.")


class NothingToCharge(Refused):
    """A charge is an amount, or a rate of every payment: one of them, above zero."""

    code = "nothing_to_charge"
    default_message = _("Enter an amount above zero, or a rate above zero for a charge on every payment.")


class ChargeBeforeDisbursement(Refused):
    """A charge can't be older than the loan."""

    code = "charge_before_payout"
    default_message = _("The charge can't be due before the loan was paid out.")


class AlreadyWaived(InvalidTransition):
    """A charge is waived once."""

    code = "already_waived"
    default_message = _("This charge was waived before. The page was out of date.")


@once(model=LoanCharge, operation="loans.add_charge")
def add_charge(
    *,
    loan_id: int,
    part: ChargePart,
    due_on: dt.date | None,
    amount: int = 0,
    rate: Decimal = Decimal(0),
    base: ChargeBase | None = None,
    reason: str,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> LoanCharge:
    """Add a charge that is due on a day, or (no `due_on`) on every payment: `amount` minor units or `rate` of `base`.

    It is owed from today (rule LATE). One that was due before today counts from its day: payments since then are
    worked out again. Raises StaffOnly, MissingPermission, OwnLoan, LoanNotOwing, PlanIsFixed, NothingToCharge,
    ChargeBeforeDisbursement, ReasonMissing, PeriodClosed, PlanAgreedSince.
    """
    charge = LoanCharge(
        loan_id=loan_id, part=part, due_on=due_on, amount=amount, rate=rate, base=base or "", reason=reason.strip()
    )
    return enter_charge(charge, actor=actor, today=today)


@once(model=LoanCharge, operation="loans.waive_charge")
def waive_charge(
    *, charge_id: int, reason: str, actor: User | None, idempotency_key: str, today: dt.date
) -> LoanCharge:
    """Waive what is unpaid of a charge (rule WAIVE); the last thing owed closes the loan.

    Raises StaffOnly, MissingPermission, OwnLoan, LoanNotOwing, PlanIsFixed, AlreadyWaived, NothingToWaive,
    ReasonMissing.
    """
    reason = reason.strip()
    loan = lock_owing_loan(LoanCharge.objects.get(pk=charge_id).loan_id, today)
    require_loan_permission(actor, WAIVE_CHARGES, loan)
    terms = LoanTerms.from_json(loan.frozen_terms)
    charge = LoanCharge.objects.get(pk=charge_id)
    if not is_progressive(loan, terms):
        raise PlanIsFixed
    if not reason:
        raise ReasonMissing
    if charge.waived_on or charge.is_undone:
        raise AlreadyWaived
    unpaid = unpaid_charges(loan, terms, today).get(charge.reference, 0)
    if not unpaid:
        raise NothingToWaive
    charge.waived, charge.waived_on, charge.waived_by, charge.waiver_reason = unpaid, today, actor, reason
    charge.waiver_entry = _post_waiver(loan, charge, actor, today)
    charge.save()
    record_step(loan, "charge_waived", actor=actor, reason=reason, data={"charge": charge.reference, "amount": unpaid})
    rows = live_instalments(loan)
    post_calendar(loan, terms, rows, until=today, actor=None)
    if not close_if_nothing_is_owed(loan, actor=actor, today=today):
        bring_forward_after_payment(loan, terms, rows, closed_on=None, actor=actor, today=today)
    return charge


def enter_charge(charge: LoanCharge, *, actor: User | None, today: dt.date) -> LoanCharge:
    """The steps of `add_charge` for a charge that is not stored yet; call inside `run_money` or `run_dry`.

    Refuses what `add_charge` refuses.
    """
    charge.reference, charge.entered_on, charge.actor = new_reference("LC"), today, actor
    loan = lock_owing_loan(charge.loan_id, today)
    require_loan_permission(actor, WORK_COLLECTIONS, loan)
    terms = LoanTerms.from_json(loan.frozen_terms)
    _require_possible(loan, terms, charge)
    if charge.due_on is not None and charge.due_on < today:
        _add_in_the_past(loan, terms, charge, actor, today)
    else:
        _store(loan, terms, charge, actor, today)
        rows = live_instalments(loan)
        post_calendar(loan, terms, rows, until=today, actor=None)
        bring_forward_after_payment(loan, terms, rows, closed_on=None, actor=actor, today=today)
    data = {"charge": charge.reference, "amount": charge.total, "due_on": str(charge.due_on or "")}
    record_step(loan, "charge_added", actor=actor, reason=charge.reason, data=data)
    _notify_charged(loan, charge)
    return charge


def _require_possible(loan: Loan, terms: LoanTerms, charge: LoanCharge) -> None:
    if not is_progressive(loan, terms):
        raise PlanIsFixed
    if charge.amount < 0 or charge.rate < 0 or bool(charge.amount) == bool(charge.rate):
        raise NothingToCharge
    if charge.rate and charge.due_on is not None:
        raise NothingToCharge
    if not charge.reason:
        raise ReasonMissing
    if charge.due_on is not None and charge.due_on < required(loan.disbursed_on, "disbursed_on"):
        raise ChargeBeforeDisbursement(paid_out_on=loan.disbursed_on)


def _add_in_the_past(loan: Loan, terms: LoanTerms, charge: LoanCharge, actor: User | None, today: dt.date) -> None:
    """It counts before everything else of its day, so the loan is taken back to the day before."""
    due_on = required(charge.due_on, "due_on")
    require_open_period(due_on, field="due_on")
    before = due_on - dt.timedelta(days=1)
    later = payments_from(loan, after=before)
    narrative = _t("Charge %(reference)s counts on an earlier day") % {"reference": charge.reference}
    roll_back(loan, terms, later, to=before, narrative=narrative, actor=actor, today=today)
    _store(loan, terms, charge, actor, today)
    rows, closing = reprocess(loan, terms, later, actor=actor, today=today)
    closed_on = closing.counted_on if closing else None
    bring_forward_after_payment(loan, terms, rows, closed_on=closed_on, actor=actor, today=today, posted_on=today)


def _store(loan: Loan, terms: LoanTerms, charge: LoanCharge, actor: User | None, today: dt.date) -> None:
    charge.total = _total(loan, terms, charge, today)
    if not charge.total:
        raise NothingToCharge
    charge.entry = post_entry(
        kind=EntryKind.LATE_FEE_CHARGED,
        key=f"charge:{charge.reference}",
        value_date=today,
        lines=late_fee_lines(loan.reference, charge.total),
        actor=actor,
        narrative=_t("%(reason)s, on loan %(loan)s") % {"reason": charge.reason, "loan": loan.reference},
        subject_type="loan",
        subject_reference=loan.reference,
    )
    charge.save()


def _total(loan: Loan, terms: LoanTerms, charge: LoanCharge, today: dt.date) -> int:
    if charge.due_on is not None:
        return charge.amount
    picture = picture_of(loan, terms, [*events_of(loan), charge_event(charge)], today)
    return next((shown.amount for shown in picture.charges if shown.reference == charge.reference), 0)


def _post_waiver(loan: Loan, charge: LoanCharge, actor: User | None, today: dt.date) -> JournalEntry:
    return post_entry(
        kind=EntryKind.WAIVER,
        key=f"waive:{charge.reference}",
        value_date=today,
        lines=waiver_lines(loan.reference, interest=0, late_fee=charge.waived),
        actor=actor,
        narrative=_t("Charge waived on loan %(loan)s") % {"loan": loan.reference},
        subject_type="loan",
        subject_reference=loan.reference,
    )


def _notify_charged(loan: Loan, charge: LoanCharge) -> None:
    words = _t("%(amount)s was added to loan %(loan)s: %(reason)s.")
    notify(
        user=loan.borrower,
        key=f"charge:{charge.reference}",
        event="charge_added",
        title=_t("A charge was added to your loan"),
        body=words % {"amount": format_money(charge.total), "loan": loan.reference, "reason": charge.reason},
        link=reverse("loans:loan", args=[loan.reference]),
        is_required=True,
    )

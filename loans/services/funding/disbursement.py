"""Paying a signed loan out: all or nothing, in one transaction."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors.eligibility import Action, require_may
from accounts.services.approvals.permissions import require_staff
from accounts.services.idempotency import once
from ledger.enums.books import EntryKind
from ledger.services.posting import post_entry
from loans.account.pricing import quote_of_loan
from loans.account.progressive import FIRST_VERSION
from loans.enums.loan import CommitmentStatus, LoanEvent
from loans.finance import Quote
from loans.journal.funding import disbursement_lines
from loans.models import Commitment, Instalment, Loan, Note, ScheduleVersion
from loans.services.notices.origination import notify_paid_out, notify_started
from loans.services.servicing.lifecycle import move_loan, require_state
from loans.services.servicing.locking import lock_current_loan
from p2plending.lib.database.references import new_reference
from p2plending.lib.errors import Refused


class NotSigned(Refused):
    """No pay-out without a signed agreement."""

    code = "not_signed"
    status = 409
    default_message = _("The agreement is not signed yet.")


class LoanFrozen(Refused):
    """A check holds the loan."""

    code = "loan_frozen"
    status = 409
    default_message = _("This loan is being checked. Nothing moves until that is done.")


class ReservedDiffers(Refused):
    """The reserved money is not the principal: something is wrong and nothing is paid out."""

    code = "reserved_differs"
    status = 409
    default_message = _("The money reserved for this loan is not its amount. Nothing was paid out.")


@once(model=Loan, operation="loans.disburse_loan")
def disburse_loan(*, loan_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> Loan:
    """Pay the loan out on `today`: reserved money less the fee to the borrower's wallet, notes, and the schedule.

    Raises StaffOnly, InvalidTransition, NotSigned, LoanFrozen, ReservedDiffers, and the refusals of the gate for
    applying when the borrower was suspended meanwhile.
    """
    require_staff(actor)
    loan = lock_current_loan(loan_id, today)
    require_state(loan, LoanEvent.DISBURSE)
    if loan.signed_at is None:
        raise NotSigned
    if loan.is_frozen:
        raise LoanFrozen
    require_may(loan.borrower, Action.APPLY)
    held = loan.commitments.filter(status__in=CommitmentStatus.holding())
    commitments = list(held.select_related("lender").order_by("pk"))
    reserved = sum(commitment.amount for commitment in commitments)
    if reserved != loan.principal:
        raise ReservedDiffers(reserved=reserved, principal=loan.principal)
    quoted = quote_of_loan(loan, today)
    post_entry(
        kind=EntryKind.LOAN_DISBURSED,
        key=f"disburse:{loan.reference}",
        value_date=today,
        lines=disbursement_lines(loan, commitments),
        actor=actor,
        narrative=f"Loan {loan.reference} paid out",
        subject_type="loan",
        subject_reference=loan.reference,
    )
    _make_notes(loan, commitments, today)
    _freeze_schedule(loan, quoted, actor, today)
    _activate(loan, quoted, actor, today)
    notify_paid_out(loan)
    notify_started(loan, commitments, today)
    return loan


def _make_notes(loan: Loan, commitments: list[Commitment], today: dt.date) -> None:
    Note.objects.bulk_create(
        Note(
            reference=new_reference("NT"),
            loan=loan,
            owner_id=commitment.lender_id,
            commitment=commitment,
            principal=commitment.amount,
            principal_outstanding=commitment.amount,
            issued_on=today,
        )
        for commitment in commitments
    )
    ids = [commitment.pk for commitment in commitments]
    Commitment.objects.filter(pk__in=ids).update(status=CommitmentStatus.CONVERTED, ended_on=today)


def _freeze_schedule(loan: Loan, quoted: Quote, actor: User | None, today: dt.date) -> None:
    ScheduleVersion.objects.create(loan=loan, number=FIRST_VERSION, reason="Paid out", starts_on=today, actor=actor)
    Instalment.objects.bulk_create(
        Instalment(
            loan=loan,
            schedule_version=FIRST_VERSION,
            number=line.number,
            period_start=line.period_start,
            due_date=line.due_date,
            principal_due=line.principal,
            interest_due=line.interest,
        )
        for line in quoted.schedule.lines
    )


def _activate(loan: Loan, quoted: Quote, actor: User | None, today: dt.date) -> None:
    lines = quoted.schedule.lines
    # Nothing is due in a first period that is free of both principal and interest.
    first = next(line for line in lines if line.payment)
    move_loan(
        loan,
        LoanEvent.DISBURSE,
        actor=actor,
        today=today,
        disbursed_on=today,
        maturity_date=lines[-1].due_date,
        schedule_version=FIRST_VERSION,
        principal_outstanding=loan.principal,
        next_due_on=first.due_date,
        next_due_amount=first.payment,
        total_payment=quoted.total_payment,
        apr_nominal=quoted.apr_nominal,
        apr_effective=quoted.apr_effective,
        rolled_forward_to=today,
    )

"""Writing a loan off: one person asks, another agrees, and principal, interest and fees leave the books together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.services.idempotency import once
from ledger.enums.books import EntryKind
from ledger.services.posting import post_entry
from loans.account.balances import REMOVED_COLUMNS, OutstandingBalance, cancel_rows, outstanding_balance, unpaid_rows
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.collections import DefaultCause, LossKind
from loans.enums.loan import InstalmentStatus, LoanEvent, LoanStatus, NoteStatus
from loans.enums.permissions import WORK_COLLECTIONS
from loans.journal.collections import loss_lines, recognition_lines
from loans.models import Instalment, Loan, LoanLoss
from loans.services.approvals.approved_figures import figures_of, require_approved_figures, require_no_waiting_payment
from loans.services.approvals.permissions import require_loan_permission
from loans.services.approvals.request import request_loan_approval
from loans.services.collections.acceleration import accelerate
from loans.services.collections.waivers import ReasonMissing
from loans.services.notices.collections import notify_written_off
from loans.services.servicing.locking import lock_owing_loan
from loans.services.servicing.state import close_notes, move_with_columns
from p2plending.lib.errors import Refused

CLOSING = {
    LossKind.WRITE_OFF: (InstalmentStatus.WRITTEN_OFF, NoteStatus.WRITTEN_OFF, LoanEvent.WRITE_OFF),
    LossKind.SETTLEMENT: (InstalmentStatus.WAIVED, NoteStatus.SETTLED, LoanEvent.SETTLE),
}


class NotInDefault(Refused):
    """A loan that still runs is written off only after bankruptcy, death or fraud."""

    code = "not_in_default"
    status = 409
    default_message = _("Only a loan in default can be written off. Choose another cause or declare the default first.")


def preview_write_off(loan: Loan, today: dt.date) -> OutstandingBalance:
    """What would be written off on `today`, part by part, once money paid ahead is used: the posting's own figures."""
    terms = LoanTerms.from_json(loan.frozen_terms)
    return outstanding_balance(live_instalments(loan), today).less_credit(loan.credit_held, terms.allocation_order)


@once(model=ApprovalRequest, operation="loans.request_write_off")
def request_write_off(
    *, loan_id: int, cause: DefaultCause, reason: str, actor: User | None, idempotency_key: str, today: dt.date
) -> ApprovalRequest:
    """Ask a second person to write the loan off. Nothing is posted yet.

    Raises StaffOnly, MissingPermission, OwnLoan, LoanNotOwing, NotInDefault, PaymentWaiting, ReasonMissing,
    AlreadyAsked, NoMaker.
    """
    loan = lock_owing_loan(loan_id, today)
    require_loan_permission(actor, WORK_COLLECTIONS, loan)
    if not reason.strip():
        raise ReasonMissing
    _require_ripe(loan, cause)
    require_no_waiting_payment(loan)
    return _ask(loan, cause, reason.strip(), actor, today)


def ask_write_off_again(
    loan: Loan, approval: ApprovalRequest, *, actor: User | None, today: dt.date
) -> ApprovalRequest:
    """Ask for the same write-off with today's figures. Call under the loan's guard, once the old request has ended.

    Raises NotInDefault, PaymentWaiting, AlreadyAsked, NoMaker.
    """
    cause = DefaultCause(approval.payload["cause"])
    _require_ripe(loan, cause)
    require_no_waiting_payment(loan)
    return _ask(loan, cause, approval.reason, actor, today)


def apply_write_off(loan: Loan, approval: ApprovalRequest, *, actor: User, today: dt.date) -> LoanLoss:
    """Do what was approved (rule WOFF), once money paid ahead has paid of the claims what it reaches.

    Call under the loan's guard, rolled forward to `today`. Raises NotInDefault, PaymentWaiting, FiguresChanged.
    """
    _require_ripe(loan, DefaultCause(approval.payload["cause"]))
    require_no_waiting_payment(loan)
    require_approved_figures(approval, preview_write_off(loan, today))
    if loan.credit_held:
        accelerate(loan, reason=_t("Written off: everything is due"), actor=actor, today=today)
    loss = close_with_loss(loan, live_instalments(loan), LossKind.WRITE_OFF, approval, actor=actor, today=today)
    notify_written_off(loan, loss)
    return loss


def close_with_loss(
    loan: Loan,
    rows: Sequence[Instalment],
    kind: LossKind,
    approval: ApprovalRequest,
    *,
    actor: User | None,
    today: dt.date,
) -> LoanLoss:
    """Take everything unpaid out of the books, end the notes with their loss, and close the loan.

    Interest earned up to `today` is recognised first, so that the loss says all of it. Call under the loan's guard.
    """
    instalment_status, note_status, event = CLOSING[kind]
    claims = outstanding_balance(rows, today)
    lines = recognition_lines(loan.reference, claims.interest_recognised) + loss_lines(
        loan.reference, principal=claims.principal, interest=claims.interest, late_fee=claims.late_fee
    )
    entry = post_entry(
        kind=EntryKind.WRITE_OFF,
        key=f"loss:{approval.reference}",
        value_date=today,
        lines=lines,
        actor=actor,
        narrative=f"Loan {loan.reference}: {kind.label}",
        subject_type="loan",
        subject_reference=loan.reference,
    )
    lost = unpaid_rows(rows)
    cancel_rows(lost, instalment_status)
    Instalment.objects.bulk_update(lost, REMOVED_COLUMNS)
    close_notes(loan, note_status, today)
    loss = LoanLoss.objects.create(
        loan=loan,
        open_key=loan.pk,
        kind=kind,
        principal=claims.principal,
        interest=claims.interest,
        late_fee=claims.late_fee,
        lost_on=today,
        reason=approval.reason,
        approval=approval,
        entry=entry,
    )
    move_with_columns(loan, event, actor=actor, today=today, reason=approval.reason)
    return loss


def _ask(loan: Loan, cause: DefaultCause, reason: str, actor: User | None, today: dt.date) -> ApprovalRequest:
    claims = preview_write_off(loan, today)
    payload = {"cause": str(cause), **figures_of(claims)}
    return request_loan_approval(
        loan, ApprovalKind.WRITE_OFF, payload, effect=claims.total, reason=reason, actor=actor, today=today
    )


def _require_ripe(loan: Loan, cause: DefaultCause) -> None:
    if loan.status != LoanStatus.DEFAULTED and cause == DefaultCause.DAYS_LATE:
        raise NotInDefault(status=loan.status)

"""A recovery that came back: one person asks, another agrees, and what it brought is taken back."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, OuterRef, Subquery
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.services.idempotency import once
from ledger.services.posting import reverse_entry
from loans.enums.loan import LoanEvent
from loans.enums.permissions import RECORD_RECOVERIES
from loans.models import Loan, Note, Recovery, RecoveryShare
from loans.services.approvals.permissions import require_loan_permission
from loans.services.approvals.request import request_undoing
from loans.services.collections.waivers import ReasonMissing
from loans.services.notices.collections import notify_recovery_back
from loans.services.servicing.lifecycle import move_loan
from loans.services.servicing.locking import lock_current_loan
from p2plending.lib import clock
from p2plending.lib.errors import InvalidTransition


class RecoveryUndone(InvalidTransition):
    """Money comes back once."""

    code = "recovery_undone"
    default_message = _("This recovery was undone before. The page was out of date.")


@once(model=ApprovalRequest, operation="loans.request_recovery_reversal")
def request_recovery_reversal(
    *, recovery_id: int, reason: str, actor: User | None, idempotency_key: str, today: dt.date
) -> ApprovalRequest:
    """Ask a second person to undo a recovery whose money came back. Nothing is posted yet.

    Raises StaffOnly, MissingPermission, OwnLoan, ReasonMissing, RecoveryUndone, AlreadyAsked, NoMaker.
    """
    found = Recovery.objects.get(pk=recovery_id)
    loan = lock_current_loan(found.loan_id, today)
    require_loan_permission(actor, RECORD_RECOVERIES, loan)
    if not reason.strip():
        raise ReasonMissing
    recovery = _counted(found.reference)
    return request_undoing(loan, ApprovalKind.RECOVERY, recovery, reason=reason, actor=actor, today=today)


def apply_recovery_reversal(loan: Loan, approval: ApprovalRequest, *, actor: User, today: dt.date) -> Recovery:
    """Mirror the recovery (rule REV): lenders give back their parts, who has spent it owes it to us, our fee too.

    What it brought is missing again. Call under the loan's guard. Raises RecoveryUndone.
    """
    recovery = _counted(approval.payload["recovery"])
    reverse_entry(
        entry=recovery.entry,
        key=f"reverse:{recovery.entry.reference}",
        value_date=today,
        actor=actor,
        narrative=_t("Recovery %(reference)s came back") % {"reference": recovery.reference},
        may_owe=True,
    )
    share = RecoveryShare.objects.filter(recovery=recovery, note=OuterRef("pk")).values("amount")[:1]
    Note.objects.filter(pk__in=RecoveryShare.objects.filter(recovery=recovery).values("note")).update(
        recovered=F("recovered") - Subquery(share), updated_at=clock.now()
    )
    recovery.undone_on = today
    recovery.save(update_fields=["undone_on", "updated_at"])
    move_loan(loan, LoanEvent.RECOVERY_BACK, actor=actor, today=today, reason=approval.reason)
    notify_recovery_back(loan, recovery)
    return recovery


def recovery_to_undo(approval: ApprovalRequest) -> Recovery:
    """The recovery that a request is about."""
    return Recovery.objects.select_related("loan", "entry").get(reference=approval.payload["recovery"])


def _counted(reference: str) -> Recovery:
    recovery = Recovery.objects.select_related("entry").get(reference=reference)
    if recovery.undone_on is not None:
        raise RecoveryUndone(undone_on=recovery.undone_on)
    return recovery

"""Duties of staff on a loan: somebody else's, and of their group."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.approvals.permissions import require_staff_permission
from loans.models import Loan
from p2plending.lib.errors import NotPermitted


class OwnLoan(NotPermitted):
    """Nobody decides about their own loan."""

    code = "own_loan_of_staff"
    default_message = _("Somebody else must decide about your own loan.")


def require_loan_permission(actor: User | None, duty: str, loan: Loan) -> None:
    """Raises StaffOnly, MissingPermission, OwnLoan; None is a job of the platform."""
    require_staff_permission(actor, duty)
    if actor is not None and actor.pk == loan.borrower_id:
        raise OwnLoan

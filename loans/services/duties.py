"""Duties of staff that a service checks itself, whatever page or command it was called from."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from loans.models import Loan
from loans.services.lifecycle import require_staff
from p2plending.lib.errors import NotPermitted


class NotYourDuty(NotPermitted):
    """Another group of staff does this."""

    code = "not_your_duty"
    default_message = _("Your group of staff can't do this. Ask somebody whose job it is.")


class OwnLoan(NotPermitted):
    """Nobody decides about their own loan."""

    code = "own_loan_of_staff"
    default_message = _("Somebody else must decide about your own loan.")


def require_duty(actor: User | None, duty: str, loan: Loan) -> None:
    """Raises StaffOnly, NotYourDuty, OwnLoan; None is a job of the platform."""
    require_staff(actor)
    if actor is None:
        return
    if not actor.has_perm(duty):
        raise NotYourDuty
    if actor.pk == loan.borrower_id:
        raise OwnLoan

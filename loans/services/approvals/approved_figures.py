"""What two people agree on: the figures that were asked for are those that are done, or nothing is."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import ApprovalRequest
from loans.account.balances import OutstandingBalance
from loans.enums.loan import RepaymentStatus
from loans.models import Loan, Repayment
from p2plending.lib.errors import Refused
from p2plending.lib.formatting import format_money

PARTS = ("principal", "interest", "late_fee")


class FiguresChanged(Refused):
    """What is owed is not what it was when this was asked for."""

    code = "figures_changed"
    status = 409
    default_message = _("What is owed has changed since this was asked for. Ask again with today's figures.")


class PaymentWaiting(Refused):
    """Money that the borrower says to have sent may be part of what is given up."""

    code = "payment_waiting"
    status = 409
    default_message = _("A payment on this loan is still being looked for. It must be decided first.")


def figures_of(claims: OutstandingBalance) -> dict[str, int]:
    """The parts of what is owed, in minor units, as a request for a second person holds them."""
    return {part: getattr(claims, part) for part in PARTS}


def require_approved_figures(approval: ApprovalRequest, claims: OutstandingBalance) -> None:
    """Raises FiguresChanged unless every part that is owed now is what the request says."""
    asked = {part: approval.payload.get(part) for part in PARTS}
    now = figures_of(claims)
    if asked != now:
        raise FiguresChanged(asked=asked, now=now)


def waiting_payment(loan: Loan) -> Repayment | None:
    """The oldest payment of the loan that the borrower says to have sent and that nobody has decided."""
    return Repayment.objects.filter(loan=loan, status=RepaymentStatus.DECLARED).order_by("pk").first()


def require_no_waiting_payment(loan: Loan) -> None:
    """Raises PaymentWaiting while a declared payment of the loan is not decided."""
    waiting = waiting_payment(loan)
    if waiting is not None:
        words = _("A payment of %(amount)s on this loan is still being looked for (%(reference)s). Decide it first.")
        message = words % {"amount": format_money(waiting.amount), "reference": waiting.reference}
        raise PaymentWaiting(message, repayment=waiting.reference)

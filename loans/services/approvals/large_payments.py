"""Money for loans that one member of staff may not take as arrived alone."""

from __future__ import annotations

import datetime as dt

from django.db.models import Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.services.approvals.requests import request_approval
from ledger.services.large_sums import lock_wallet
from loans.enums.loan import RepaymentStatus
from loans.models import Recovery, Repayment
from p2plending.lib.errors import NotPermitted
from p2plending.lib.formatting import format_money
from p2plending.lib.rules.values import platform_rules


class TwoPeopleNeeded(NotPermitted):
    """So much money is not entered by one person: it is told by the borrower, confirmed by one, agreed by another."""

    code = "two_people_needed"
    default_message = _("Two people must agree to so much money.")


def needs_two(payer: User, amount: int, today: dt.date) -> bool:
    """Whether `amount` minor units, with what else of the payer was taken as arrived today, reach the limit.

    The payer's wallet is locked, so that two payments found at the same moment see each other.
    """
    lock_wallet(payer)
    found = Repayment.objects.filter(payer=payer, found_on=today, status=RepaymentStatus.CONFIRMED)
    recovered = Recovery.objects.filter(payer=payer, entered_on=today, undone_on=None)
    total = sum(rows.aggregate(total=Sum("amount"))["total"] or 0 for rows in (found, recovered))
    return total + amount >= platform_rules().deposit_second_person_above


def require_for_one(payer: User, amount: int, *, actor: User | None, today: dt.date) -> None:
    """Raises TwoPeopleNeeded when one member of staff may not enter this as arrived. A job of the platform may."""
    if actor is None or actor.pk == payer.pk or not needs_two(payer, amount, today):
        return
    limit = platform_rules().deposit_second_person_above
    words = _t(
        "From %(limit)s a day, two people must agree that the money arrived. Ask the borrower to tell us of the "
        "payment: one of you then confirms it and another agrees."
    )
    raise TwoPeopleNeeded(words % {"limit": format_money(limit)}, limit=limit).at("amount")


def request_payment(repayment: Repayment, value_date: dt.date, *, actor: User, today: dt.date) -> ApprovalRequest:
    """Ask a second person to confirm a payment. Call under the payment's guard. Raises AlreadyAsked."""
    return request_approval(
        ApprovalKind.PAYMENT,
        repayment.reference,
        {"amount": repayment.amount, "value_date": value_date.isoformat()},
        before={"status": str(repayment.status)},
        effect=repayment.amount,
        about=repayment.payer,
        reason=_t("Found in our account"),
        actor=actor,
        today=today,
    )

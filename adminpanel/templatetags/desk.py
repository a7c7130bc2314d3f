"""Words of the staff desk. `{% load desk %}`"""

from __future__ import annotations

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()

ACTION_WORDS: dict[str, str | Promise] = {
    "accounts.user.registered": _("Registered"),
    "accounts.user.renamed": _("Name changed"),
    "accounts.user.suspended": _("Suspended"),
    "accounts.user.released": _("Suspension ended"),
    "adminpanel.user.groups_changed": _("Groups changed"),
    "accounts.identity.save": _("Details or documents saved"),
    "accounts.identity.submit": _("Sent for checking"),
    "accounts.identity.edit": _("Details changed after the approval"),
    "accounts.identity.claim": _("Taken by an officer"),
    "accounts.identity.ask": _("Better documents asked for"),
    "accounts.identity.approve": _("Identity approved"),
    "accounts.identity.reject": _("Identity refused"),
    "accounts.identity.document_read": _("Document looked at"),
    "loans.loan.created": _("Application started"),
    "loans.loan.submit": _("Application sent"),
    "loans.loan.take": _("Review started"),
    "loans.loan.ask": _("Question to the applicant"),
    "loans.loan.answer": _("Applicant answered"),
    "loans.loan.approve": _("Offer made"),
    "loans.loan.reject": _("Declined"),
    "loans.loan.accept": _("Offer accepted, open for funding"),
    "loans.loan.withdraw": _("Withdrawn by the borrower"),
    "loans.loan.fill": _("Fully funded"),
    "loans.loan.cancel": _("Request closed by staff"),
    "loans.loan.signed": _("Agreement signed"),
    "loans.loan.disburse": _("Paid out"),
    "loans.loan.repay_all": _("Paid back in full"),
    "loans.repayment.declared": _("Person told us of the payment"),
    "loans.repayment.confirmed": _("Payment confirmed"),
    "loans.repayment.rejected": _("Payment not found"),
    "ledger.deposit.declared": _("Person told us of the money"),
    "ledger.deposit.confirmed": _("Money confirmed"),
    "ledger.deposit.rejected": _("Money not found"),
    "ledger.deposit.cancelled": _("Taken back by the person"),
    "ledger.withdrawal.requested": _("Asked for"),
    "ledger.withdrawal.approved": _("Approved"),
    "ledger.withdrawal.paid": _("Marked as paid"),
    "ledger.withdrawal.rejected": _("Refused, money back in the wallet"),
    "ledger.withdrawal.cancelled": _("Cancelled by the person"),
}


@register.filter
def action_words(action: str) -> str | Promise:
    """What an audit event says, in words; its code when it has none."""
    return ACTION_WORDS.get(action, action)

"""Words of the staff desk. `{% load desk %}`"""

from __future__ import annotations

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind

register = template.Library()

REQUEST_WORDS: dict[str, str | Promise] = {
    "asked": _("Second person asked"),
    "approved": _("Second person agreed"),
    "refused": _("Second person did not agree"),
    "expired": _("Not decided in time"),
    "replaced": _("Asked again with today's figures"),
    "withdrawn": _("No longer asked for"),
}

ACTION_WORDS: dict[str, str | Promise] = {
    "accounts.user.registered": _("Registered"),
    "accounts.user.staff_made": _("Staff account made"),
    "accounts.user.renamed": _("Name changed"),
    "accounts.sign_in.succeeded": _("Signed in"),
    "accounts.sign_in.failed": _("Wrong password"),
    "accounts.sign_in.locked": _("Locked after too many tries"),
    "accounts.sign_in.token_reused": _("Refresh token used again: that device was signed out"),
    "accounts.second_step.passed": _("Second step passed"),
    "accounts.second_step.failed": _("Second step failed"),
    "accounts.second_step.added": _("Second step turned on"),
    "accounts.second_step.removed": _("Second step turned off"),
    "accounts.second_step.renewed": _("Backup codes made anew"),
    "accounts.password.changed": _("Password changed"),
    "accounts.keys.rotated": _("Keys rotated"),
    "accounts.user.suspended": _("Suspended"),
    "accounts.user.released": _("Suspension ended"),
    "adminpanel.user.groups_changed": _("Groups changed"),
    "adminpanel.setting.changed": _("Setting changed"),
    "adminpanel.product.changed": _("Product changed"),
    "adminpanel.product.added": _("Product added"),
    "accounts.identity.save": _("Details or documents saved"),
    "accounts.identity.submit": _("Sent for checking"),
    "accounts.identity.edit": _("Details changed after the approval"),
    "accounts.identity.claim": _("Taken by an officer"),
    "accounts.identity.ask": _("Better documents asked for"),
    "accounts.identity.approve": _("Identity approved"),
    "accounts.identity.reject": _("Identity refused"),
    "accounts.identity.suspend": _("Suspicion raised"),
    "accounts.identity.clear": _("Suspicion cleared"),
    "accounts.identity.confirm_suspicion": _("Suspicion confirmed, identity refused"),
    "accounts.identity.expire": _("Document expired"),
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
    "loans.loan.frozen": _("Frozen"),
    "loans.loan.unfrozen": _("No longer frozen"),
    "loans.question.asked": _("Asked"),
    "loans.question.released": _("Published by staff"),
    "loans.question.refused": _("Not published"),
    "loans.question.answered": _("Answered"),
    "loans.loan.signed": _("Agreement signed"),
    "loans.loan.disburse": _("Paid out"),
    "loans.loan.expire": _("Offer not accepted in time"),
    "loans.loan.end_partly_funded": _("Partly funded: smaller loan offered"),
    "loans.loan.end_unfunded": _("Not funded in time"),
    "loans.loan.accept_smaller": _("Smaller loan accepted"),
    "loans.loan.decline_smaller": _("Smaller loan declined"),
    "loans.loan.pay": _("Payment"),
    "loans.loan.repay_all": _("Paid back in full"),
    "loans.loan.reverse_payment": _("A payment came back"),
    "loans.loan.reopen_default": _("A payment came back: in default again"),
    "loans.loan.given_back": _("Loan given back by the borrower"),
    "loans.loan.autopay_switched": _("Automatic payment switched"),
    "loans.loan.charge_added": _("Charge added"),
    "loans.loan.charge_waived": _("Charge waived"),
    "loans.loan.charges_waived": _("Interest or late fee waived"),
    "loans.loan.help_asked": _("Borrower asked for help"),
    "loans.loan.help_approved": _("Request for help answered with a plan"),
    "loans.loan.help_declined": _("Request for help answered: no plan possible"),
    "loans.loan.help_withdrawn": _("Request for help taken back"),
    "loans.loan.plan_proposed": _("New plan proposed"),
    "loans.loan.plan_accepted": _("New plan accepted"),
    "loans.loan.plan_declined": _("New plan declined"),
    "loans.loan.plan_expired": _("New plan not answered in time"),
    "loans.loan.restructure": _("New plan in force"),
    "loans.loan.default_notice": _("Default notice sent"),
    "loans.loan.default": _("Default declared"),
    "loans.loan.cure": _("Back on plan"),
    "loans.loan.settlement_asked": _("Second person asked: settle for less"),
    "loans.loan.settlement_approved": _("Second person agreed: settle for less"),
    "loans.loan.settlement_refused": _("Second person did not agree: settle for less"),
    "loans.loan.settlement_expired": _("Settlement ran out"),
    "loans.loan.settlement_replaced": _("Asked again with today's figures: settle for less"),
    "loans.loan.settlement_paid": _("Settlement paid"),
    "loans.loan.settle": _("Settled for less"),
    "loans.loan.write_off_asked": _("Second person asked: write off"),
    "loans.loan.write_off_approved": _("Second person agreed: write off"),
    "loans.loan.write_off_refused": _("Second person did not agree: write off"),
    "loans.loan.write_off_expired": _("Write-off not decided in time"),
    "loans.loan.write_off_replaced": _("Asked again with today's figures: write off"),
    "loans.loan.write_off": _("Written off"),
    "loans.loan.reversal_asked": _("Second person asked: undo a payment"),
    "loans.loan.reversal_approved": _("Second person agreed: undo a payment"),
    "loans.loan.reversal_refused": _("Second person did not agree: undo a payment"),
    "loans.loan.reversal_expired": _("Undoing a payment not decided in time"),
    "loans.loan.recover": _("Money recovered after the loss"),
    "loans.loan.reversal_replaced": _("Asked again with today's figures: undo a payment"),
    "loans.loan.recovery_replaced": _("Asked again with today's figures: undo a recovery"),
    "loans.loan.recovery_asked": _("Second person asked: undo a recovery"),
    "loans.loan.recovery_approved": _("Second person agreed: undo a recovery"),
    "loans.loan.recovery_refused": _("Second person did not agree: undo a recovery"),
    "loans.loan.recovery_expired": _("Undoing a recovery not decided in time"),
    "loans.loan.recovery_back": _("Recovered money came back"),
    "loans.loan.reopen_loan": _("Owed again"),
    "loans.repayment.reversed": _("Payment came back and was undone"),
    "loans.repayment.backdated": _("Payment of an earlier day entered"),
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
    "adminpanel.demo_date.moved": _("Date of the demo moved"),
    "demo.world.begun": _("Demo world begun"),
}


@register.filter
def action_words(action: str) -> str | Promise:
    """What an audit event says, in words; its code when it has none."""
    return ACTION_WORDS.get(action) or _words_of_request(action) or action


def _words_of_request(action: str) -> str:
    """What became of a request for a second person: `ledger.deposit.deposit_approved`; empty for anything else."""
    kind, _sep, event = action.rpartition(".")[2].rpartition("_")
    if kind not in ApprovalKind.values or event not in REQUEST_WORDS:
        return ""
    return f"{REQUEST_WORDS[event]}: {ApprovalKind(kind).label}"

"""What a loan's plan does with money, in the words of its pages."""

from __future__ import annotations

import dataclasses

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from loans.account.progressive import is_progressive
from loans.account.terms import LoanTerms
from loans.enums.loan import ServicingMethod
from loans.finance.progressive import AllocationWay, FutureInstalments, InterestRecalculation, LoanPart
from loans.models import Loan
from p2plending.lib.errors import required
from p2plending.lib.formatting import format_day, format_money

_PARTS: dict[str, Promise] = {
    "late_fee": _("late fees"),
    LoanPart.PENALTY: _("penalties"),
    LoanPart.FEE: _("fees"),
    LoanPart.INTEREST: _("interest"),
    LoanPart.PRINCIPAL: _("principal"),
}
AHEAD_WORDS: dict[FutureInstalments, Promise] = {
    FutureInstalments.NEXT: _("Money above what is due pays your next payment."),
    FutureInstalments.NEXT_THEN_LAST: _("Money above what is due pays your next payment, then the last ones."),
    FutureInstalments.LAST: _("Money above what is due pays your last payments, so the loan ends sooner."),
    FutureInstalments.REAMORTIZATION: _("Money above what is due makes all payments ahead smaller."),
}

_PAYS_NEXT = (FutureInstalments.NEXT, FutureInstalments.NEXT_THEN_LAST)


@dataclasses.dataclass(frozen=True, slots=True)
class ScheduleWording:
    """How the plan of one loan meets its payments.

    `promise` and `ahead` are empty for a plan that holds. `pays_next`: money in advance pays the next payment.
    `order` says what a payment pays first, `source` what a payment of the plan is made of. `charges` names what comes
    on top: fees, or late fees only.
    """

    is_progressive: bool
    pays_next: bool
    promise: str | Promise
    ahead: str | Promise
    order: str | Promise
    source: str | Promise
    charges: str | Promise


def schedule_wording(loan: Loan) -> ScheduleWording:
    """The words for a loan that has its offer. A plan that people agreed on later holds, whatever the product says."""
    terms = LoanTerms.from_json(loan.frozen_terms)
    follows = is_progressive(loan, terms)
    return ScheduleWording(
        is_progressive=follows,
        pays_next=not follows or terms.future_instalments in _PAYS_NEXT,
        promise=_promise(terms) if follows else "",
        ahead=AHEAD_WORDS[terms.future_instalments] if follows else "",
        order=order_words(terms, follows=follows),
        source=_source(terms) if follows else "",
        charges=_("Fees") if terms.servicing_method == ServicingMethod.PROGRESSIVE else _("Late fees"),
    )


def next_payment_words(loan: Loan) -> str:
    """What the borrower pays next, and when, as its columns say; empty when nothing is left to pay."""
    if loan.next_due_on is None:
        return ""
    told = {
        "amount": format_money(required(loan.next_due_amount, "next_due_amount")),
        "day": format_day(loan.next_due_on, "long"),
    }
    if not loan.next_due_amount:
        return _t("Your payment on %(day)s is covered by what you paid ahead.") % told
    return _t("Next: %(amount)s on %(day)s.") % told


def _promise(terms: LoanTerms) -> Promise:
    if terms.interest_recalculation is InterestRecalculation.NONE:
        return _("Your plan follows your payments. Its interest stays as agreed.")
    return _("Your plan follows your payments: pay early and you owe less interest.")


def order_words(terms: LoanTerms, *, follows: bool) -> str:
    """What a payment pays first, as one sentence; `follows` says whether the plan follows the money."""
    parts = terms.part_order if follows else terms.allocation_order
    told = {"parts": ", ".join(str(_PARTS[part]) for part in parts)}
    if follows and terms.payment_way is AllocationWay.VERTICAL:
        return _t("In this order, each through all payments that are due: %(parts)s.") % told
    if follows:
        return _t("In this order: %(parts)s; of what is due, the oldest first.") % told
    return _t("In this order: %(parts)s; the oldest first.") % told


def _source(terms: LoanTerms) -> Promise:
    if terms.interest_recalculation is InterestRecalculation.NONE:
        return _("Interest and principal are those of the plan that you agreed to. Fees are the charges on top.")
    return _(
        "Interest is counted by the day, on the principal that was really left. "
        "The rest of the payment is principal. Fees are the charges on top."
    )

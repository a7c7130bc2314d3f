"""Sentences that lenders read about loans: who borrows, why a score, why a grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from loans.models import Loan
from loans.selectors.listing import LimitKind
from loans.wording.borrower_profile import work_length_band
from matching.engine.scoring import Part
from matching.models import LendingMandate

FACTOR_WORDS: dict[str, str | Promise] = {
    "dti": gettext_lazy("Debt payments compared with income"),
    "disposable": gettext_lazy("Money left each month after the payment"),
    "employment": gettext_lazy("Time in the present work"),
    "history": gettext_lazy("Earlier loans with us"),
    "amount_to_income": gettext_lazy("Amount compared with yearly income"),
    "income_proof": gettext_lazy("Proof of income"),
    "address_proof": gettext_lazy("Proof of address"),
    "homeowner": gettext_lazy("Owns the home"),
}
CONSENT = gettext_lazy("Lend for me by this rule until I pause it. I can lose money, and I can't get it back early.")
REASON_WORDS: dict[str, str | Promise] = {
    Part.GRADE_MIX: gettext_lazy("With a grade %(grade)s loan, your mix stays near your target."),
    Part.RATE: gettext_lazy("The net rate is above the lowest that you want."),
    Part.TERM: gettext_lazy("%(months)s months is well within the longest loan you want."),
    Part.SPREAD: gettext_lazy("It spreads your money: you have little with this borrower and purpose."),
}


# Where a lender can do something about the limit that keeps them from lending more: URL name and words of the link.
WAYS_OUT: dict[LimitKind, tuple[str, str | Promise]] = {
    LimitKind.WALLET: ("ledger:add", gettext_lazy("Add money")),
    LimitKind.LOAN_SHARE: ("matching:marketplace", gettext_lazy("See other loans")),
    LimitKind.BORROWER: ("matching:marketplace", gettext_lazy("See loans of other borrowers")),
    LimitKind.TOTAL: ("matching:portfolio", gettext_lazy("See what you have lent")),
    LimitKind.CLOSED: ("matching:marketplace", gettext_lazy("See open loans")),
    LimitKind.OWN: ("matching:marketplace", gettext_lazy("See other loans")),
    LimitKind.REMAINING: ("matching:marketplace", gettext_lazy("See other loans")),
}


def who_borrows(loan: Loan) -> str:
    """Region and work in bands, never who: "Porto · Self-employed, 2 to 5 years"."""
    work = loan.get_employment_display()
    length = work_length_band(loan.employment_months)
    return " · ".join(part for part in (loan.region, ", ".join(one for one in (work, length) if one)) if part)


def days_left(days: int) -> str:
    """How long a listing stays open."""
    if days <= 0:
        return _("ends today")
    return ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days}


def reasons_in_words(reasons: Sequence[Mapping[str, Any]], loan: Loan) -> list[str]:
    """The strongest reasons of a stored suggestion, as sentences. Purposes can't be chosen, so they are no reason."""
    figures = {"grade": loan.grade, "months": loan.term_months}
    return [str(REASON_WORDS[reason["code"]]) % figures for reason in reasons if reason["code"] in REASON_WORDS]


def factors_in_words(factors: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The scorecard's lines with their names: what brought how many points of how many."""
    return [{**factor, "words": FACTOR_WORDS.get(factor["code"], factor["code"])} for factor in factors]


def consent_text(mandate: LendingMandate) -> str:
    """What the lender agrees to when turning a rule on: the words of the box and the figures at that moment."""
    figures = (
        mandate.grades,
        mandate.min_rate,
        mandate.max_term_months,
        mandate.amount_per_loan,
        mandate.keep_available,
    )
    return " | ".join([str(CONSENT), mandate.reference, *(str(figure) for figure in figures)])

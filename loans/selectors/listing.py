"""One listing's reads: what a lender may see of the borrower, and how much they may lend."""

from __future__ import annotations

import dataclasses
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from accounts.models import User
from ledger.chart import WALLET_AVAILABLE
from ledger.locks import account_key
from ledger.models import Account
from loans.enums.loan import LoanStatus, Purpose
from loans.models import Loan
from loans.selectors.access import LISTED_ONCE, LISTINGS
from loans.selectors.documents.supporting import checked_kinds
from loans.selectors.exposure_limits import Headroom, headroom_of
from loans.wording.borrower_profile import BandedProfile, debt_band, income_band, work_length_band
from p2plending.lib.formatting import format_money, format_percent
from p2plending.lib.rules.values import PlatformRules, platform_rules


class LimitKind(StrEnum):
    """What keeps a lender from lending more to a loan; the codes of the refusals, where one says the same."""

    CLOSED = "loan_not_open"
    OWN = "own_loan"
    WALLET = "insufficient_balance"
    LOAN_SHARE = "loan_share_cap"
    BORROWER = "borrower_cap"
    TOTAL = "total_cap"
    REMAINING = "more_than_remaining"


@dataclasses.dataclass(frozen=True, slots=True)
class CommitmentLimits:
    """What one lender may type for one loan, in minor units; `maximum` is 0 with a `reason` when nothing is possible.

    `binding` is the limit that keeps the lender from more, `most_words` the sentence about it. `whole_remaining` is set
    when the lender may take all that is left, which need not be a multiple of the step.
    """

    minimum: int
    step: int
    maximum: int
    whole_remaining: int | None
    binding: LimitKind
    most_words: str
    reason: str = ""

    def problem_with(self, amount: int) -> str:
        """Why `place_commitment` would not take the amount (minor units) now, and what it would; empty when it does."""
        if self.reason:
            return self.reason
        if amount > self.maximum:
            return f"{self.most_words} {_('You can lend %(most)s.') % {'most': format_money(self.maximum)}}"
        if amount < self.minimum:
            return _("Enter %(least)s or more.") % {"least": format_money(self.minimum)}
        if amount % self.step and amount != self.whole_remaining:
            below = amount - amount % self.step
            words = {"step": format_money(self.step), "below": format_money(below)}
            return _("Enter an amount in steps of %(step)s, like %(below)s.") % words
        return ""


def listing_for(viewer: User | AnonymousUser, reference: str) -> Loan:
    """A loan as the market shows it to this viewer, with borrower, assessment and product. Raises Loan.DoesNotExist.

    Applications, and loans that are over and were none of the viewer's, are not found.
    """
    return LISTINGS.visible_to(viewer).select_related("borrower", "assessment", "product").get(reference=reference)


def loan_of_lending_form(lender: User, reference: str) -> Loan:
    """The loan that a lender's form was opened for, in whatever state it is now: the service says what became of it.

    Raises Loan.DoesNotExist for a loan that was never on the market; others than lenders find open loans only.
    """
    return LISTED_ONCE.visible_to(lender).select_related("borrower", "assessment", "product").get(reference=reference)


def commitment_limits(loan: Loan, lender: User) -> CommitmentLimits:
    """The amounts that `place_commitment` would take from the lender now, and why not more."""
    rules = platform_rules()
    room = headroom_of(loan, lender, rules)
    available = (
        Account.objects.filter(key=account_key(WALLET_AVAILABLE, lender)).values_list("balance", flat=True).first() or 0
    )
    minimum = min(rules.min_commitment, room.remaining)
    most, binding = _lowest(room, available)
    takes_all = most == room.remaining > 0
    maximum = most if takes_all else most - most % rules.commitment_step
    if loan.status != LoanStatus.LISTED or room.remaining <= 0:
        binding, maximum = LimitKind.CLOSED, 0
    elif loan.borrower_id == lender.pk:
        binding, maximum = LimitKind.OWN, 0
    if maximum < minimum or maximum <= 0:
        reason = _why_nothing(binding, rules, available)
        return CommitmentLimits(minimum, rules.commitment_step, 0, None, binding, reason, reason)
    words = _why_not_more(binding, room, rules, available)
    whole = room.remaining if takes_all else None
    return CommitmentLimits(minimum, rules.commitment_step, maximum, whole, binding, words)


def _lowest(room: Headroom, available: int) -> tuple[int, LimitKind]:
    """The limit that binds and what it leaves; of equal ones the one that a person can do least about."""
    bounds = [
        (room.remaining, LimitKind.REMAINING),
        (room.loan_share, LimitKind.LOAN_SHARE),
        (room.with_borrower, LimitKind.BORROWER),
        (available, LimitKind.WALLET),
    ]
    if room.total is not None:
        bounds.insert(3, (room.total, LimitKind.TOTAL))
    lowest, kind = min(bounds, key=lambda bound: bound[0])
    return max(lowest, 0), kind


def _why_nothing(binding: LimitKind, rules: PlatformRules, available: int) -> str:
    words = {
        LimitKind.CLOSED: lambda: _("This loan is not open for funding."),
        LimitKind.REMAINING: lambda: _("This loan is not open for funding."),
        LimitKind.OWN: lambda: _("You can't lend to your own loan."),
        LimitKind.LOAN_SHARE: lambda: _("You have lent as much to this loan as one lender can."),
        LimitKind.BORROWER: lambda: (
            _("You have lent %(cap)s to this borrower, which is the most that one lender can.")
            % {"cap": format_money(rules.lender_borrower_cap)}
        ),
        LimitKind.TOTAL: lambda: (
            _("You have lent %(cap)s in total, which is the most that one lender can.")
            % {"cap": format_money(rules.lender_total_cap)}
        ),
        LimitKind.WALLET: lambda: (
            _("You have %(available)s available. Add money to lend to this loan.")
            % {"available": format_money(available)}
        ),
    }
    return words[binding]()


def _why_not_more(binding: LimitKind, room: Headroom, rules: PlatformRules, available: int) -> str:
    words = {
        LimitKind.REMAINING: lambda: _("The loan still needs %(left)s.") % {"left": format_money(room.remaining)},
        LimitKind.LOAN_SHARE: lambda: (
            _("One lender may have at most %(share)s of a loan.") % {"share": format_percent(rules.loan_share_cap, 0)}
        ),
        LimitKind.BORROWER: lambda: (
            _("You may have at most %(cap)s with one borrower.") % {"cap": format_money(rules.lender_borrower_cap)}
        ),
        LimitKind.TOTAL: lambda: (
            _("You may lend at most %(cap)s in all.") % {"cap": format_money(rules.lender_total_cap)}
        ),
        LimitKind.WALLET: lambda: _("You have %(available)s available.") % {"available": format_money(available)},
    }
    return words[binding]()


def public_profile(loan: Loan) -> BandedProfile:
    """What everybody may know of the borrower: a number, bands and ticks, and the history with us. Three queries.

    Never name, address, employer, exact income or date of birth.
    """
    earlier = (
        Loan.objects.filter(borrower_id=loan.borrower_id, status__in=LoanStatus.disbursed())
        .exclude(pk=loan.pk)
        .aggregate(
            count=Count("pk"),
            repaid=Count("pk", filter=Q(status=LoanStatus.REPAID)),
            worst=Max("worst_days_past_due"),
        )
    )
    assessment = getattr(loan, "assessment", None)
    inputs = assessment.inputs if assessment else {}
    return BandedProfile(
        member_number=loan.borrower.member_number,
        region=loan.region,
        purpose=str(Purpose(loan.purpose).label) if loan.purpose else "",
        income=income_band(loan.monthly_income),
        work=loan.get_employment_display(),
        work_length=work_length_band(loan.employment_months),
        debts=debt_band(assessment.debt_to_income if assessment else None),
        owns_home=loan.is_homeowner,
        is_income_verified=inputs.get("is_income_verified") == "True",
        is_address_verified=inputs.get("is_address_verified") == "True",
        loans_before=earlier["count"],
        loans_repaid=earlier["repaid"],
        worst_days_late=earlier["worst"] or 0,
        documents_checked=checked_kinds(loan),
    )

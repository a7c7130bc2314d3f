"""One listing's reads: what a lender may see of the borrower, and how much they may lend."""

from __future__ import annotations

import dataclasses

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from accounts.models import User
from ledger.chart import WALLET_AVAILABLE
from ledger.locks import account_key
from ledger.models import Account
from loans.access import LISTED_ONCE, LISTINGS
from loans.bands import BandedProfile, debt_band, income_band, work_length_band
from loans.enums import LoanStatus, Purpose
from loans.models import Loan
from loans.selectors.rooms import LendingRoom, lending_room
from p2plending.figures import format_money
from p2plending.lib.rules import PlatformRules, platform_rules


@dataclasses.dataclass(frozen=True, slots=True)
class CommitmentLimits:
    """What one lender may type for one loan, in minor units; `maximum` is 0 with a `reason` when nothing is possible.

    `whole_remaining` is set when the lender may take all that is left, which need not be a multiple of the step.
    """

    minimum: int
    step: int
    maximum: int
    whole_remaining: int | None
    reason: str = ""


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
    room = lending_room(loan, lender, rules)
    available = (
        Account.objects.filter(key=account_key(WALLET_AVAILABLE, lender)).values_list("balance", flat=True).first() or 0
    )
    minimum = min(rules.min_commitment, room.remaining)
    most = min(room.smallest, available)
    takes_all = most == room.remaining > 0
    maximum = most if takes_all else most - most % rules.commitment_step
    if maximum < minimum or maximum <= 0:
        return CommitmentLimits(
            minimum, rules.commitment_step, 0, None, _why_nothing(loan, lender, room, rules, available)
        )
    return CommitmentLimits(minimum, rules.commitment_step, maximum, room.remaining if takes_all else None)


def _why_nothing(loan: Loan, lender: User, room: LendingRoom, rules: PlatformRules, available: int) -> str:
    minimum = min(rules.min_commitment, room.remaining)
    if loan.status != LoanStatus.LISTED or room.remaining <= 0:
        return _("This loan is not open for funding.")
    if loan.borrower_id == lender.pk:
        return _("You can't lend to your own loan.")
    if room.loan_share < minimum:
        return _("You have lent as much to this loan as one lender can.")
    if room.with_borrower < minimum:
        return _("You have lent %(cap)s to this borrower, which is the most that one lender can.") % {
            "cap": format_money(rules.lender_borrower_cap)
        }
    if room.total is not None and room.total < minimum:
        return _("You have lent %(cap)s in total, which is the most that one lender can.") % {
            "cap": format_money(rules.lender_total_cap)
        }
    return _("You have %(available)s available. Add money to lend to this loan.") % {
        "available": format_money(available)
    }


def public_profile(loan: Loan) -> BandedProfile:
    """What everybody may know of the borrower: a number, bands and ticks, and the history with us. Two queries.

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
    )

"""A lender's risk tolerance."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.audit import record
from matching.enums.mandates import RiskTolerance
from matching.models import RiskProfile
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import NotPermitted, Refused


class LendersOnly(NotPermitted):
    """Only a lender has a risk profile and a rule."""

    code = "lenders_only"
    default_message = _("Only lenders can do this.")


class UnknownTolerance(Refused):
    """Not one of the three profiles."""

    code = "unknown_tolerance"
    default_message = _("Choose one of the three profiles.")


def set_risk_profile(*, lender: User, tolerance: str, actor: User) -> RiskProfile:
    """Choose or change the lender's risk profile. Nothing that is lent changes; suggestions follow from now on.

    Choosing the same again writes nothing. Raises LendersOnly, UnknownTolerance.
    """
    if not lender.is_lender:
        raise LendersOnly
    if tolerance not in RiskTolerance.values:
        raise UnknownTolerance
    return run_money(lambda: _set_risk_profile(lender, tolerance, actor))


def _set_risk_profile(lender: User, tolerance: str, actor: User) -> RiskProfile:
    profile = RiskProfile.objects.select_for_update().filter(lender=lender).first()
    before = profile.tolerance if profile else ""
    if profile is not None and before == tolerance:
        return profile
    profile = profile or RiskProfile(lender=lender)
    profile.tolerance = tolerance
    profile.save()
    record(
        action="matching.risk_profile.set",
        actor=actor,
        subject_type="user",
        subject_reference=lender.member_number,
        data={"from": before, "to": tolerance},
    )
    return profile

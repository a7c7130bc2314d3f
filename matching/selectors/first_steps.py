"""What a new lender does first."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors.eligibility import Action
from accounts.selectors.first_steps import DONE, OPEN, Step, common_steps, gated_step
from ledger.selectors import wallet_summary
from loans.models import Commitment
from matching.selectors.mandates import risk_profile_of


def lender_steps(user: User) -> list[Step]:
    """E-mail address, identity check, risk profile, money, first loan."""
    has_lent = Commitment.objects.filter(lender=user).exists()
    profile = Step(
        _("Say how much risk suits you"),
        _("A few questions. They decide which loans we suggest."),
        reverse("matching:risk_profile"),
        _("Answer the questions"),
        DONE if risk_profile_of(user) else OPEN,
    )
    money = gated_step(
        user,
        Action.DEPOSIT,
        _("Add money"),
        _("Transfer money and tell us about it. It stays yours until you lend it."),
        "ledger:add",
        _("Add money"),
        is_done=has_lent or wallet_summary(user).total > 0,
    )
    wanted = user.first_page.startswith("/marketplace/") and user.first_page
    lend = gated_step(
        user,
        Action.LEND,
        _("Lend to a first loan"),
        _("Choose a loan, or let a rule choose for you."),
        wanted or "matching:marketplace",
        _("Go on to the loan you chose") if wanted else _("See open loans"),
        is_done=has_lent,
    )
    return [*common_steps(user), profile, money, lend]

"""What a new borrower does first."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors.eligibility import Action
from accounts.selectors.first_steps import Step, common_steps, gated_step
from loans.selectors.borrower import loans_of


def borrower_steps(user: User) -> list[Step]:
    """E-mail address, identity check, first application. The quote that they came with waits in its link."""
    has_quote = user.first_page.startswith("/borrowing/")
    if has_quote:
        text = _("Your quote is kept. You can change it, and nothing is sent before you have checked it.")
        to, label = user.first_page, _("Go on with your quote")
    else:
        text = _("Choose amount, months and purpose, and see what it costs before you send anything.")
        to, label = "loans:quote", _("See your rate")
    has_applied = loans_of(user).exists()
    title = _("Apply for a loan")
    return [*common_steps(user), gated_step(user, Action.APPLY, title, text, to, label, is_done=has_applied)]

"""Who may apply, add money, lend and take money out: one place that says no, and why."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import Role, VerificationStatus
from accounts.identity.validity import status_on
from accounts.models import User
from accounts.selectors.people import email_is_verified, verification_of
from p2plending.lib import clock
from p2plending.lib.errors import NotPermitted, Refused


class Action(models.TextChoices):
    """What the gates guard."""

    APPLY = "apply", _("borrow")
    DEPOSIT = "deposit", _("add money")
    LEND = "lend", _("lend")
    WITHDRAW = "withdraw", _("take money out")


class WrongRole(NotPermitted):
    """The person's role has no such action."""

    code = "wrong_role"
    default_message = _("Your account can't do this.")


class UserSuspended(NotPermitted):
    """Staff suspended the account: paying back stays possible."""

    code = "user_suspended"
    default_message = _("Your account is suspended. You can pay back, and nothing else moves. Write to us for help.")


class EmailNotVerified(NotPermitted):
    """The e-mail address was not confirmed yet."""

    code = "email_not_verified"
    default_message = _("Confirm your e-mail address first. Open the link that we sent you.")


class IdentityNotVerified(NotPermitted):
    """The identity check is not done, or its document has expired."""

    code = "identity_not_verified"
    default_message = _("Do the identity check first. It takes about five minutes.")


ROLES: dict[Action, tuple[Role, ...]] = {
    Action.APPLY: (Role.BORROWER,),
    Action.DEPOSIT: (Role.BORROWER, Role.LENDER),
    Action.LEND: (Role.LENDER,),
    Action.WITHDRAW: (Role.BORROWER, Role.LENDER),
}
# Money that pays a loan back must always find its way in.
STOPPED_BY_SUSPENSION = (Action.APPLY, Action.LEND, Action.WITHDRAW)
# An expired document stops new business; what was begun may be paid back and paid out.
OPEN_WHEN_EXPIRED = (Action.DEPOSIT, Action.WITHDRAW)

_ROLE_MESSAGES: dict[tuple[Role, ...], str | Promise] = {
    (Role.BORROWER,): _("Only borrowers can do this."),
    (Role.LENDER,): _("Only lenders can do this."),
    (Role.BORROWER, Role.LENDER): _("Only borrowers and lenders can do this."),
}
_IDENTITY_MESSAGES: dict[str, str | Promise] = {
    VerificationStatus.SUBMITTED: _("We are checking your documents. This usually takes one working day."),
    VerificationStatus.IN_REVIEW: _("We are checking your documents. This usually takes one working day."),
    VerificationStatus.MORE_INFO: _("We need a better document before you can do this."),
    VerificationStatus.REJECTED: _("We could not accept your documents, so you can't do this."),
    VerificationStatus.EXPIRED: _("Your document has expired. Send a new one first."),
    VerificationStatus.SUSPENDED: _("Your identity is being looked at again. Write to us for help."),
}


def blocking_refusal(user: User, action: Action) -> Refused | None:
    """Why the person may not do this now, or None. At most two queries; in the demo one more, for its date.

    The message is for the page; `context["link"]` is the URL name of the page where it can be put right.
    """
    context: dict[str, Any] = {"action": action.value}
    roles = ROLES[action]
    if user.role not in roles:
        return WrongRole(_ROLE_MESSAGES[roles], link="home", **context)
    if user.is_suspended and action in STOPPED_BY_SUSPENSION:
        return UserSuspended(link="public:help", **context)
    if not email_is_verified(user):
        return EmailNotVerified(link="account_email", **context)
    status = status_on(verification_of(user), clock.business_date())
    if status == VerificationStatus.APPROVED or (status == VerificationStatus.EXPIRED and action in OPEN_WHEN_EXPIRED):
        return None
    return IdentityNotVerified(_IDENTITY_MESSAGES.get(status, ""), link="accounts:identity", **context)


def require_may(user: User, action: Action) -> None:
    """Raise what `blocking_refusal` finds: WrongRole, UserSuspended, EmailNotVerified or IdentityNotVerified."""
    refusal = blocking_refusal(user, action)
    if refusal is not None:
        raise refusal

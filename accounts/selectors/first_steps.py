"""What a new person does first, as a list of steps: those that everybody has."""

from __future__ import annotations

import dataclasses
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.enums.people import VerificationStatus
from accounts.identity.validity import status_on
from accounts.models import IdentityVerification, User
from accounts.selectors.eligibility import Action, blocking_refusal
from accounts.selectors.people import confirmation_path, email_is_verified, verification_of
from p2plending.lib.clock import business_date

DONE, OPEN, CHECKING, LATER = "done", "open", "checking", "later"


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One line of the list. `state` is done, open, checking or later; `reason` says why it is not open."""

    title: str
    text: str | Promise
    url: str
    label: str
    state: str = OPEN
    reason: str | Promise = ""


def common_steps(user: User) -> list[Step]:
    """The e-mail address and the identity check."""
    return [_email_step(user), _identity_step(verification_of(user))]


def gated_step(user: User, action: Action, title: str, text: str, to: str, label: str, *, is_done: bool) -> Step:
    """A step that is open when the gates let the person pass; `to` is a URL name or a path."""
    if is_done:
        return Step(title, text, resolve_url(to), label, DONE)
    refusal = blocking_refusal(user, action)
    state, reason = (LATER, refusal.message) if refusal else (OPEN, "")
    return Step(title, text, resolve_url(to), label, state, reason)


def steps_context(user: User, steps: list[Step]) -> dict[str, Any]:
    """What `accounts/_first_steps.html` shows; `steps` is empty when all are done."""
    if all(step.state == DONE for step in steps):
        return {"steps": [], "first_open": None, "demo_confirm_url": ""}
    first_open = next((step for step in steps if step.state == OPEN), None)
    return {"steps": steps, "first_open": first_open, "demo_confirm_url": _demo_confirmation(user)}


def _demo_confirmation(user: User) -> str:
    """The link of the e-mail that no demo sends; empty outside the demo and when it was used."""
    if not settings.DEMO_MODE or email_is_verified(user):
        return ""
    address = EmailAddress.objects.filter(user=user, email=user.email).first()
    return confirmation_path(address) if address else ""


def _email_step(user: User) -> Step:
    return Step(
        _("Confirm your e-mail address"),
        _("Open the link that we sent you and press Confirm."),
        reverse("account_email"),
        _("Send a new link"),
        DONE if email_is_verified(user) else OPEN,
    )


def _identity_step(verification: IdentityVerification) -> Step:
    state = OPEN
    if status_on(verification, business_date()) == VerificationStatus.APPROVED:
        state = DONE
    elif verification.status in VerificationStatus.waiting():
        state = CHECKING
    to, label = "accounts:identity", _("Open the identity check")
    if verification.status == VerificationStatus.NOT_STARTED:
        to, label = "accounts:identity_details", _("Start the identity check")
    text = _("Your details and a picture of your identity document. About five minutes.")
    return Step(_("Identity check"), text, reverse(to), label, state)

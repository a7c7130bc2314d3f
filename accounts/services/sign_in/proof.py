"""Proving once more who one is, before money leaves: the second step where it is on, else the password."""

from __future__ import annotations

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.sign_in import second_step
from accounts.services.sign_in.trail import note
from p2plending.lib import clock
from p2plending.lib.errors import NotPermitted, Refused
from p2plending.lib.web.requests import AuthenticatedRequest


class FreshSignInNeeded(NotPermitted):
    """The sign-in is older than five minutes, and nothing else proves who asks."""

    code = "fresh_sign_in_needed"
    default_message = _("Enter your password once more, or the code from your app if you sign in with two steps.")


class WrongPassword(Refused):
    code = "wrong_password"
    default_message = _("The password is not right.")


class WrongCode(Refused):
    code = "wrong_code"
    default_message = _("The code is not right, or was used already. Wait for the next one.")


class TooManyTries(Refused):
    code = "too_many_tries"
    status = 429
    default_message = _("Too many tries. Wait 15 minutes.")


def is_fresh(signed_in_at: int) -> bool:
    """Whether a moment (seconds since 1970) at which somebody proved who they are is recent enough."""
    return 0 <= clock.machine_now().timestamp() - signed_in_at < app_settings.REAUTHENTICATION_TIMEOUT


def proved_at(request: AuthenticatedRequest) -> int:
    """When the person last proved who they are in this browser; with the second step, where it is on. 0: never."""
    records = get_authentication_records(request, request.user)
    if second_step.has_second_step(request.user):
        records = [record for record in records if record.get("method") == second_step.METHOD]
    return int(max((record["at"] for record in records), default=0))


def require_proof(request: HttpRequest, user: User, *, signed_in_at: int, password: str = "", code: str = "") -> None:
    """Return when the sign-in is fresh, or the code (with two steps) or the password (without) is right.

    The budgets of the sign-in count here too. Raises FreshSignInNeeded when there is nothing to check, WrongCode,
    WrongPassword and TooManyTries.
    """
    if is_fresh(signed_in_at):
        return
    needed = code if second_step.has_second_step(user) else password
    if not needed:
        raise FreshSignInNeeded
    if needed is code:
        check_code(request, user, code)
    else:
        _check_password(request, user, password)


def check_code(request: HttpRequest, user: User, code: str) -> None:
    """Check a code of the app, or a backup one, which it uses up. Raises WrongCode and TooManyTries.

    The form of the sign-in page, and so its limit per account: six digits are quickly guessed from many addresses.
    """
    form = import_string(settings.MFA_FORMS["authenticate"])(user=user, data={"code": code})
    if form.has_error("code", "too_many_login_attempts"):
        raise TooManyTries
    if not form.is_valid():
        raise WrongCode().at("code")
    form.authenticator.record_usage()
    note("second_step.passed", user, request)


def _check_password(request: HttpRequest, user: User, password: str) -> None:
    try:
        found = get_adapter(request).authenticate(request, email=user.email, password=password)
    except ValidationError as error:
        raise TooManyTries from error
    if found is None or found.pk != user.pk:
        raise WrongPassword().at("password")

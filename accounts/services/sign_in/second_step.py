"""Who must pass a second step, and whether a browser's session has."""

from __future__ import annotations

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest

from accounts.models import User

METHOD = "mfa"


def needs_second_step(user: User) -> bool:
    """Whether the account opens the desk, and so must not open with a password alone (`STAFF_SECOND_STEP`)."""
    return settings.STAFF_SECOND_STEP and user.is_of_the_desk


def has_second_step(user: User) -> bool:
    """Whether the person turned a second step on; backup codes alone are none."""
    return is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])


def has_passed_second_step(request: HttpRequest) -> bool:
    """Whether the signed-in person proved a second step in this session, and still has one."""
    user = request.user
    records = get_authentication_records(request, user)
    is_proved = any(record.get("method") == METHOD for record in records)
    return is_proved and user.is_authenticated and has_second_step(user)


def mark_passed(request: HttpRequest, user: User) -> None:
    """Who has just turned the second step on proved a code of it: they are not asked for another at once."""
    record_authentication(request, user, METHOD, type=Authenticator.Type.TOTP)

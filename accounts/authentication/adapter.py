"""How django-allauth does things here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from accounts.enums.people import Role
from accounts.fields import secret_box
from accounts.models import User
from accounts.selectors.people import owner_of_address
from accounts.services.mail.limits import ANSWERS_TO_STRANGERS, may_write_to
from accounts.services.mail.messages import queue_mail
from accounts.services.rate_limits import network_of
from accounts.services.sign_in.second_step import mark_passed
from accounts.services.sign_in.trail import note, note_lock
from accounts.values.addresses import normalise_email, spelling_skeleton, validate_mailbox
from accounts.values.passwords import normal_password

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress  # which imports this module


# In the session of the browser that registered somebody: whom.
JUST_REGISTERED = "just_registered"


TURNED_ON = "mfa/email/totp_activated"
SECOND_STEP_CHANGES = {
    TURNED_ON: "second_step.added",
    "mfa/email/totp_deactivated": "second_step.removed",
    "mfa/email/recovery_codes_generated": "second_step.renewed",
}


class AccountAdapter(DefaultAccountAdapter):
    """Registration has its own page (`accounts:register`) with the role; allauth's is closed."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "too_many_login_attempts": _("Too many tries. Wait 15 minutes, or choose a new password."),
    }

    def clean_email(self, email: str) -> str:
        """The one spelling of an address, at every form of allauth. Raises ValidationError for none."""
        validate_mailbox(email)
        return normalise_email(super().clean_email(email))

    def clean_password(self, password: str, user: User | None = None) -> str:
        """What is checked is what is stored; the forms compare what was typed twice."""
        super().clean_password(normal_password(password), user)
        return password

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm, and sign in whoever has registered in this browser a moment ago.

        In any other browser the link only confirms: it may have been opened by somebody else. An address with which
        another account signs in stays that account's.
        """
        if owner_of_address(email_address.email, besides=email_address.user):
            template = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, template, {"email": email_address.email})
            return False
        is_confirmed = super().confirm_email(request, email_address)
        is_theirs = request.session.get(JUST_REGISTERED) == email_address.user_id
        if is_confirmed and is_theirs and not request.user.is_authenticated and email_address.user.is_active:
            del request.session[JUST_REGISTERED]
            login(request, email_address.user, backend=settings.AUTHENTICATION_BACKENDS[0])
            note("sign_in.succeeded", email_address.user, request, by="link")
        return is_confirmed

    def get_client_ip(self, request: HttpRequest) -> str:
        return network_of(super().get_client_ip(request))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Tries count for the account, through whichever of its addresses and however that is spelled."""
        return tries_key(credentials.get("email", ""))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            email = credentials.get("email", "")
            note_lock(tries_key(email), owner_of_address(normalise_email(email)), request)
            raise

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        if "email" in credentials:
            credentials["email"] = normalise_email(credentials["email"])
        return super().authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        note("sign_in.failed", owner_of_address(credentials.get("email", "")), request)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        note("sign_in.succeeded", user, request)
        return super().post_login(request, user, **kwargs)

    def set_password(self, user: User, password: str) -> None:
        super().set_password(user, password)
        note("password.changed", user, self.request)

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        """allauth tells people here what changed about their second step: then it is written down too."""
        if template_prefix in SECOND_STEP_CHANGES:
            note(SECOND_STEP_CHANGES[template_prefix], user, self.request)
        if template_prefix == TURNED_ON:
            mark_passed(self.request, user)
        super().send_notification_mail(template_prefix, user, *args, **kwargs)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Somebody signed in goes on with the next of the first steps."""
        user = self.request.user
        if user.is_authenticated and user.role != Role.STAFF:
            return reverse("getting_started")
        return super().get_email_verification_redirect_url(email_address)

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """A new link looks like the first one and goes out by the same task."""
        async_task("accounts.tasks.send_confirmation_email", emailconfirmation.email_address.pk)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Keep the mail for the worker, signed with the name of the site; allauth would send it within the request.

        Nothing is kept when strangers have used up what the mailbox may get.
        """
        if template_prefix in ANSWERS_TO_STRANGERS and not may_write_to(email):
            return
        known = {
            "request": self.request,
            "email": email,
            "current_site": {"name": settings.SITE_NAME},
            "register_url": settings.SITE_URL + reverse("accounts:register"),
        }
        queue_mail(self.render_mail(template_prefix, email, known | context), kind=template_prefix)


class SecondStepAdapter(DefaultMFAAdapter):
    """What the second step is made of is stored under our keys."""

    def encrypt(self, text: str) -> str:
        return secret_box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return secret_box().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME


def tries_key(email: str) -> str:
    """Under what tries to sign in with an address are counted."""
    owner = owner_of_address(normalise_email(email))
    return spelling_skeleton(owner.email if owner else email)

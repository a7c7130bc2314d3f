"""How django-allauth does things here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from accounts.enums import Role
from accounts.services.mail import queue_mail

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress  # which imports this module


# In the session of the browser that registered somebody: whom.
JUST_REGISTERED = "just_registered"


class AccountAdapter(DefaultAccountAdapter):
    """Registration has its own page (`accounts:register`) with the role; allauth's is closed."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "too_many_login_attempts": _("Too many tries. Wait 15 minutes, or choose a new password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm, and sign in whoever has registered in this browser a moment ago.

        In any other browser the link only confirms: it may have been opened by somebody else.
        """
        is_confirmed = super().confirm_email(request, email_address)
        is_theirs = request.session.get(JUST_REGISTERED) == email_address.user_id
        if is_confirmed and is_theirs and not request.user.is_authenticated and email_address.user.is_active:
            del request.session[JUST_REGISTERED]
            login(request, email_address.user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return is_confirmed

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
        """Keep the mail for the worker, signed with the name of the site; allauth would send it within the request."""
        known = {"request": self.request, "email": email, "current_site": {"name": settings.SITE_NAME}}
        queue_mail(self.render_mail(template_prefix, email, known | context), kind=template_prefix)

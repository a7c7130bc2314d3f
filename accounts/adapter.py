"""How django-allauth does things here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from accounts.enums import Role
from accounts.services.mail import queue_mail

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress  # which imports this module


class AccountAdapter(DefaultAccountAdapter):
    """Registration has its own page (`accounts:register`) with the role; allauth's is closed."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "too_many_login_attempts": _("Too many tries. Wait 15 minutes, or choose a new password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Somebody signed in goes on with the next of the first steps."""
        user = self.request.user
        if user.is_authenticated and user.role != Role.STAFF:
            return reverse("accounts:getting_started")
        return super().get_email_verification_redirect_url(email_address)

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """A new link looks like the first one and goes out by the same task."""
        async_task("accounts.tasks.send_confirmation_email", emailconfirmation.email_address.pk)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Keep the mail for the worker, signed with the name of the site; allauth would send it within the request."""
        known = {"request": self.request, "email": email, "current_site": {"name": settings.SITE_NAME}}
        queue_mail(self.render_mail(template_prefix, email, known | context), kind=template_prefix)

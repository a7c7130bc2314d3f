"""E-mail in the frame of the site: plain text and simple HTML with the same words."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums import DeliveryStatus
from accounts.models import Notification, User
from accounts.selectors import email_is_verified
from p2plending.lib import clock
from p2plending.lib.text import one_line

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
# Longer than a mail server may take; a worker that died in between leaves the row to the next sweep.
CLAIM_LASTS = dt.timedelta(minutes=10)


def send_mail(*, to: str, subject: str, template: str, name: str, **context: Any) -> None:
    """Send `emails/<template>.txt` and `.html`. Raises what the mail backend raises.

    A subject is one line, whatever the texts are that it was made of: a line break in a header stops a mail.
    """
    subject, name = one_line(subject), one_line(name)
    context |= {"subject": subject, "name": name, "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
    message = EmailMultiAlternatives(
        subject, render_to_string(f"emails/{template}.txt", context).strip() + "\n", to=[to]
    )
    message.attach_alternative(render_to_string(f"emails/{template}.html", context), "text/html")
    message.send()


def _sendable() -> Q:
    old = clock.now() - CLAIM_LASTS
    unclaimed = Q(email_claimed_at__isnull=True) | Q(email_claimed_at__lt=old)
    unsent = Q(email_status__in=(DeliveryStatus.WAITING, DeliveryStatus.FAILED))
    return unsent & unclaimed & Q(email_attempts__lt=MAX_ATTEMPTS)


def unsent_notifications(limit: int) -> list[int]:
    """Primary keys of notifications whose e-mail may be tried now, oldest first."""
    return list(Notification.objects.filter(_sendable()).order_by("pk").values_list("pk", flat=True)[:limit])


def send_notification(notification_id: int) -> bool:
    """Send one notification by e-mail, once, whoever else tries at the same time. False: nothing to send, or failed.

    A failure is kept on the row and tried again by the sweep after ten minutes, five times in all. People whose address
    is not confirmed get none: it may belong to somebody else.
    """
    claimed = Notification.objects.filter(_sendable(), pk=notification_id).update(
        email_claimed_at=clock.now(), email_attempts=F("email_attempts") + 1
    )
    if not claimed:
        return False
    notification = Notification.objects.select_related("user").get(pk=notification_id)
    if not email_is_verified(notification.user):
        _finish(notification, DeliveryStatus.NOT_WANTED)
        return False
    try:
        send_mail(
            to=notification.user.email,
            subject=notification.title,
            template="notification",
            name=notification.user.short_name,
            notification=notification,
        )
    except Exception:
        # One mail that can't be built or sent must not stop those behind it: a server's no (OSError, SMTPException), an
        # address or a header that can't be written (ValueError, UnicodeError), a template over old data.
        logger.exception("e-mail not sent", extra={"event": notification.event, "attempt": notification.email_attempts})
        _finish(notification, DeliveryStatus.FAILED)
        return False
    _finish(notification, DeliveryStatus.SENT, emailed_at=clock.now())
    return True


def _finish(notification: Notification, status: DeliveryStatus, **fields: Any) -> None:
    Notification.objects.filter(pk=notification.pk).update(email_status=status, **fields)


def confirmation_path(address: EmailAddress) -> str:
    """The page on which an address is confirmed; good for 48 hours and until it was used."""
    return reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])


def send_confirmation(email_address_id: int) -> None:
    """Send the link that confirms an address; nothing when it was confirmed or removed meanwhile."""
    address = EmailAddress.objects.select_related("user").filter(pk=email_address_id, verified=False).first()
    if address is not None:
        send_mail(
            to=address.email,
            subject=_("Confirm your e-mail address"),
            template="confirm_email",
            # Who registered chose the name, and the mailbox may be a stranger's: no words of theirs go there.
            name="",
            path=confirmation_path(address),
        )


def send_already_registered(user_id: int) -> None:
    """Tell the owner of an address that somebody tried to register with it."""
    user = User.objects.get(pk=user_id)
    send_mail(
        to=user.email,
        subject=_("You already have an account"),
        template="already_registered",
        name=user.short_name,
        path=reverse("account_login"),
        reset_path=reverse("account_reset_password"),
    )

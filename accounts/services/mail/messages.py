"""E-mail in the frame of the site: plain text and simple HTML with the same words.

Nothing here talks to a mail server: a mail is a row, kept in the transaction of what it tells, and a worker sends it
(`mail_delivery`). A server that is away delays mails and fails nobody's request.
"""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from accounts.enums.people import MAIL_QUEUE
from accounts.models import OutgoingMail, User
from accounts.selectors.people import confirmation_path
from accounts.services.mail.limits import may_write_to
from accounts.services.mail.password_links import password_path
from p2plending.lib.text import one_line

SUBJECT_LENGTH = 255


def render_mail(*, to: str, subject: str, template: str, name: str, **context: Any) -> EmailMultiAlternatives:
    """The message of `emails/<template>.txt` and `.html`.

    A subject is one line, whatever the texts are that it was made of: a line break in a header stops a mail.
    """
    subject, name = one_line(subject), one_line(name)
    context |= {"subject": subject, "name": name, "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
    message = EmailMultiAlternatives(
        subject, render_to_string(f"emails/{template}.txt", context).strip() + "\n", to=[to]
    )
    message.attach_alternative(render_to_string(f"emails/{template}.html", context), "text/html")
    return message


def queue_mail(message: EmailMultiAlternatives, *, kind: str) -> OutgoingMail:
    """Keep a message and queue the task that sends it, together, in the caller's transaction if there is one."""
    html = next((str(content) for content, kind in message.alternatives if kind == "text/html"), "")
    with transaction.atomic():
        row = OutgoingMail.objects.create(
            recipient=message.to[0],
            kind=kind[:100],
            subject=one_line(message.subject)[:SUBJECT_LENGTH],
            text=str(message.body),
            html=html,
        )
        async_task("accounts.tasks.send_outgoing_mail", row.pk, q_options={"cluster": MAIL_QUEUE})
    return row


def send_confirmation(email_address_id: int) -> None:
    """Queue the link that confirms an address; nothing when it was confirmed or removed meanwhile."""
    address = EmailAddress.objects.select_related("user").filter(pk=email_address_id, verified=False).first()
    if address is not None and may_write_to(address.email):
        message = render_mail(
            to=address.email,
            subject=_("Confirm your e-mail address"),
            template="confirm_email",
            # Who registered chose the name, and the mailbox may be a stranger's: no words of theirs go there.
            name="",
            path=confirmation_path(address),
        )
        queue_mail(message, kind="confirm_email")


def send_staff_invitation(user_id: int) -> None:
    """Queue the link with which a new member of staff sets their password; nothing once they have one."""
    user = User.objects.get(pk=user_id)
    if not user.has_usable_password():
        message = render_mail(
            to=user.email,
            subject=_("Your staff account"),
            template="staff_invitation",
            name=user.short_name,
            path=password_path(user),
        )
        queue_mail(message, kind="staff_invitation")


def send_already_registered(user_id: int, address: str = "") -> None:
    """Queue the mail that tells the owner of an address that somebody tried to register with it.

    Without the address (tasks of before) it goes to the first one of the account.
    """
    user = User.objects.get(pk=user_id)
    to = address or user.email
    if not may_write_to(to):
        return
    message = render_mail(
        to=to,
        subject=_("You already have an account"),
        template="already_registered",
        name=user.short_name,
        path=reverse("account_login"),
        reset_path=reverse("account_reset_password"),
    )
    queue_mail(message, kind="already_registered")

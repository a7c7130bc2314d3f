"""Work that a worker does for accounts: sending e-mail, and what the calendar brings."""

from __future__ import annotations

import datetime as dt
import time

from accounts.models import Notification, OutgoingMail
from accounts.services.identity import expiry
from accounts.services.mail import delivery, messages
from p2plending.lib.clock import business_date

# With their pauses a little less than the minute after which the next sweep begins.
SERVER_ROUNDS = 5


def send_notification_email(notification_id: int) -> str:
    """The e-mail twin of one notification; says what came of it."""
    return delivery.send_if_server_answers(Notification, notification_id).value


def send_outgoing_mail(mail_id: int) -> str:
    """One mail that is no notification; says what came of it."""
    return delivery.send_if_server_answers(OutgoingMail, mail_id).value


def sweep_notifications() -> int:
    """Send what is still waiting or failed before; returns how many were sent.

    A server that is away is asked again within this task, so that mails go out soon after it is back.
    """
    sent = 0
    for _round in range(SERVER_ROUNDS):
        swept = delivery.sweep()
        sent += swept.sent
        if not swept.is_server_away:
            break
        time.sleep(delivery.SERVER_PAUSE.total_seconds())
    return sent


def send_confirmation_email(email_address_id: int) -> None:
    """The link that confirms an e-mail address."""
    messages.send_confirmation(email_address_id)


def send_already_registered_email(user_id: int, address: str = "") -> None:
    """The answer to registering with an address that has an account; to the first one of the account without it."""
    messages.send_already_registered(user_id, address)


def send_staff_invitation(user_id: int) -> None:
    """The link with which a new member of staff sets a password."""
    messages.send_staff_invitation(user_id)


def expire_identities(today: dt.date | None = None) -> str:
    """Remind of documents that run out, and end the checks of those that have."""
    return str(expiry.run_identity_expiry(today=today or business_date()))

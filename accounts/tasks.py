"""Work that a worker does for accounts: sending e-mail, and what the calendar brings."""

from __future__ import annotations

from accounts.services import identity_expiry, mail
from p2plending.lib.clock import business_date

SWEEP_SIZE = 200


def send_notification_email(notification_id: int) -> bool:
    """The e-mail twin of one notification; says whether it was sent now."""
    return mail.send_notification(notification_id)


def sweep_notifications() -> int:
    """Send what is still waiting or failed before; returns how many were sent."""
    return sum(mail.send_notification(pk) for pk in mail.unsent_notifications(SWEEP_SIZE))


def send_confirmation_email(email_address_id: int) -> None:
    """The link that confirms an e-mail address."""
    mail.send_confirmation(email_address_id)


def send_already_registered_email(user_id: int) -> None:
    """The answer to registering with an address that has an account."""
    mail.send_already_registered(user_id)


def expire_identities() -> int:
    """Identity checks whose document has run out; returns how many."""
    return identity_expiry.expire_identities(today=business_date())

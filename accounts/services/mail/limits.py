"""How many mails one mailbox may get because somebody, whoever it was, typed its address into a form."""

from __future__ import annotations

import hashlib
import logging

from accounts.services.rate_limits import take
from accounts.values.addresses import spelling_skeleton

logger = logging.getLogger(__name__)

# allauth's mails that anybody can cause who knows an address; others answer to the signed-in person only.
ANSWERS_TO_STRANGERS = {
    "account/email/account_already_exists",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/password_reset_key",
    "account/email/unknown_account",
}
MAILS_AN_HOUR = 5
MAILS_A_DAY = 10


def may_write_to(address: str) -> bool:
    """Take one mail of the budget of an address, which its spellings and tags (`name+tag@`) share.

    False, and a log line, when it is used up: whoever asked gets the usual answer, which tells nothing.
    """
    name, _at, domain = spelling_skeleton(address).rpartition("@")
    mailbox = f"{name.partition('+')[0]}@{domain}"
    digest = hashlib.sha256(mailbox.encode()).hexdigest()
    for period, most, seconds in (("hour", MAILS_AN_HOUR, 3600), ("day", MAILS_A_DAY, 24 * 3600)):
        wait_seconds = take(f"mail:{period}:{digest}", most=most, seconds=seconds)
        if wait_seconds:
            logger.warning("e-mail not sent: too many to one address", extra={"wait_seconds": wait_seconds})
            return False
    return True

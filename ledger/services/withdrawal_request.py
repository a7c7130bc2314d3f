"""Asking a second person whether a large withdrawal may be sent."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.services.approvals.requests import request_approval
from ledger.models import Withdrawal
from ledger.services.withdrawal_checks import require_confirmed, take_of_dues


def request_to_send(withdrawal: Withdrawal, confirmed: int | None, actor: User, today: dt.date) -> ApprovalRequest:
    """Put the sum that is left to send, and the account it goes to, before a second person. Call under the guard.

    Raises DueTakenFirst and NothingLeftToSend unless `confirmed` (minor units; None is all of it) is that sum,
    AlreadyAsked.
    """
    taken = take_of_dues(withdrawal)
    require_confirmed(withdrawal, taken=taken, confirmed=confirmed)
    to_send = withdrawal.on_its_way - taken
    return request_approval(
        ApprovalKind.WITHDRAWAL,
        withdrawal.reference,
        {"to_send": to_send, "account_ends": withdrawal.iban_last4, "account_holder": withdrawal.account_holder},
        before={"status": str(withdrawal.status)},
        effect=to_send,
        about=withdrawal.user,
        reason=_("The account was checked"),
        actor=actor,
        today=today,
    )

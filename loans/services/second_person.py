"""Asking a second person: what is asked is sealed, waits, and is done as it was seen or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.idempotency import fingerprint_of
from loans.collection_enums import ApprovalKind
from loans.models import ApprovalRequest, Loan
from loans.services.lifecycle import record_step
from p2plending.lib.db import require_transaction
from p2plending.lib.errors import NotPermitted, Refused
from p2plending.lib.refs import new_reference

VALID_DAYS = 14


class AlreadyAsked(Refused):
    """The same thing waits for a second person already."""

    code = "already_asked"
    status = 409
    default_message = _("A second person has been asked about this already.")


class MakerMissing(NotPermitted):
    """A job can't be one of two people."""

    code = "maker_missing"
    default_message = _("A person must ask for this.")


def seal_of(payload: Mapping[str, Any]) -> str:
    """The digest that proves that nothing was changed between asking and deciding."""
    return fingerprint_of(payload)


def ask_second_person(
    loan: Loan, kind: ApprovalKind, payload: dict[str, Any], *, reason: str, actor: User | None, today: dt.date
) -> ApprovalRequest:
    """Put `payload` before a second person for 14 days. Call under the loan's guard.

    Raises AlreadyAsked when one of this kind waits for this loan, MakerMissing without a person.
    """
    require_transaction()
    if actor is None:
        raise MakerMissing
    open_key = f"{kind}:{loan.pk}"
    if ApprovalRequest.objects.filter(open_key=open_key).exists():
        raise AlreadyAsked
    request = ApprovalRequest.objects.create(
        reference=new_reference("AR"),
        kind=kind,
        loan=loan,
        payload=payload,
        payload_sha256=seal_of(payload),
        reason=reason,
        open_key=open_key,
        maker=actor,
        asked_on=today,
        expires_on=today + dt.timedelta(days=VALID_DAYS),
    )
    data = {"approval": request.reference, **payload}
    record_step(loan, f"{kind.value}_asked", actor=actor, reason=reason, data=data)
    return request

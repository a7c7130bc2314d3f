"""The one writer of the audit trail, and of the log line that goes with each event."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Model

from accounts.models import AuditEvent, User
from p2plending.lib.context import current_request
from p2plending.lib.database.transactions import require_transaction

logger = logging.getLogger(__name__)


def record(
    *,
    action: str,
    actor: User | None,
    subject_type: str,
    subject_reference: str,
    reason: str = "",
    data: dict[str, Any] | None = None,
    actor_label: str = "",
) -> AuditEvent:
    """Write one audit event in the transaction of the change that it describes.

    `action` is dotted (`loans.loan.disbursed`); `data` holds before and after, never secrets. Without an actor the
    label says which job acted, e.g. `system:end-of-day`. Once it is committed, the action is logged with its subject
    and actor; reason and data, which may say more about a person, stay in the trail.
    """
    require_transaction()
    request = current_request()
    label = actor_label or (actor.member_number if actor else "system")
    extra = {"subject": subject_reference, "actor": label}
    transaction.on_commit(partial(logger.info, action, extra=extra))
    return AuditEvent.objects.create(
        action=action,
        actor=actor,
        actor_label=label,
        subject_type=subject_type,
        subject_reference=subject_reference,
        reason=reason,
        data=data or {},
        ip_address=request.ip_address,
        request_id=request.request_id,
    )


def record_about(
    row: Model,
    event: str,
    actor: User | None,
    *,
    subject: str = "",
    reason: str = "",
    data: dict[str, Any] | None = None,
    actor_label: str = "",
) -> AuditEvent:
    """Write that `event` happened to a row with a reference: `ledger.deposit.confirmed`.

    The action is named by the row's app and by what it is: its model's name, unless `subject` says another.
    """
    name = subject or str(row._meta.model_name)
    return record(
        action=f"{row._meta.app_label}.{name}.{event}",
        actor=actor,
        subject_type=name,
        subject_reference=row.reference,  # type: ignore[attr-defined]  # the rows that are audited have one
        reason=reason,
        data=data,
        actor_label=actor_label,
    )

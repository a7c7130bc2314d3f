"""Who signed in, who tried, and what changed about how they do: an audit row and a log line for each."""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest

from accounts.models import User
from accounts.services import audit
from p2plending.lib.database.transactions import run_small

logger = logging.getLogger(__name__)

NOBODY = "unknown"
# How long a lock lasts (`ACCOUNT_RATE_LIMITS`), and so how often it is written down.
LOCK_SECONDS = 15 * 60


def note(event: str, user: User | None, request: HttpRequest | None, **data: Any) -> None:
    """Write down one event about an account, or about an address that has none (`user` is None).

    `event` is the end of the audit action (`sign_in.failed`). Nothing that was typed is kept.
    """
    data.setdefault("door", "api" if request is not None and request.path.startswith("/api/") else "page")
    member = user.member_number if user else NOBODY
    proved = None if event.endswith((".failed", ".locked", ".token_reused")) else user
    run_small(
        lambda: audit.record(
            action=f"accounts.{event}",
            actor=proved,
            actor_label="" if proved else "visitor",
            subject_type="user",
            subject_reference=member,
            data=data,
        )
    )
    logger.info(event.replace("_", " ").replace(".", " "), extra={"account": member, **data})


def note_lock(key: str, user: User | None, request: HttpRequest | None) -> None:
    """Write down that an account is locked: once for each lock, however often it is tried meanwhile."""
    if cache.add(f"lock-noted:{key}", True, timeout=LOCK_SECONDS):
        note("sign_in.locked", user, request)

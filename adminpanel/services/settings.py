"""Limits and switches of the platform: asked for by one person, changed when another agrees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from constance.codecs import dumps
from constance.models import Constance
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.services.approvals.permissions import require_staff_permission
from accounts.services.approvals.requests import StartingPointChanged, request_approval
from accounts.services.audit import record
from adminpanel.permissions import CHANGE_SETTINGS
from adminpanel.services.changes import packed, unpacked_settings
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import Refused
from p2plending.lib.rules.values import platform_rules

BOOKS_CLOSED_UNTIL = "BOOKS_CLOSED_UNTIL"
# All settings are one thing: who decides sees everything that waits to be changed.
SUBJECT = "settings"


class NothingChanged(Refused):
    """The form was sent as it was."""

    code = "nothing_changed"
    default_message = _("Nothing was changed.")


class DayNotOver(Refused):
    """Books are closed up to a day that is over: what is entered today must have a day to count on."""

    code = "day_not_over"
    default_message = _("The books can be closed up to yesterday, not further.")


def request_settings(*, values: Mapping[str, Any], reason: str, actor: User, today: dt.date) -> ApprovalRequest:
    """Ask a second person to change the settings that differ from what stands now. Nothing is changed yet.

    `values` are as `platform_rules()` gives them: minor units, fractions, whole numbers, switches. Raises StaffOnly,
    MissingPermission, NothingChanged, DayNotOver, AlreadyAsked.
    """
    require_staff_permission(actor, CHANGE_SETTINGS)

    def run() -> ApprovalRequest:
        before = _standing(values)
        changed = {name: values[name] for name in before if values[name] != before[name]}
        if not changed:
            raise NothingChanged
        _require_day_over(changed, today)
        return request_approval(
            ApprovalKind.SETTINGS,
            SUBJECT,
            packed(changed),
            before=packed({name: before[name] for name in changed}),
            reason=reason,
            actor=actor,
            today=today,
        )

    return run_money(run)


def apply_settings(_subject: None, request: ApprovalRequest, *, actor: User, today: dt.date) -> None:
    """Store what was approved. Raises StartingPointChanged when a setting was changed meanwhile, DayNotOver."""
    after = unpacked_settings(request.payload)
    before = _standing(after)
    if packed(before) != request.before:
        raise StartingPointChanged
    _require_day_over(after, today)
    for name, value in after.items():
        store_setting(name, before[name], value, reason=request.reason, actor=actor, asked_by=request.maker)


def store_setting(
    name: str, before: Any, after: Any, *, reason: str, actor: User | None, asked_by: User | None = None
) -> None:
    """Write one setting and its audit event. Call inside a transaction."""
    Constance.objects.update_or_create(key=name, defaults={"value": dumps(after)})
    asked = {"asked_by": asked_by.member_number} if asked_by else {}
    record(
        action="adminpanel.setting.changed",
        actor=actor,
        subject_type="setting",
        subject_reference=name,
        reason=reason,
        data={"before": str(before), "after": str(after), **asked},
    )


def _standing(values: Mapping[str, Any]) -> dict[str, Any]:
    rules = platform_rules()
    return {name: getattr(rules, name.lower()) for name in settings.CONSTANCE_CONFIG if name in values}


def _require_day_over(changed: Mapping[str, Any], today: dt.date) -> None:
    if BOOKS_CLOSED_UNTIL in changed and changed[BOOKS_CLOSED_UNTIL] >= today:
        raise DayNotOver(today=today).at(BOOKS_CLOSED_UNTIL)

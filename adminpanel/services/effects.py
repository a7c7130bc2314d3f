"""What requests for a second person about staff, settings and products do."""

from __future__ import annotations

import datetime as dt

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest
from accounts.services.approvals.requests import Effect
from adminpanel.services.products import apply_product, lock_product
from adminpanel.services.settings import apply_settings
from adminpanel.services.staff_accounts import apply_staff_account
from adminpanel.services.staff_groups import apply_groups, lock_person


def _no_guard(_request: ApprovalRequest, _today: dt.date) -> None:
    """Settings have no row of their own; one request about them waits at a time, and its guard is theirs."""


EFFECTS: dict[ApprovalKind, Effect] = {
    ApprovalKind.SETTINGS: Effect("settings", "adminpanel.setting", _no_guard, apply_settings),
    ApprovalKind.PRODUCT: Effect("product", "adminpanel.product", lock_product, apply_product),
    ApprovalKind.GROUPS: Effect("user", "adminpanel.user", lock_person, apply_groups),
    ApprovalKind.STAFF: Effect("user", "adminpanel.user", lock_person, apply_staff_account),
}

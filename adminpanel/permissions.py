"""Who among the staff may do what: one table, given to the groups after every migration."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from accounts.enums.people import Role, StaffGroup
from accounts.enums.permissions import (
    DECIDE_APPROVALS,
    READ_DOCUMENTS,
    REVIEW_IDENTITY,
    SUSPEND_USERS,
    VIEW_APPROVALS,
    VIEW_AUDIT,
    VIEW_IDENTITY,
    VIEW_NOTIFICATIONS,
    VIEW_USERS,
)
from accounts.models import User
from ledger.enums.permissions import VIEW_ACCOUNTS, VIEW_DEPOSITS, VIEW_ENTRIES, VIEW_POSTINGS, VIEW_WITHDRAWALS
from loans.enums.permissions import (
    DECIDE_REPAYMENTS,
    FREEZE_LOANS,
    MODERATE_QUESTIONS,
    READ_LOAN_DOCUMENTS,
    RECORD_RECOVERIES,
    REVIEW_APPLICATIONS,
    RUN_JOBS,
    VIEW_COMMITMENTS,
    VIEW_DISTRIBUTIONS,
    VIEW_INSTALMENTS,
    VIEW_LOANS,
    VIEW_NOTES,
    VIEW_PRODUCTS,
    VIEW_QUESTIONS,
    VIEW_REPAYMENTS,
    WAIVE_CHARGES,
    WORK_COLLECTIONS,
)
from matching.enums.permissions import VIEW_ALLOCATION_RUNS, VIEW_DECISIONS, VIEW_MANDATES, VIEW_PROPOSALS
from p2plending.lib.web.decorators import View, role_required
from p2plending.lib.web.requests import AuthenticatedRequest

CLOSE_LISTINGS = "adminpanel.close_listings"
PAY_OUT_LOANS = "adminpanel.pay_out_loans"
DECIDE_DEPOSITS = "adminpanel.decide_deposits"
DECIDE_WITHDRAWALS = "adminpanel.decide_withdrawals"
VIEW_BOOKS = "adminpanel.view_books"
CHANGE_SETTINGS = "adminpanel.change_settings"
MOVE_DEMO_DATE = "adminpanel.move_demo_date"
GIVE_GROUPS = "adminpanel.give_groups"

VIEW_JOBS = "django_q.view_schedule"

_LOANS = {
    VIEW_LOANS,
    VIEW_REPAYMENTS,
    VIEW_PRODUCTS,
    VIEW_APPROVALS,
    VIEW_COMMITMENTS,
    VIEW_NOTES,
    VIEW_INSTALMENTS,
    VIEW_DISTRIBUTIONS,
    VIEW_QUESTIONS,
}
_MATCHING = {VIEW_MANDATES, VIEW_PROPOSALS, VIEW_ALLOCATION_RUNS, VIEW_DECISIONS}
_BOOKS = {VIEW_BOOKS, VIEW_ACCOUNTS, VIEW_ENTRIES, VIEW_POSTINGS}
_MONEY = {VIEW_DEPOSITS, VIEW_WITHDRAWALS}
_JOBS = {f"django_q.view_{name}" for name in ("schedule", "success", "failure", "ormq")}
_READ_ALL = {VIEW_USERS, VIEW_IDENTITY, VIEW_AUDIT, VIEW_NOTIFICATIONS} | _LOANS | _MATCHING | _BOOKS | _MONEY | _JOBS

GROUP_PERMISSIONS: dict[StaffGroup, frozenset[str]] = {
    StaffGroup.SUPPORT: frozenset(
        {VIEW_USERS, VIEW_IDENTITY, VIEW_NOTIFICATIONS, MODERATE_QUESTIONS} | _LOANS | _MATCHING | _MONEY
    ),
    StaffGroup.IDENTITY: frozenset({VIEW_USERS, VIEW_IDENTITY, READ_DOCUMENTS, REVIEW_IDENTITY}),
    StaffGroup.UNDERWRITER: frozenset(
        {VIEW_USERS, VIEW_IDENTITY, REVIEW_APPLICATIONS, MODERATE_QUESTIONS, READ_LOAN_DOCUMENTS} | _LOANS
    ),
    StaffGroup.FINANCE: frozenset(
        {VIEW_USERS, PAY_OUT_LOANS, DECIDE_DEPOSITS, DECIDE_WITHDRAWALS, DECIDE_REPAYMENTS, DECIDE_APPROVALS}
        | {RECORD_RECOVERIES}
        | _LOANS
        | _MONEY
        | _BOOKS
    ),
    StaffGroup.COLLECTIONS: frozenset({VIEW_USERS, VIEW_NOTIFICATIONS, WORK_COLLECTIONS, WAIVE_CHARGES} | _LOANS),
    StaffGroup.COMPLIANCE: frozenset(
        {READ_DOCUMENTS, SUSPEND_USERS, CLOSE_LISTINGS, CHANGE_SETTINGS, RUN_JOBS, MOVE_DEMO_DATE, GIVE_GROUPS}
        | {DECIDE_APPROVALS, FREEZE_LOANS, MODERATE_QUESTIONS, READ_LOAN_DOCUMENTS}
        | _READ_ALL
    ),
    StaffGroup.AUDITOR: frozenset(_READ_ALL),
}
_APPS = ("accounts", "ledger", "loans", "matching", "adminpanel", "django_q")


def grant_group_permissions(**_signal: Any) -> None:
    """Give every staff group exactly what the table says; runs after each migration."""
    for label in _APPS:
        create_permissions(apps.get_app_config(label), verbosity=0)
    rows = Permission.objects.filter(content_type__app_label__in=_APPS).select_related("content_type")
    known = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    with transaction.atomic():
        for name, granted in GROUP_PERMISSIONS.items():
            group, _created = Group.objects.get_or_create(name=name.value)
            group.permissions.set(known[permission] for permission in granted)


def desk_refusal(user: User) -> str:
    """Why this signed-in person may not open the staff desk, in words for the 403 page; empty when they may.

    The desk is for active staff with at least one duty: suspended staff have none, and staff without a group neither.
    """
    if user.role != Role.STAFF or not user.is_staff:
        return _("Only staff can open this page.")
    if user.is_suspended:
        return _("Your account is suspended.")
    if not user.get_all_permissions():
        return _("You are in no group of staff yet. Ask somebody who gives groups to staff.")
    return ""


def require_desk(user: User) -> None:
    """Raise PermissionDenied, with the words of the 403 page, unless this person may open the staff desk."""
    if refusal := desk_refusal(user):
        raise PermissionDenied(refusal)


def desk_required(view: View) -> View:
    """Staff with at least one duty; others get the 403 page that says why."""

    @role_required(Role.STAFF)
    @wraps(view)
    def guarded(request: AuthenticatedRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_desk(request.user)
        return view(request, *args, **kwargs)

    return guarded


def require_permission(request: HttpRequest, permission: str) -> None:
    """Raise PermissionDenied, with the words of the 403 page, unless this member of staff has the permission."""
    if not request.user.has_perm(permission):
        raise PermissionDenied(_("Your group of staff can't do this. Ask somebody whose job it is."))


def permission_required(permission: str) -> Callable[[View], View]:
    """Staff whose group has the permission; others get the 403 page. The view carries `needed_permission`."""

    def decorate(view: View) -> View:
        @desk_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            require_permission(request, permission)
            return view(request, *args, **kwargs)

        vars(guarded)["needed_permission"] = permission
        return guarded

    return decorate

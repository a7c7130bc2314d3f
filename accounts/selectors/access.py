"""Who may see people, identity checks, their documents, notifications and the audit trail."""

from __future__ import annotations

from django.db.models import Q

from accounts.enums.permissions import (
    READ_DOCUMENTS,
    VIEW_APPROVALS,
    VIEW_AUDIT,
    VIEW_IDENTITY,
    VIEW_NOTIFICATIONS,
    VIEW_USERS,
)
from accounts.models import ApprovalRequest, AuditEvent, IdentityDocument, IdentityVerification, Notification, User
from p2plending.lib.access import AccessRule

USERS = AccessRule(User, VIEW_USERS, own=lambda user: Q(pk=user.pk))
IDENTITY_CHECKS = AccessRule(IdentityVerification, VIEW_IDENTITY, own=lambda user: Q(user=user))
IDENTITY_DOCUMENTS = AccessRule(IdentityDocument, READ_DOCUMENTS, own=lambda user: Q(verification__user=user))
NOTIFICATIONS = AccessRule(Notification, VIEW_NOTIFICATIONS, own=lambda user: Q(user=user))
AUDIT_EVENTS = AccessRule(AuditEvent, VIEW_AUDIT)
APPROVALS = AccessRule(ApprovalRequest, VIEW_APPROVALS)

"""Names of the permissions that services and access rules of accounts ask for; `adminpanel` gives them to groups."""

from __future__ import annotations

REVIEW_IDENTITY = "accounts.change_identityverification"
READ_DOCUMENTS = "accounts.view_identitydocument"
SUSPEND_USERS = "accounts.change_user"
VIEW_USERS = "accounts.view_user"
VIEW_IDENTITY = "accounts.view_identityverification"
VIEW_NOTIFICATIONS = "accounts.view_notification"
VIEW_AUDIT = "accounts.view_auditevent"
VIEW_APPROVALS = "accounts.view_approvalrequest"
DECIDE_APPROVALS = "adminpanel.decide_approvals"

"""Names of the permissions that services of accounts ask for; `adminpanel` gives them to groups."""

from __future__ import annotations

REVIEW_IDENTITY = "accounts.change_identityverification"
READ_DOCUMENTS = "accounts.view_identitydocument"
SUSPEND_USERS = "accounts.change_user"

"""WHO: people, identity checks, audit trail, notifications."""

from accounts.models.audit import AuditEvent
from accounts.models.identity import IdentityDocument, IdentityVerification
from accounts.models.notification import Notification
from accounts.models.operation import OperationKey
from accounts.models.outgoing import OutgoingMail
from accounts.models.user import TermsAcceptance, User, normalise_email

__all__ = [
    "AuditEvent",
    "IdentityDocument",
    "IdentityVerification",
    "Notification",
    "OperationKey",
    "OutgoingMail",
    "TermsAcceptance",
    "User",
    "normalise_email",
]

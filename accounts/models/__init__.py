"""WHO: people, identity checks, audit trail, notifications."""

from accounts.models.approval import ApprovalRequest
from accounts.models.audit import AuditEvent
from accounts.models.identity import IdentityDocument, IdentityVerification
from accounts.models.limit import LimitCount
from accounts.models.notification import Notification
from accounts.models.operation import OperationKey
from accounts.models.outgoing import OutgoingMail
from accounts.models.token import RefreshedToken
from accounts.models.user import TermsAcceptance, User

__all__ = [
    "ApprovalRequest",
    "AuditEvent",
    "IdentityDocument",
    "IdentityVerification",
    "LimitCount",
    "Notification",
    "OperationKey",
    "OutgoingMail",
    "RefreshedToken",
    "TermsAcceptance",
    "User",
]

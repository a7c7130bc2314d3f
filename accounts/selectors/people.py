"""What accounts can be asked."""

from __future__ import annotations

import dataclasses
import datetime as dt

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse

from accounts.enums.people import ApprovalState, DeliveryStatus, VerificationStatus
from accounts.fields import lookup_digests
from accounts.models import (
    ApprovalRequest,
    AuditEvent,
    IdentityDocument,
    IdentityVerification,
    Notification,
    OutgoingMail,
    User,
)
from accounts.selectors.access import IDENTITY_DOCUMENTS, NOTIFICATIONS

IDENTITY_SUBJECT = "identity"
# Both hand an identity check to staff and count as tries.
IDENTITY_TRIES = ("accounts.identity.submit", "accounts.identity.edit")


def email_is_verified(user: User) -> bool:
    """Whether the address that the person signs in with was confirmed from its mailbox."""
    return EmailAddress.objects.filter(user_id=user.pk, email=user.email, verified=True).exists()


def owner_of_address(address: str, *, besides: User | None = None) -> User | None:
    """The account that an address (in its one spelling, `normalise_email`) belongs to: it signs in with it, or
    confirmed it as another of its own. `besides` is the account that asks."""
    others = User.objects.exclude(pk=besides.pk if besides else 0)
    signs_in = others.filter(email=address).first()
    return signs_in or others.filter(emailaddress__email=address, emailaddress__verified=True).first()


def unread_count(user: User) -> int:
    """How many notifications the person has not read."""
    return Notification.objects.filter(user=user, read_at__isnull=True).count()


def notifications_of(user: User) -> QuerySet[Notification]:
    """The person's notifications, newest first."""
    return NOTIFICATIONS.own_of(user).order_by("-id")


def verification_of(user: User) -> IdentityVerification:
    """The person's identity check. One that was never begun comes as an unsaved row in state NOT_STARTED."""
    found = IdentityVerification.objects.filter(user=user).first()
    return found or IdentityVerification(user=user)


def current_documents(verification: IdentityVerification) -> list[IdentityDocument]:
    """The documents that count; replaced ones stay stored but are not among them."""
    if verification.pk is None:
        return []
    return list(verification.documents.filter(is_current=True).order_by("kind"))


def readable_document(user: User, reference: str) -> IdentityDocument:
    """A document that the person may read: their own, or any with the permission. Raises its DoesNotExist."""
    return IDENTITY_DOCUMENTS.visible_to(user).select_related("verification__user").get(reference=reference)


def identity_queue() -> QuerySet[IdentityVerification]:
    """Identity checks that wait for staff, the longest waiting first, with their current documents."""
    current = IdentityDocument.objects.filter(is_current=True).order_by("kind")
    return (
        IdentityVerification.objects.filter(status__in=VerificationStatus.waiting())
        .select_related("user", "claimed_by")
        .prefetch_related(Prefetch("documents", queryset=current, to_attr="current_documents"))
        .order_by("submitted_at", "pk")
    )


def holders_of_number(verification: IdentityVerification) -> QuerySet[IdentityVerification]:
    """Other people's checks, sent at least once, with the same document number; none without a number."""
    return IdentityVerification.objects.filter(
        id_number_digest__in=lookup_digests(verification.id_number), submission_count__gt=0
    ).exclude(pk=verification.pk)


def submissions_since(user: User, moment: dt.datetime) -> int:
    """How often the person sent an identity check since then."""
    return AuditEvent.objects.filter(
        action__in=IDENTITY_TRIES,
        subject_type=IDENTITY_SUBJECT,
        subject_reference=user.member_number,
        created_at__gte=moment,
    ).count()


@dataclasses.dataclass(frozen=True, slots=True)
class UndeliveredMail:
    """One e-mail that waits, failed or was given up, as staff see it: never its words, which may hold a key."""

    person: str
    kind: str
    created_at: dt.datetime
    error: str
    attempts: int
    is_given_up: bool


def undelivered_mails(limit: int) -> list[UndeliveredMail]:
    """E-mails that were tried in vain, those that were given up first, at most `limit` of each kind."""
    tried = Q(email_status=DeliveryStatus.PARKED) | Q(email_status=DeliveryStatus.FAILED)
    notices = Notification.objects.filter(tried).select_related("user").order_by("-email_status", "pk")[:limit]
    others = OutgoingMail.objects.filter(tried).order_by("-email_status", "pk")[:limit]
    rows: list[tuple[str, str, Notification | OutgoingMail]] = []
    rows += [(row.user.member_number, row.event, row) for row in notices]
    rows += [(row.recipient, row.kind.rpartition("/")[2], row) for row in others]
    found = [
        UndeliveredMail(
            person=person,
            kind=kind,
            created_at=row.created_at,
            error=row.email_error,
            attempts=row.email_attempts,
            is_given_up=row.email_status == DeliveryStatus.PARKED,
        )
        for person, kind, row in rows
    ]
    return sorted(found, key=lambda one: (not one.is_given_up, one.created_at))


def audit_trail(subject_type: str, reference: str) -> QuerySet[AuditEvent]:
    """Everything that happened to one thing, newest first."""
    return AuditEvent.objects.filter(subject_type=subject_type, subject_reference=reference).select_related("actor")


def approval_queue() -> QuerySet[ApprovalRequest]:
    """What waits for a second person, oldest first."""
    return ApprovalRequest.objects.filter(state=ApprovalState.PENDING).select_related("maker").order_by("pk")


def waiting_about_person(user: User) -> QuerySet[ApprovalRequest]:
    """What waits for a second person about somebody's account or identity."""
    return approval_queue().filter(subject_reference=user.member_number)


def waiting_about(subject_type: str, subject_reference: str) -> QuerySet[ApprovalRequest]:
    """What waits for a second person about one thing, with who asked."""
    return approval_queue().filter(subject_type=subject_type, subject_reference=subject_reference)


def confirmation_path(address: EmailAddress) -> str:
    """The page on which an address is confirmed; good for 48 hours and until it was used."""
    return reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])

"""Roles, identity check states and reason codes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

# Tasks that talk to the mail server wait in a queue of their own: a server that never answers delays nothing else.
MAIL_QUEUE = "mail"


class Role(models.TextChoices):
    BORROWER = "borrower", _("Borrower")
    LENDER = "lender", _("Lender")
    STAFF = "staff", _("Staff")


class StaffGroup(models.TextChoices):
    """Groups made by migration; permissions are given in `adminpanel`."""

    SUPPORT = "Support", _("Support")
    IDENTITY = "Identity officer", _("Identity officer")
    UNDERWRITER = "Underwriter", _("Underwriter")
    FINANCE = "Finance", _("Finance")
    COLLECTIONS = "Collections", _("Collections")
    COMPLIANCE = "Compliance", _("Compliance")
    AUDITOR = "Auditor", _("Auditor (read only)")


class VerificationStatus(models.TextChoices):
    NOT_STARTED = "not_started", _("Not started")
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Being checked")
    IN_REVIEW = "in_review", _("Being checked")
    MORE_INFO = "more_info", _("We need a better document")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Not accepted")
    EXPIRED = "expired", _("Expired")
    SUSPENDED = "suspended", _("Suspended")

    @classmethod
    def editable(cls) -> tuple[VerificationStatus, ...]:
        """States in which the person may change details and documents."""
        return (cls.NOT_STARTED, cls.DRAFT, cls.MORE_INFO, cls.REJECTED, cls.EXPIRED)

    @classmethod
    def waiting(cls) -> tuple[VerificationStatus, ...]:
        """States that wait for staff."""
        return (cls.SUBMITTED, cls.IN_REVIEW)


class VerificationEvent(models.TextChoices):
    SAVE = "save"
    SUBMIT = "submit"
    CLAIM = "claim"
    ASK = "ask"
    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "expire"
    SUSPEND = "suspend"
    CLEAR = "clear"
    CONFIRM_SUSPICION = "confirm_suspicion"
    EDIT = "edit"


_S, _E = VerificationStatus, VerificationEvent
VERIFICATION_TRANSITIONS: dict[tuple[VerificationStatus, VerificationEvent], VerificationStatus] = {
    (_S.NOT_STARTED, _E.SAVE): _S.DRAFT,
    (_S.DRAFT, _E.SAVE): _S.DRAFT,
    (_S.MORE_INFO, _E.SAVE): _S.MORE_INFO,
    (_S.REJECTED, _E.SAVE): _S.REJECTED,
    (_S.EXPIRED, _E.SAVE): _S.EXPIRED,
    (_S.DRAFT, _E.SUBMIT): _S.SUBMITTED,
    (_S.MORE_INFO, _E.SUBMIT): _S.SUBMITTED,
    (_S.REJECTED, _E.SUBMIT): _S.SUBMITTED,
    (_S.EXPIRED, _E.SUBMIT): _S.SUBMITTED,
    (_S.SUBMITTED, _E.CLAIM): _S.IN_REVIEW,
    (_S.IN_REVIEW, _E.CLAIM): _S.IN_REVIEW,
    (_S.IN_REVIEW, _E.ASK): _S.MORE_INFO,
    (_S.IN_REVIEW, _E.APPROVE): _S.APPROVED,
    (_S.IN_REVIEW, _E.REJECT): _S.REJECTED,
    (_S.APPROVED, _E.EXPIRE): _S.EXPIRED,
    (_S.APPROVED, _E.SUSPEND): _S.SUSPENDED,
    (_S.SUSPENDED, _E.CLEAR): _S.APPROVED,
    (_S.SUSPENDED, _E.CONFIRM_SUSPICION): _S.REJECTED,
    (_S.APPROVED, _E.EDIT): _S.SUBMITTED,
}


class DocumentKind(models.TextChoices):
    ID_FRONT = "id_front", _("Identity document, front")
    ID_BACK = "id_back", _("Identity document, back")
    PROOF_OF_ADDRESS = "proof_of_address", _("Proof of address")
    PROOF_OF_INCOME = "proof_of_income", _("Proof of income")

    @classmethod
    def of_identity(cls) -> tuple[DocumentKind, ...]:
        """What the identity check asks for."""
        return (cls.ID_FRONT, cls.ID_BACK, cls.PROOF_OF_ADDRESS)

    @classmethod
    def required(cls) -> tuple[DocumentKind, ...]:
        return (cls.ID_FRONT,)


class DocumentStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Please send again")


class DocumentReason(models.TextChoices):
    """Why a document was refused, in words that tell how to fix it."""

    BLURRED = "BLURRED", _("The picture is blurred. Take it in good light and hold the camera still.")
    CROPPED = "CROPPED", _("A part is cut off. All four corners must be visible.")
    EXPIRED = "EXPIRED", _("The document has expired. Send one that is still valid.")
    NAME_MISMATCH = (
        "NAME_MISMATCH",
        _("The name is not the one you gave us. Correct the name or send another document."),
    )
    WRONG_DOC = "WRONG_DOC", _("This is not the document that we asked for.")
    BLACK_WHITE = "BLACK_WHITE", _("The picture is black and white. Send one in colour.")
    UNSUPPORTED_COUNTRY = "UNSUPPORTED_COUNTRY", _("We can't accept documents of this country yet.")
    OTHER = "OTHER", _("We could not accept this document. Write to us and a person will help.")


class IdDocumentType(models.TextChoices):
    PASSPORT = "passport", _("Passport")
    ID_CARD = "id_card", _("Identity card")
    DRIVING_LICENCE = "driving_licence", _("Driving licence")
    RESIDENCE_PERMIT = "residence_permit", _("Residence permit")


class DeliveryStatus(models.TextChoices):
    NOT_WANTED = "not_wanted", _("No e-mail")
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed, is tried again")
    PARKED = "parked", _("Given up")

    @classmethod
    def open(cls) -> tuple[DeliveryStatus, ...]:
        """States from which the worker still tries to send."""
        return (cls.WAITING, cls.FAILED)


class ApprovalKind(models.TextChoices):
    """What only two people together may do."""

    WRITE_OFF = "write_off", _("Write a loan off")
    SETTLEMENT = "settlement", _("Settle a loan for less")
    REVERSAL = "reversal", _("Undo a payment that came back")
    RECOVERY = "recovery", _("Undo a recovery that came back")
    PAYMENT = "payment", _("Confirm a large payment")
    RECEIPT = "receipt", _("Record a large recovery")
    DEPOSIT = "deposit", _("Confirm a large deposit")
    WITHDRAWAL = "withdrawal", _("Send a large withdrawal")
    GROUPS = "groups", _("Change the groups of a member of staff")
    STAFF = "staff", _("Make a staff account")
    SETTINGS = "settings", _("Change settings")
    PRODUCT = "product", _("Add or change a loan product")
    CLEARING = "clearing", _("Clear a suspicion about an identity")
    CONFIRMING = "confirming", _("Confirm a suspicion about an identity")
    RELEASE = "release", _("End the suspension of a person")


class ApprovalState(models.TextChoices):
    PENDING = "pending", _("Waiting for a second person")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    EXPIRED = "expired", _("Not decided in time")
    REPLACED = "replaced", _("Asked again with other figures")
    WITHDRAWN = "withdrawn", _("No longer asked for")

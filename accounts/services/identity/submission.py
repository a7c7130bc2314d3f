"""The identity check: what the person sends, and what staff decide (`identity_review`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums.people import DocumentKind, DocumentStatus, Role, VerificationEvent, VerificationStatus
from accounts.fields import lookup_digest, normal_number
from accounts.identity.answers import check_birth, check_expiry
from accounts.identity.uploads import CleanFile, clean_upload
from accounts.models import IdentityDocument, IdentityVerification, User
from accounts.selectors.people import IDENTITY_SUBJECT, current_documents, holders_of_number, submissions_since
from accounts.services import audit
from accounts.services.identity.documents import keep_file
from accounts.services.identity.review import approve_identity, ask_again, claim_identity, reject_identity
from accounts.services.identity.states import IdentityStepNotPossible, move_verification
from accounts.services.mail.notifications import notify
from accounts.values.countries import has_postcodes
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import lock_guard, run_money
from p2plending.lib.errors import NotPermitted, Refused

__all__ = [
    "add_document",
    "approve_identity",
    "ask_again",
    "claim_identity",
    "reject_identity",
    "save_identity_details",
    "submit_identity",
]

MAX_TRIES = 5
TRIES_WINDOW = dt.timedelta(days=30)
MAX_DOCUMENTS = 30

DETAIL_FIELDS = (
    "legal_name",
    "date_of_birth",
    "address",
    "postcode",
    "city",
    "country",
    "nationality",
    "phone",
    "occupation",
    "source_of_funds",
    "tax_residence",
    "is_politically_exposed",
    "id_type",
    "id_number",
    "id_expires_on",
)
REQUIRED_FIELDS = (
    "legal_name",
    "date_of_birth",
    "address",
    "postcode",
    "city",
    "country",
    "nationality",
    "id_type",
    "id_number",
    "id_expires_on",
)
# A change of one of these after the approval goes back to staff.
CHECKED_FIELDS = ("legal_name", "date_of_birth", "nationality", "id_type", "id_number", "id_expires_on")


class DetailsMissing(Refused):
    code = "identity_details_missing"
    default_message = gettext_lazy("Fill in your details first.")


class DocumentsMissing(Refused):
    code = "identity_documents_missing"
    default_message = gettext_lazy("Add a picture of your identity document first.")


class DocumentNumberNotAccepted(Refused):
    """Somebody else sent the same number. The words must not tell that."""

    code = "document_number_not_accepted"
    default_message = gettext_lazy("We can't accept this document number. Write to us and a person will help.")


class TooManyTries(Refused):
    code = "identity_too_many_tries"
    default_message = gettext_lazy("You sent your documents five times in 30 days. Write to us and a person will help.")


class TooManyDocuments(Refused):
    code = "identity_too_many_documents"
    default_message = gettext_lazy("You sent very many files. Write to us and a person will help.")


class NoMoreTries(NotPermitted):
    """Staff refused for good."""

    code = "identity_no_more_tries"
    default_message = gettext_lazy("You can't send documents again. Write to us and a person will look at it.")


def save_identity_details(*, user: User, details: dict[str, Any], actor: User) -> IdentityVerification:
    """Save what the person says about themselves; `details` holds any of `DETAIL_FIELDS`.

    After the approval a change of name, birth, nationality or document sends the check back to staff, and until they
    answer no money goes out; other fields change at once. Raises NotPermitted for somebody else's check,
    IdentityStepNotPossible while staff are looking, NoMoreTries; and when it goes back to staff, TooManyTries and
    DocumentNumberNotAccepted.
    """
    _require_self(user, actor)
    unknown = set(details) - set(DETAIL_FIELDS)
    if unknown:
        raise ValueError(f"Not details of an identity check: {sorted(unknown)}")

    def save() -> IdentityVerification:
        verification = _locked(user)
        if verification.is_final:
            raise NoMoreTries
        changed = [name for name, value in details.items() if getattr(verification, name) != value]
        for name in changed:
            setattr(verification, name, details[name])
        if "id_number" in changed:
            verification.id_number_digest = lookup_digest(verification.id_number)
            verification.id_number_last4 = normal_number(verification.id_number)[-4:]
        if verification.status != VerificationStatus.APPROVED:
            return move_verification(verification, VerificationEvent.SAVE, actor=actor, data={"fields": changed})
        if set(changed) & set(CHECKED_FIELDS):
            return _send_back(verification, changed, actor)
        verification.save()
        _audit(verification, "accounts.identity.contact_changed", actor, {"fields": changed})
        return verification

    return _run_noting_duplicates(save, user, actor)


def _send_back(verification: IdentityVerification, changed: list[str], actor: User) -> IdentityVerification:
    _check_tries(verification, clock.now())
    _check_number(verification)
    verification.documents.filter(is_current=True).update(status=DocumentStatus.WAITING, reason="")
    return move_verification(
        verification, VerificationEvent.EDIT, actor=actor, data={"fields": changed}, **_submission(verification)
    )


def add_document(*, user: User, kind: str, upload: UploadedFile, actor: User) -> IdentityDocument:
    """Check, encrypt and keep one file; it takes the place of an earlier one of the same kind.

    The same file again is the first document. Nothing stays on the disk after a refusal: NotPermitted, UploadRefused
    (see `accounts.identity.uploads`), IdentityStepNotPossible, TooManyDocuments, NoMoreTries.
    """
    _require_self(user, actor)
    kind = DocumentKind(kind)
    clean = clean_upload(upload)
    return keep_file(clean, lambda name: _keep(user, kind, clean, name, actor))


def _keep(user: User, kind: DocumentKind, clean: CleanFile, name: str, actor: User) -> IdentityDocument:
    verification = _locked(user)
    if verification.is_final:
        raise NoMoreTries
    of_kind = verification.documents.filter(kind=kind, is_current=True)
    same = of_kind.filter(sha256=clean.sha256).exclude(status=DocumentStatus.REFUSED).first()
    if same is not None:
        return same
    if verification.documents.count() >= MAX_DOCUMENTS:
        raise TooManyDocuments
    # Adding a file is saving: it is possible in the same states.
    reference = new_reference("DOC")
    seen_elsewhere = IdentityDocument.objects.filter(sha256=clean.sha256).exclude(verification=verification).exists()
    move_verification(
        verification,
        VerificationEvent.SAVE,
        actor=actor,
        data={"document": reference, "kind": kind.value, "same_file_from_others": seen_elsewhere},
    )
    of_kind.update(is_current=False)
    return IdentityDocument.objects.create(
        verification=verification,
        reference=reference,
        kind=kind,
        stored_name=name,
        content_type=clean.content_type,
        size=len(clean.content),
        sha256=clean.sha256,
    )


def remove_document(*, user: User, reference: str, actor: User) -> IdentityDocument:
    """Take a file out of the check before it is sent. It is kept, as everything that staff may have seen, but not used.

    A document that is not there any more stays as it is. Raises NotPermitted, IdentityStepNotPossible, NoMoreTries, and
    IdentityDocument.DoesNotExist for anybody else's.
    """
    _require_self(user, actor)

    def remove() -> IdentityDocument:
        verification = _locked(user)
        document = verification.documents.get(reference=reference)
        if not document.is_current:
            return document
        if verification.is_final:
            raise NoMoreTries
        data = {"document": document.reference, "kind": document.kind, "removed": True}
        move_verification(verification, VerificationEvent.SAVE, actor=actor, data=data)
        document.is_current = False
        document.save(update_fields=["is_current"])
        return document

    return run_money(remove)


def submit_identity(*, user: User, actor: User, today: dt.date) -> IdentityVerification:
    """Hand the check to staff.

    Raises NotPermitted, IdentityStepNotPossible, NoMoreTries, DetailsMissing, BirthNotPossible, TooYoung,
    DocumentExpired, DocumentsMissing, TooManyTries, and DocumentNumberNotAccepted, which leaves an audit row for staff.
    """
    _require_self(user, actor)
    return _run_noting_duplicates(lambda: _submit(user, actor, today), user, actor)


def _submit(user: User, actor: User, today: dt.date) -> IdentityVerification:
    verification = _locked(user)
    if verification.is_final:
        raise NoMoreTries
    if verification.status not in VerificationStatus.editable():
        raise IdentityStepNotPossible(state=str(verification.status), step=VerificationEvent.SUBMIT.value)
    _check_complete(verification, today)
    _check_tries(verification, dt.datetime.combine(today, dt.time.min, clock.now().tzinfo))
    _check_number(verification)
    move_verification(verification, VerificationEvent.SUBMIT, actor=actor, **_submission(verification))
    notify(
        user=user,
        key=f"identity.submitted:{verification.pk}:{verification.submission_count}",
        event="identity.submitted",
        title=_("We have your documents"),
        body=_("We usually answer within one working day. You can look at loans meanwhile."),
        link=reverse("accounts:identity"),
    )
    return verification


def missing_details(verification: IdentityVerification) -> list[str]:
    """Names of the fields that must be filled in before the check can be sent."""
    required = REQUIRED_FIELDS + (("source_of_funds",) if verification.user.role == Role.LENDER else ())
    return [
        name
        for name in required
        if not getattr(verification, name) and (name != "postcode" or has_postcodes(verification.country))
    ]


def missing_documents(documents: list[IdentityDocument]) -> list[DocumentKind]:
    """Kinds that must be sent: required ones that are not there, and any that staff refused."""
    usable = {document.kind for document in documents if document.status != DocumentStatus.REFUSED}
    refused = {document.kind for document in documents} - usable
    return [
        kind for kind in DocumentKind if kind in refused or (kind in DocumentKind.required() and kind not in usable)
    ]


def _check_complete(verification: IdentityVerification, today: dt.date) -> None:
    missing = missing_details(verification)
    if missing or verification.date_of_birth is None or verification.id_expires_on is None:
        raise DetailsMissing(fields=missing)
    check_birth(verification.date_of_birth, today)
    check_expiry(verification.id_expires_on, today)
    kinds = missing_documents(current_documents(verification))
    if kinds:
        raise DocumentsMissing(kinds=[kind.value for kind in kinds])


def _check_tries(verification: IdentityVerification, moment: dt.datetime) -> None:
    if submissions_since(verification.user, moment - TRIES_WINDOW) >= MAX_TRIES:
        raise TooManyTries


def _check_number(verification: IdentityVerification) -> None:
    # The rows are locked, so that two people with one number can't both get through at the same moment.
    if holders_of_number(verification).select_for_update().order_by("pk").values_list("pk", flat=True):
        raise DocumentNumberNotAccepted


def _run_noting_duplicates(
    function: Callable[[], IdentityVerification], user: User, actor: User
) -> IdentityVerification:
    try:
        return run_money(function)
    except DocumentNumberNotAccepted:
        # Written on its own, because the refused transaction is gone.
        run_money(lambda: _audit(_locked(user), "accounts.identity.duplicate_number", actor, {}))
        raise


def _submission(verification: IdentityVerification) -> dict[str, Any]:
    return {
        "submission_count": verification.submission_count + 1,
        "submitted_at": clock.now(),
        "claimed_by": None,
        "claimed_at": None,
        "decision_note": "",
    }


def _audit(verification: IdentityVerification, action: str, actor: User, data: dict[str, Any]) -> None:
    audit.record(
        action=action,
        actor=actor,
        subject_type=IDENTITY_SUBJECT,
        subject_reference=verification.user.member_number,
        data=data,
    )


def _require_self(user: User, actor: User) -> None:
    if actor.pk != user.pk or user.role == Role.STAFF:
        raise NotPermitted


def _locked(user: User) -> IdentityVerification:
    verification, _is_new = IdentityVerification.objects.get_or_create(user=user)
    return lock_guard(IdentityVerification.objects.filter(pk=verification.pk))

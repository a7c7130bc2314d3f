"""What staff do with an identity check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums.people import (
    DocumentKind,
    DocumentReason,
    DocumentStatus,
    Role,
    VerificationEvent,
    VerificationStatus,
)
from accounts.enums.permissions import REVIEW_IDENTITY
from accounts.models import IdentityDocument, IdentityVerification, User
from accounts.selectors.people import current_documents, holders_of_number
from accounts.services.identity.states import move_verification
from accounts.services.mail.notifications import notify
from p2plending.lib import clock
from p2plending.lib.database.transactions import lock_guard, run_money
from p2plending.lib.errors import NotPermitted, Refused

CLAIM_LASTS = dt.timedelta(minutes=30)
KNOWN_PEOPLE = (VerificationStatus.APPROVED, VerificationStatus.EXPIRED, VerificationStatus.SUSPENDED)


class NotYourOwnCheck(NotPermitted):
    code = "own_identity_check"
    default_message = gettext_lazy("Somebody else must decide about your own identity check.")


class ClaimedByColleague(Refused):
    code = "claimed_by_colleague"
    status = 409
    default_message = gettext_lazy("A colleague is looking at this identity check. Take the next one.")


class ReasonsMissing(Refused):
    code = "reasons_missing"
    default_message = gettext_lazy("Choose a reason for at least one document.")


class NoteMissing(Refused):
    code = "note_missing"
    default_message = gettext_lazy("Enter what the person should know.")


class DocumentsNotAcceptable(Refused):
    code = "documents_not_acceptable"
    default_message = gettext_lazy("A required document is missing or was refused. Ask for it again.")


class NumberBelongsToAnother(Refused):
    code = "number_belongs_to_another"
    default_message = gettext_lazy("Another person was approved with the same document number.")


class CheckerNeeded(Refused):
    code = "second_officer_needed"
    default_message = gettext_lazy("A politically exposed person needs a second officer: a colleague must approve.")


def claim_identity(*, verification_id: int, actor: User) -> IdentityVerification:
    """Take a check for half an hour, so that two officers do not work on one.

    Raises NotPermitted, NotYourOwnCheck, ClaimedByColleague, IdentityStepNotPossible.
    """

    def claim(verification: IdentityVerification) -> None:
        _require_free(verification, actor)
        move_verification(verification, VerificationEvent.CLAIM, actor=actor, claimed_by=actor, claimed_at=clock.now())

    return _decide(verification_id, actor, claim)


def approve_identity(*, verification_id: int, actor: User, note: str = "") -> IdentityVerification:
    """Accept the person and every document that is still waiting.

    Raises NotPermitted, NotYourOwnCheck, ClaimedByColleague, IdentityStepNotPossible, DocumentsNotAcceptable,
    NumberBelongsToAnother, and CheckerNeeded when the person is politically exposed and the officer who took the
    check approves alone.
    """

    def approve(verification: IdentityVerification) -> None:
        if not verification.is_politically_exposed:
            _require_free(verification, actor)
        elif verification.claimed_by_id == actor.pk:
            raise CheckerNeeded
        move_verification(verification, VerificationEvent.APPROVE, actor=actor, reason=note, **_decision(actor, note))
        documents = current_documents(verification)
        fine = {document.kind for document in documents if document.status != DocumentStatus.REFUSED}
        refused = any(document.status == DocumentStatus.REFUSED for document in documents)
        if refused or not set(DocumentKind.required()) <= fine:
            raise DocumentsNotAcceptable
        others = holders_of_number(verification).select_for_update().order_by("pk").values_list("status", flat=True)
        if set(others) & set(KNOWN_PEOPLE):
            raise NumberBelongsToAnother
        _accept_waiting(verification)
        _notify_approved(verification)

    return _decide(verification_id, actor, approve)


def ask_again(
    *, verification_id: int, reasons: Mapping[str, DocumentReason | str], note: str = "", actor: User
) -> IdentityVerification:
    """Ask for some documents again; `reasons` maps references of current documents to what is wrong with them.

    Documents without a reason are accepted. Raises NotPermitted, NotYourOwnCheck, ClaimedByColleague, ReasonsMissing,
    IdentityStepNotPossible.
    """

    def ask(verification: IdentityVerification) -> None:
        _require_free(verification, actor)
        move_verification(
            verification,
            VerificationEvent.ASK,
            actor=actor,
            reason=note,
            data={"reasons": {reference: str(reason) for reference, reason in reasons.items()}},
            decision_note=note,
        )
        wanted = [one for one in current_documents(verification) if one.reference in reasons]
        if not wanted or len(wanted) != len(reasons):
            raise ReasonsMissing
        for document in wanted:
            document.status = DocumentStatus.REFUSED
            document.reason = DocumentReason(reasons[document.reference])
            document.save(update_fields=["status", "reason"])
        _accept_waiting(verification)
        _notify_asked(verification, wanted, note)

    return _decide(verification_id, actor, ask)


def reject_identity(*, verification_id: int, note: str, is_final: bool, actor: User) -> IdentityVerification:
    """Refuse the person, for good or until they try again; the note tells them why.

    Raises NotPermitted, NotYourOwnCheck, ClaimedByColleague, NoteMissing, IdentityStepNotPossible.
    """
    if not note.strip():
        raise NoteMissing

    def reject(verification: IdentityVerification) -> None:
        _require_free(verification, actor)
        move_verification(
            verification,
            VerificationEvent.REJECT,
            actor=actor,
            reason=note,
            data={"is_final": is_final},
            is_final=is_final,
            **_decision(actor, note),
        )
        _notify_rejected(verification)

    return _decide(verification_id, actor, reject)


def _decide(verification_id: int, actor: User, step: Callable[[IdentityVerification], None]) -> IdentityVerification:
    if actor.role != Role.STAFF or not actor.has_perm(REVIEW_IDENTITY):
        raise NotPermitted

    def decide() -> IdentityVerification:
        verification = lock_guard(IdentityVerification.objects.filter(pk=verification_id))
        if verification.user_id == actor.pk:
            raise NotYourOwnCheck
        step(verification)
        return verification

    return run_money(decide)


def _require_free(verification: IdentityVerification, actor: User) -> None:
    holder, since = verification.claimed_by_id, verification.claimed_at
    if holder not in (None, actor.pk) and since is not None and clock.now() - since < CLAIM_LASTS:
        raise ClaimedByColleague(until=since + CLAIM_LASTS)


def _decision(actor: User, note: str) -> dict[str, Any]:
    return {"decided_by": actor, "decided_at": clock.now(), "decision_note": note}


def _accept_waiting(verification: IdentityVerification) -> None:
    waiting = verification.documents.filter(is_current=True, status=DocumentStatus.WAITING)
    waiting.update(status=DocumentStatus.ACCEPTED)


def _tell(verification: IdentityVerification, what: str, title: str, body: str, **more: Any) -> None:
    notify(
        user=verification.user,
        key=f"identity.{what}:{verification.pk}:{verification.submission_count}",
        event=f"identity.{what}",
        title=title,
        body=body,
        **({"link": reverse("accounts:identity")} | more),
    )


def _notify_approved(verification: IdentityVerification) -> None:
    user, link = verification.user, reverse("getting_started")
    if user.role == Role.BORROWER:
        body = _("You can now borrow.")
        # A quote that they came with is where they wanted to go.
        link = user.first_page if user.first_page.startswith("/borrowing/") else link
    else:
        body = _("You can now add money and lend.")
    _tell(verification, "approved", _("Your identity check is done"), body, link=link)


def _notify_asked(verification: IdentityVerification, documents: list[IdentityDocument], note: str) -> None:
    lines = [f"{document.get_kind_display()}: {document.get_reason_display()}" for document in documents]
    _tell(verification, "asked", _("We need a better document"), "\n\n".join([*lines, *filter(None, [note])]))


def _notify_rejected(verification: IdentityVerification) -> None:
    if verification.is_final:
        next_step = _("You can write to us, and a person will look again.")
    else:
        next_step = _("You can correct it and send it again.")
    body = _("Reason: %(reason)s") % {"reason": verification.decision_note}
    title = _("We could not accept your documents")
    _tell(verification, "rejected", title, f"{body}\n\n{next_step}", is_required=True)

"""The identity check as the person sees it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.enums.people import DocumentKind, Role, VerificationStatus
from accounts.forms.people import DocumentsForm, IdentityDetailsForm
from accounts.identity.uploads import UploadRefused
from accounts.models import IdentityDocument
from accounts.selectors.people import current_documents, readable_document, verification_of
from accounts.services.identity.documents import read_document
from accounts.services.identity.submission import (
    add_document,
    missing_details,
    missing_documents,
    remove_document,
    save_identity_details,
    submit_identity,
)
from accounts.views.files import file_response
from p2plending.lib.clock import business_date
from p2plending.lib.errors import Refused
from p2plending.lib.text import one_line
from p2plending.lib.web.actions import refusals_on, run_action, run_or_say
from p2plending.lib.web.decorators import get_only, get_or_post, post_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest

PEOPLE = (Role.BORROWER, Role.LENDER)


@get_only
@role_required(*PEOPLE)
def identity(request: AuthenticatedRequest) -> HttpResponse:
    return _identity_page(request)


@get_or_post
@role_required(*PEOPLE)
def identity_details(request: AuthenticatedRequest) -> HttpResponse:
    verification = verification_of(request.user)
    form = IdentityDetailsForm(
        request.POST or None,
        instance=verification,
        initial={} if verification.legal_name else {"legal_name": request.user.full_name},
        today=business_date(),
        is_lender=request.user.is_lender,
    )

    def following(_saved: object) -> HttpResponse:
        lacks = missing_documents(current_documents(verification_of(request.user)))
        return redirect("accounts:identity_document" if lacks else "accounts:identity")

    def page(status: int) -> HttpResponse:
        is_approved = verification_of(request.user).status == VerificationStatus.APPROVED
        context = {"form": form, "is_approved": is_approved}
        return render(request, "accounts/identity_details.html", context, status=status)

    return run_action(
        request,
        form,
        lambda _told: save_identity_details(user=request.user, details=form.details(), actor=request.user),
        done=_("Your details are saved."),
        then=following,
        again=page,
    )


@get_or_post
@role_required(*PEOPLE)
def identity_add_document(request: AuthenticatedRequest) -> HttpResponse:
    """The second step: a file for each kind, shown once it is there, and all of it sent for checking."""
    form = _documents_form(request, request.POST or None, request.FILES or None)
    if form.is_valid():
        for kind, file in form.files_given().items():
            _add_file(request, form, kind, file)
        if not form.errors and "send" in request.POST:
            _send_for_checking(request, form)
        if not form.errors:
            words = _("We have your documents. We usually answer within one working day.")
            messages.success(request, words if "send" in request.POST else _("Saved. Your files are stored encrypted."))
            return redirect("accounts:identity" if "send" in request.POST else "accounts:identity_document")
        form = _with_errors(_documents_form(request, request.POST, None), form)
    verification = verification_of(request.user)
    context = {
        "form": form,
        "documents": current_documents(verification),
        "lacks_details": bool(missing_details(verification)),
        "may_edit": verification.status in VerificationStatus.editable() and not verification.is_final,
        "camera": _wants_camera(request),
    }
    return render(request, "accounts/identity_document.html", context, status=422 if form.errors else 200)


@post_only
@role_required(*PEOPLE)
def identity_remove_document(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    try:
        return run_or_say(
            request,
            lambda: remove_document(user=request.user, reference=reference, actor=request.user),
            done=_("The file is removed."),
            then=lambda: redirect("accounts:identity_document"),
        )
    except IdentityDocument.DoesNotExist as error:
        raise Http404 from error


def _documents_form(request: AuthenticatedRequest, *given: Any) -> DocumentsForm:
    documents = current_documents(verification_of(request.user))
    present = {document.kind for document in documents}
    return DocumentsForm(*given, present=present, needed=missing_documents(documents), camera=_wants_camera(request))


def _wants_camera(request: HttpRequest) -> bool:
    """Whether a phone opens its camera at once; somebody who has a file already chooses it instead."""
    return request.GET.get("camera", "on") != "off"


def _add_file(request: AuthenticatedRequest, form: DocumentsForm, kind: DocumentKind, file: UploadedFile) -> None:
    def show(shown: DocumentsForm, refusal: Refused) -> None:
        shown.add_error(kind.value if isinstance(refusal, UploadRefused) else None, refusal.message)

    with refusals_on(form, show):
        add_document(user=request.user, kind=kind, upload=file, actor=request.user)


def _send_for_checking(request: AuthenticatedRequest, form: DocumentsForm) -> None:
    with refusals_on(form):
        submit_identity(user=request.user, actor=request.user, today=business_date())


def _with_errors(fresh: DocumentsForm, refused: DocumentsForm) -> DocumentsForm:
    """The form as it is now, when some of the files were taken, with what was wrong about the others."""
    fresh.is_valid()
    for name, errors in refused.errors.as_data().items():
        fresh.add_error(None if name == NON_FIELD_ERRORS else name, errors)
    return fresh


@get_only
@role_required(*PEOPLE, Role.STAFF)
def identity_file(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    try:
        document = readable_document(request.user, reference)
    except IdentityDocument.DoesNotExist as error:
        raise Http404 from error
    reason = one_line(request.GET.get("reason", "page"))[:200]
    content = read_document(document=document, actor=request.user, reason=reason)
    return file_response(document, content)


@post_only
@role_required(*PEOPLE)
def identity_submit(request: AuthenticatedRequest) -> HttpResponse:
    if verification_of(request.user).status in VerificationStatus.waiting():
        return redirect("accounts:identity")
    try:
        submit_identity(user=request.user, actor=request.user, today=business_date())
    except Refused as refusal:
        return _identity_page(request, refusal=refusal, status=422)
    messages.success(request, _("We have your documents. We usually answer within one working day."))
    return redirect("accounts:identity")


def _identity_page(request: AuthenticatedRequest, refusal: Refused | None = None, status: int = 200) -> HttpResponse:
    verification = verification_of(request.user)
    documents = current_documents(verification)
    may_edit = verification.status in VerificationStatus.editable() and not verification.is_final
    lacks_details = bool(missing_details(verification))
    lacks_documents = missing_documents(documents)
    context: dict[str, Any] = {
        "verification": verification,
        "documents": documents,
        "may_edit": may_edit,
        "lacks_details": lacks_details,
        "lacks_documents": [kind.label for kind in lacks_documents],
        "may_send": may_edit and not lacks_details and not lacks_documents,
        "refusal": refusal,
    }
    return render(request, "accounts/identity.html", context, status=status)

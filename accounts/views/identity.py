"""The identity check as the person sees it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.enums import DocumentKind, Role, VerificationStatus
from accounts.forms import DocumentForm, IdentityDetailsForm
from accounts.models import IdentityDocument
from accounts.selectors import current_documents, readable_document, verification_of
from accounts.services.documents import read_document
from accounts.services.identity import (
    add_document,
    missing_details,
    missing_documents,
    save_identity_details,
    submit_identity,
)
from accounts.uploads import UploadRefused
from accounts.views.files import file_response
from p2plending.lib.clock import business_date
from p2plending.lib.decorators import get_only, get_or_post, post_only, role_required
from p2plending.lib.errors import Refused
from p2plending.lib.text import one_line

PEOPLE = (Role.BORROWER, Role.LENDER)


@get_only
@role_required(*PEOPLE)
def identity(request: HttpRequest) -> HttpResponse:
    return _identity_page(request)


@get_or_post
@role_required(*PEOPLE)
def identity_details(request: HttpRequest) -> HttpResponse:
    verification = verification_of(request.user)
    form = IdentityDetailsForm(
        request.POST or None,
        instance=verification,
        initial={} if verification.legal_name else {"legal_name": request.user.full_name},
        today=business_date(),
        is_lender=request.user.is_lender,
    )
    if form.is_valid():
        try:
            save_identity_details(user=request.user, details=form.details(), actor=request.user)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("Your details are saved."))
            return redirect("accounts:identity")
    context = {"form": form, "is_approved": verification_of(request.user).status == VerificationStatus.APPROVED}
    return render(request, "accounts/identity_details.html", context, status=422 if form.errors else 200)


@get_or_post
@role_required(*PEOPLE)
def identity_add_document(request: HttpRequest) -> HttpResponse:
    kind = request.GET.get("kind", DocumentKind.ID_FRONT)
    form = DocumentForm(request.POST or None, request.FILES or None, initial={"kind": kind})
    if form.is_valid():
        chosen = {"kind": form.cleaned_data["kind"], "upload": form.cleaned_data["file"]}
        try:
            add_document(user=request.user, **chosen, actor=request.user)
        except Refused as refusal:
            form.add_error("file" if isinstance(refusal, UploadRefused) else None, refusal.message)
        else:
            messages.success(request, _("We have the file. It is stored encrypted."))
            return redirect("accounts:identity")
    return render(request, "accounts/identity_document.html", {"form": form}, status=422 if form.errors else 200)


@get_only
@role_required(*PEOPLE, Role.STAFF)
def identity_file(request: HttpRequest, reference: str) -> HttpResponse:
    try:
        document = readable_document(request.user, reference)
    except IdentityDocument.DoesNotExist as error:
        raise Http404 from error
    reason = one_line(request.GET.get("reason", "page"))[:200]
    content = read_document(document=document, actor=request.user, reason=reason)
    return file_response(document, content)


@post_only
@role_required(*PEOPLE)
def identity_submit(request: HttpRequest) -> HttpResponse:
    if verification_of(request.user).status in VerificationStatus.waiting():
        return redirect("accounts:identity")
    try:
        submit_identity(user=request.user, actor=request.user, today=business_date())
    except Refused as refusal:
        return _identity_page(request, refusal=refusal, status=422)
    messages.success(request, _("We have your documents. We usually answer within one working day."))
    return redirect("accounts:identity")


def _identity_page(request: HttpRequest, refusal: Refused | None = None, status: int = 200) -> HttpResponse:
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
        "next_kind": lacks_documents[0] if lacks_documents else "",
        "may_send": may_edit and not lacks_details and not lacks_documents,
        "refusal": refusal,
    }
    return render(request, "accounts/identity.html", context, status=status)

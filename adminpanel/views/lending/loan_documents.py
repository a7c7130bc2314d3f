"""Documents of a loan on the staff desk: opened with a trace, marked as checked."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from accounts.views.files import file_response
from adminpanel.permissions import permission_required
from adminpanel.views.lending.applications import PAGES
from loans.enums.permissions import READ_LOAN_DOCUMENTS, REVIEW_APPLICATIONS
from loans.models import LoanDocument
from loans.selectors.access import LOAN_DOCUMENTS
from loans.services.origination.supporting_documents import check_loan_document, read_loan_document
from p2plending.lib.web.actions import run_or_say
from p2plending.lib.web.decorators import get_only, post_only
from p2plending.lib.web.requests import AuthenticatedRequest


@get_only
@permission_required(READ_LOAN_DOCUMENTS)
def document_file(request: AuthenticatedRequest, reference: str, document_reference: str) -> HttpResponse:
    document = _document(request, reference, document_reference)
    return file_response(document, read_loan_document(document=document, actor=request.user))


@post_only
@permission_required(REVIEW_APPLICATIONS)
def check_document(request: AuthenticatedRequest, reference: str, document_reference: str) -> HttpResponse:
    document = _document(request, reference, document_reference)
    return run_or_say(
        request,
        lambda: check_loan_document(document_id=document.pk, actor=request.user),
        done=_("Marked as checked. Lenders see that, and not the document."),
        then=lambda: redirect("admin:loan_review", reference),
        refused=lambda refusal: PAGES.page(request, PAGES.row(request, reference), status=refusal.status),
    )


def _document(request: AuthenticatedRequest, reference: str, document_reference: str) -> LoanDocument:
    rows = LOAN_DOCUMENTS.visible_to(request.user).select_related("loan")
    return get_object_or_404(rows, reference=document_reference, loan__reference=reference)

"""The documents of a loan, on a page that prints and as PDF files."""

from __future__ import annotations

from django.http import Http404, HttpResponse

from accounts.enums.people import Role
from loans.selectors.documents.printed import document_for
from p2plending.lib.documents.printed import Document, pdf_file, print_page
from p2plending.lib.web.decorators import get_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest


@get_only
@role_required(Role.BORROWER, Role.LENDER, Role.STAFF)
def document(request: AuthenticatedRequest, kind: str, reference: str) -> HttpResponse:
    return print_page(request, _found(request, kind, reference))


@get_only
@role_required(Role.BORROWER, Role.LENDER, Role.STAFF)
def document_pdf(request: AuthenticatedRequest, kind: str, reference: str) -> HttpResponse:
    return pdf_file(request, _found(request, kind, reference))


def _found(request: AuthenticatedRequest, kind: str, reference: str) -> Document:
    found = document_for(request.user, kind, reference)
    if found is None:
        raise Http404
    return found

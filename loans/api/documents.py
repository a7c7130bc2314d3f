"""The documents of a loan over the API, as PDF files."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema

from loans.selectors.documents.printed import KINDS, document_for
from p2plending.lib.api.files import PDF_ANSWER, PDF_RENDERERS
from p2plending.lib.api.views import ApiView, AuthenticatedApiRequest
from p2plending.lib.documents.printed import pdf_response


class DocumentView(ApiView):
    renderer_classes = PDF_RENDERERS

    @extend_schema(
        operation_id="document",
        description="A document as a PDF file. `reference` is that of the loan, and of the payment for a receipt. "
        "503 with the code `pdf_unavailable` where the server can't make PDF files; its page for printing stands in.",
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=KINDS)],
        responses=PDF_ANSWER,
    )
    def get(self, request: AuthenticatedApiRequest, kind: str, reference: str) -> HttpResponse:
        document = document_for(request.user, kind, reference)
        if document is None:
            raise Http404
        return pdf_response(request._request, document)

"""Supporting documents of a loan over the API."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.views.files import file_response
from loans.api.own import own_loan
from loans.enums.loan import LoanDocumentKind
from loans.models import LoanDocument
from loans.selectors.documents.supporting import documents_of, own_document
from loans.services.origination.supporting_documents import add_loan_document, read_loan_document
from p2plending.lib.api.views import ApiView, AuthenticatedApiRequest
from p2plending.lib.clock import business_date


class LoanDocumentSerializer(serializers.ModelSerializer):
    kind = serializers.ChoiceField(choices=LoanDocumentKind.choices, read_only=True)
    is_checked = serializers.SerializerMethodField(help_text="Staff have compared it with what you said.")

    class Meta:
        model = LoanDocument
        fields = ("reference", "kind", "content_type", "size", "uploaded_at", "is_checked")
        read_only_fields = fields

    def get_is_checked(self, document: LoanDocument) -> bool:
        return document.checked_at is not None


class LoanDocumentUploadSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=LoanDocumentKind.choices)
    file = serializers.FileField(help_text="A JPEG, PNG or HEIC picture, or a PDF, up to 20 MB.")


class LoanDocumentsView(ApiView):
    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="loan_documents", responses=LoanDocumentSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        """The files with your loan or application, newest first."""
        return Response(LoanDocumentSerializer(documents_of(own_loan(request, reference)), many=True).data)

    @extend_schema(
        operation_id="add_loan_document",
        request={"multipart/form-data": LoanDocumentUploadSerializer},
        responses={201: LoanDocumentSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        """Add a file for staff: with the application, in answer to a question, or later. Twice is once."""
        loan = own_loan(request, reference)
        given = LoanDocumentUploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        document = add_loan_document(
            loan_id=loan.pk,
            kind=given.validated_data["kind"],
            upload=given.validated_data["file"],
            actor=request.user,
            today=business_date(),
        )
        return Response(LoanDocumentSerializer(document).data, status=status.HTTP_201_CREATED)


class LoanDocumentFileView(ApiView):
    @extend_schema(
        operation_id="loan_document_file",
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            (200, "image/jpeg"): OpenApiTypes.BINARY,
            (200, "image/png"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: AuthenticatedApiRequest, reference: str, document_reference: str) -> HttpResponse:
        """One of these files, as it is stored. Each time is written down."""
        try:
            document = own_document(request.user, reference, document_reference)
        except LoanDocument.DoesNotExist as error:
            raise Http404 from error
        return file_response(document, read_loan_document(document=document, actor=request.user))

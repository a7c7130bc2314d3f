"""Accounts as endpoints: the same services as the pages."""

from __future__ import annotations

from typing import Any

from allauth.core import ratelimit
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import (
    DocumentSerializer,
    DocumentUploadSerializer,
    IdentityDetailsSerializer,
    IdentitySerializer,
    MarkedSerializer,
    MarkReadSerializer,
    MeSerializer,
    NotificationSerializer,
    RegisteredSerializer,
    RegisterSerializer,
    RenameSerializer,
)
from accounts.api.throttles import SignInThrottle
from accounts.api.tokens import TooManyTries
from accounts.identity.validity import status_on
from accounts.models import IdentityDocument, User
from accounts.selectors.people import (
    current_documents,
    email_is_verified,
    notifications_of,
    unread_count,
    verification_of,
)
from accounts.services.identity.submission import (
    add_document,
    missing_details,
    missing_documents,
    remove_document,
    save_identity_details,
    submit_identity,
)
from accounts.services.mail.notifications import mark_read
from accounts.services.people.profile import rename_user
from accounts.services.people.registration import register_user
from p2plending.lib.api.views import ApiListView, ApiView, AuthenticatedApiRequest
from p2plending.lib.clock import business_date
from p2plending.lib.context import current_request


def _read(serializer_class: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


class RegisterView(ApiView):
    permission_classes = [AllowAny]
    authentication_classes: list[type] = []
    throttle_classes = [SignInThrottle]
    throttle_scope = "login"

    @extend_schema(
        operation_id="register",
        request=RegisterSerializer,
        responses={202: RegisteredSerializer},
        auth=[],
        tags=["auth"],
    )
    def post(self, request: Request) -> Response:
        """Make an account. The answer is the same when the address has one already: its owner gets an e-mail."""
        # The budget of the page, so that two doors are not two budgets.
        if not ratelimit.consume(request._request, action="signup"):
            raise TooManyTries
        given = _read(RegisterSerializer, request)
        del given["accept_terms"]
        register_user(**given, ip_address=current_request().ip_address)
        return Response({"detail": "Check your e-mail and confirm the address."}, status=status.HTTP_202_ACCEPTED)


class MeView(ApiView):
    @extend_schema(operation_id="me", responses={200: MeSerializer}, tags=["me"])
    def get(self, request: AuthenticatedApiRequest) -> Response:
        """Who the token belongs to."""
        return Response(_me(request.user))

    @extend_schema(operation_id="rename_me", request=RenameSerializer, responses={200: MeSerializer}, tags=["me"])
    def patch(self, request: AuthenticatedApiRequest) -> Response:
        """Change the name by which we greet you."""
        return Response(_me(rename_user(user=request.user, full_name=_read(RenameSerializer, request)["full_name"])))


class IdentityView(ApiView):
    @extend_schema(operation_id="identity", responses={200: IdentitySerializer}, tags=["identity"])
    def get(self, request: AuthenticatedApiRequest) -> Response:
        """Your identity check and what is missing."""
        return Response(_identity(request.user))

    @extend_schema(
        operation_id="save_identity_details",
        request=IdentityDetailsSerializer,
        responses={200: IdentitySerializer},
        tags=["identity"],
    )
    def put(self, request: AuthenticatedApiRequest) -> Response:
        """Save your details. After the approval, a new name, birth, nationality or document goes back to checking."""
        details = _read(IdentityDetailsSerializer, request)
        save_identity_details(user=request.user, details=details, actor=request.user)
        return Response(_identity(request.user))


class IdentityDocumentsView(ApiView):
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="add_identity_document",
        request={"multipart/form-data": DocumentUploadSerializer},
        responses={201: DocumentSerializer},
        tags=["identity"],
    )
    def post(self, request: AuthenticatedApiRequest) -> Response:
        """Send a file. It takes the place of an earlier one of its kind; the same file again changes nothing."""
        given = _read(DocumentUploadSerializer, request)
        document = add_document(user=request.user, kind=given["kind"], upload=given["file"], actor=request.user)
        return Response(DocumentSerializer(document).data, status=status.HTTP_201_CREATED)


class IdentityDocumentView(ApiView):
    @extend_schema(
        operation_id="remove_identity_document", request=None, responses={200: IdentitySerializer}, tags=["identity"]
    )
    def delete(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        """Take a file out of the check before it is sent."""
        try:
            remove_document(user=request.user, reference=reference, actor=request.user)
        except IdentityDocument.DoesNotExist as error:
            raise Http404 from error
        return Response(_identity(request.user))


class IdentitySubmitView(ApiView):
    @extend_schema(operation_id="submit_identity", request=None, responses={200: IdentitySerializer}, tags=["identity"])
    def post(self, request: AuthenticatedApiRequest) -> Response:
        """Hand the check to staff."""
        submit_identity(user=request.user, actor=request.user, today=business_date())
        return Response(_identity(request.user))


class NotificationsView(ApiListView):
    serializer_class = NotificationSerializer

    @extend_schema(operation_id="notifications", responses=NotificationSerializer(many=True), tags=["me"])
    def get(self, request: AuthenticatedApiRequest) -> Response:
        """Your notifications, newest first."""
        page = self.paginate_queryset(notifications_of(request.user))
        return self.get_paginated_response(NotificationSerializer(page, many=True).data)


class NotificationsReadView(ApiView):
    @extend_schema(
        operation_id="mark_notifications_read",
        request=MarkReadSerializer,
        responses={200: MarkedSerializer},
        tags=["me"],
    )
    def post(self, request: AuthenticatedApiRequest) -> Response:
        """Mark some or all as read; says how many were unread."""
        rows = notifications_of(request.user)
        ids = _read(MarkReadSerializer, request).get("ids")
        return Response({"marked": mark_read(rows if ids is None else rows.filter(pk__in=ids))})


def _me(user: User) -> dict[str, Any]:
    # Beside the columns, where the serializer looks for them.
    vars(user).update(
        email_verified=email_is_verified(user),
        identity_status=status_on(verification_of(user), business_date()),
        unread_notifications=unread_count(user),
    )
    return MeSerializer(user).data


def _identity(user: User) -> dict[str, Any]:
    verification = verification_of(user)
    shown = current_documents(verification)
    # Beside the columns, where the serializer looks for them.
    vars(verification).update(
        shown_documents=shown,
        missing_fields=missing_details(verification),
        missing_documents=[kind.value for kind in missing_documents(shown)],
    )
    return IdentitySerializer(verification).data

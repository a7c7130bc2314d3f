"""What the API of accounts takes and gives."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers

from accounts.enums.people import DocumentKind, DocumentReason, IdDocumentType, Role
from accounts.forms.address_fields import AddressSerializerField
from accounts.identity.answers import check_birth, check_expiry
from accounts.models import IdentityDocument, IdentityVerification, Notification, User
from accounts.values.countries import COUNTRIES, has_postcodes
from accounts.values.passwords import normal_password
from p2plending.lib.api.fields import CodeSerializerField, DaySerializerField, OneLineSerializerField
from p2plending.lib.clock import business_date
from p2plending.lib.errors import Refused


class RegisterSerializer(serializers.Serializer):
    email = AddressSerializerField()
    password = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)
    role = serializers.ChoiceField(choices=[Role.BORROWER.value, Role.LENDER.value])
    full_name = OneLineSerializerField(max_length=150)
    accept_terms = serializers.BooleanField(help_text="The terms and, for lenders, the risks. Must be true.")

    def validate_accept_terms(self, value: bool) -> bool:
        if not value:
            raise serializers.ValidationError("Accept the terms to go on.", code="required")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            validate_password(
                normal_password(attrs["password"]), User(email=attrs["email"], full_name=attrs["full_name"])
            )
        except DjangoValidationError as error:
            raise serializers.ValidationError({"password": list(error.messages)}, code="password") from error
        return attrs


class RegisteredSerializer(serializers.Serializer):
    detail = serializers.CharField(read_only=True)


class MeSerializer(serializers.ModelSerializer):
    email_verified = serializers.BooleanField(read_only=True)
    identity_status = serializers.CharField(read_only=True)
    unread_notifications = serializers.IntegerField(read_only=True)

    class Meta:
        model = User
        fields = (
            *("member_number", "email", "role", "full_name", "is_suspended"),
            *("email_verified", "identity_status", "unread_notifications"),
        )
        read_only_fields = fields


class RenameSerializer(serializers.Serializer):
    full_name = OneLineSerializerField(max_length=150)


class DocumentSerializer(serializers.ModelSerializer):
    reason = serializers.ChoiceField(choices=DocumentReason.choices, read_only=True, allow_blank=True)
    reason_text = serializers.CharField(source="get_reason_display", read_only=True)

    class Meta:
        model = IdentityDocument
        fields = ("reference", "kind", "content_type", "size", "status", "reason", "reason_text", "uploaded_at")
        read_only_fields = fields


class IdentitySerializer(serializers.ModelSerializer):
    """The number of the document goes in and never comes out: only its end does."""

    id_type = serializers.ChoiceField(choices=IdDocumentType.choices, read_only=True, allow_blank=True)
    documents = DocumentSerializer(source="shown_documents", many=True, read_only=True)
    missing_fields = serializers.ListField(child=serializers.CharField(), read_only=True)
    missing_documents = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = IdentityVerification
        fields = (
            *("status", "legal_name", "date_of_birth", "address", "postcode", "city", "country", "nationality"),
            *("phone", "occupation", "source_of_funds", "tax_residence", "is_politically_exposed"),
            *("id_type", "id_number_last4", "id_expires_on", "submitted_at", "decided_at", "decision_note"),
            *("is_final", "documents", "missing_fields", "missing_documents"),
        )
        read_only_fields = fields


class IdentityDetailsSerializer(serializers.Serializer):
    legal_name = OneLineSerializerField(max_length=150)
    date_of_birth = DaySerializerField()
    address = OneLineSerializerField(max_length=200)
    postcode = CodeSerializerField(
        max_length=20, required=False, allow_blank=True, default="", help_text="Needed where the country has postcodes."
    )
    city = OneLineSerializerField(max_length=100)
    country = serializers.ChoiceField(choices=list(COUNTRIES.items()))
    nationality = serializers.ChoiceField(choices=list(COUNTRIES.items()))
    phone = CodeSerializerField(max_length=30, required=False, allow_blank=True)
    occupation = OneLineSerializerField(max_length=100, required=False, allow_blank=True)
    source_of_funds = OneLineSerializerField(max_length=200, required=False, allow_blank=True)
    tax_residence = serializers.ChoiceField(choices=list(COUNTRIES.items()), required=False, allow_blank=True)
    is_politically_exposed = serializers.BooleanField(required=False)
    id_type = serializers.ChoiceField(choices=IdDocumentType.choices)
    id_number = CodeSerializerField(max_length=40, required=False, help_text="Left out: the stored one stays.")
    id_expires_on = DaySerializerField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if has_postcodes(attrs["country"]) and not attrs["postcode"]:
            raise serializers.ValidationError({"postcode": "Enter your postcode."}, code="required")
        for name, check in (("date_of_birth", check_birth), ("id_expires_on", check_expiry)):
            try:
                check(attrs[name], business_date())
            except Refused as refusal:
                raise serializers.ValidationError({name: refusal.message}, code=refusal.code) from refusal
        return attrs


class DocumentUploadSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    file = serializers.FileField(
        help_text="A JPEG, PNG or HEIC picture, or a PDF, up to 20 MB. Its bytes count, not its name."
    )


class NotificationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Notification
        fields = ("id", "event", "title", "body", "link", "created_at", "read_at")
        read_only_fields = fields


class MarkReadSerializer(serializers.Serializer):
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        max_length=100,
        required=False,
        help_text="Left out: all of them.",
    )


class MarkedSerializer(serializers.Serializer):
    marked = serializers.IntegerField()

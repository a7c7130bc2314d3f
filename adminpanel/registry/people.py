"""People: users, identity checks, notifications, the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, IdentityVerification, Notification, User
from adminpanel.registry.base import ReadOnlyAdmin
from p2plending.lib.documents.csv_files import csv_response
from p2plending.lib.web.decorators import get_only

CSV_COLUMNS = (
    "created_at",
    "actor_label",
    "action",
    "subject_type",
    "subject_reference",
    "reason",
    "data",
    "ip_address",
    "request_id",
)


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("email", "full_name", "member_number", "role", "is_active", "is_suspended", "date_joined")
    list_filter = ("role", "is_suspended", "is_active", "groups")
    search_fields = ("email", "full_name", "member_number")
    detail_fields = (
        "email",
        "full_name",
        "member_number",
        "role",
        "is_active",
        "is_staff",
        "is_suspended",
        "suspended_reason",
        "date_joined",
        "last_login",
    )
    desk_page = "user"
    desk_label = _("Open the person's page")

    def reference_of(self, row: Any) -> str:
        return row.member_number


@admin.register(IdentityVerification)
class IdentityVerificationAdmin(ReadOnlyAdmin):
    list_display = ("user", "status", "submission_count", "submitted_at", "decided_by", "decided_at")
    list_filter = ("status", "is_politically_exposed")
    list_select_related = ("user", "decided_by")
    search_fields = ("user__email", "user__member_number", "legal_name")
    detail_fields = (
        "user",
        "status",
        "submission_count",
        "submitted_at",
        "claimed_by",
        "decided_by",
        "decided_at",
        "decision_note",
        "is_final",
    )
    desk_page = "identity_review"
    desk_label = _("Open the review page")

    def reference_of(self, row: Any) -> str:
        return row.user.member_number


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("title", "user", "event", "email_status", "created_at", "read_at")
    list_filter = ("email_status", "event")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__member_number", "event", "title")
    detail_fields = (
        "title",
        "body",
        "user",
        "event",
        "link",
        "is_required",
        "email_status",
        "email_attempts",
        "emailed_at",
        "read_at",
        "created_at",
    )


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "actor_label", "action", "subject_type", "subject_reference", "reason")
    list_filter = ("created_at", "subject_type")
    search_fields = ("subject_reference", "action", "actor_label", "request_id")
    detail_fields = (
        "created_at",
        "actor",
        "actor_label",
        "action",
        "subject_type",
        "subject_reference",
        "reason",
        "data",
        "ip_address",
        "request_id",
    )
    change_list_template = "admin/audit_change_list.html"

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(get_only(self.export_view))
        return [path("export.csv", export, name="audit_csv"), *super().get_urls()]

    def reference_of(self, row: Any) -> str:
        return row.subject_reference

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Every event that the filters of the list let through, newest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if refusal := self.list_refusal(request):
            return refusal
        try:
            events = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return self.whole_list(request)
        rows = ([getattr(event, name) for name in CSV_COLUMNS] for event in events.iterator(chunk_size=1000))
        return csv_response("audit-trail.csv", CSV_COLUMNS, rows)

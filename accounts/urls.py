"""Pages of accounts."""

from __future__ import annotations

from django.urls import path

from accounts.views import account, identity, registration

app_name = "accounts"
urlpatterns = [
    path("accounts/register/", registration.register, name="register"),
    path("accounts/registered/", registration.registered, name="registered"),
    path("account/profile/", account.profile, name="profile"),
    path("account/security/", account.security, name="security"),
    path("account/identity/", identity.identity, name="identity"),
    path("account/identity/details/", identity.identity_details, name="identity_details"),
    path("account/identity/documents/", identity.identity_add_document, name="identity_document"),
    path("account/identity/documents/<str:reference>/", identity.identity_file, name="identity_file"),
    path(
        "account/identity/documents/<str:reference>/remove/",
        identity.identity_remove_document,
        name="identity_remove_document",
    ),
    path("account/identity/send/", identity.identity_submit, name="identity_submit"),
    path("notifications/", account.notifications, name="notifications"),
    path("notifications/read/", account.notifications_read, name="notifications_read"),
]

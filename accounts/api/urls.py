"""API of accounts, under /api/v1/."""

from __future__ import annotations

from django.urls import path

from accounts.api import views

urlpatterns = [
    path("auth/register/", views.RegisterView.as_view(), name="api-register"),
    path("me/", views.MeView.as_view(), name="api-me"),
    path("me/identity/", views.IdentityView.as_view(), name="api-identity"),
    path("me/identity/documents/", views.IdentityDocumentsView.as_view(), name="api-identity-documents"),
    path(
        "me/identity/documents/<str:reference>/",
        views.IdentityDocumentView.as_view(),
        name="api-identity-document",
    ),
    path("me/identity/submit/", views.IdentitySubmitView.as_view(), name="api-identity-submit"),
    path("me/notifications/", views.NotificationsView.as_view(), name="api-notifications"),
    path("me/notifications/read/", views.NotificationsReadView.as_view(), name="api-notifications-read"),
]

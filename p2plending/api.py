"""The API's site map: tokens, one include per app, schema and documentation.

Authentication, parsers, errors, pages and throttles are set once in `REST_FRAMEWORK` and live in `p2plending.lib.api`.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.http import require_GET
from drf_spectacular.views import SpectacularAPIView

from accounts.api.tokens import LogoutView, RefreshView, TokenView, VerifyView


@require_GET
def documentation(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html", {})


version_1 = [
    path("auth/token/", TokenView.as_view(), name="api-token"),
    path("auth/refresh/", RefreshView.as_view(), name="api-token-refresh"),
    path("auth/verify/", VerifyView.as_view(), name="api-token-verify"),
    path("auth/logout/", LogoutView.as_view(), name="api-token-logout"),
    path("", include("accounts.api.urls")),
    path("", include("ledger.api.urls")),
    path("", include("loans.api.urls")),
    path("", include("matching.api.urls")),
]
urlpatterns = [
    path("v1/", include(version_1)),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", documentation, name="api-docs"),
]

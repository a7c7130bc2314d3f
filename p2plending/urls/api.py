"""The API's site map: tokens, one include per app, schema and documentation.

Authentication, parsers, errors, pages and throttles are set once in `REST_FRAMEWORK` and live in `p2plending.lib.api`.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_page
from django.views.decorators.http import require_GET
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.tokens import LogoutView, RefreshView, TokenView, VerifyView

SCHEMA_SECONDS = 300


@require_GET
def documentation(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html", {})


@extend_schema(exclude=True)
class NoSuchEndpoint(APIView):
    """What no other address took: a problem like every other, where the site would show its page for people."""

    authentication_classes: list[type] = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound(None if request.path.endswith("/") else _("Addresses of the API end with a slash."))


version_1: list[URLPattern | URLResolver] = [
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
    re_path(r"^v1/", NoSuchEndpoint.as_view()),
    # Writing it takes a second or more, and anybody may ask.
    path("schema/", cache_page(SCHEMA_SECONDS, cache="pages")(SpectacularAPIView.as_view()), name="api-schema"),
    path("docs/", documentation, name="api-docs"),
]

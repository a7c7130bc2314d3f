"""The API's site map: tokens, one include per app, schema and documentation."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

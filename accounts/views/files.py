"""A private file as an answer: always a download, never kept by a browser or proxy."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from accounts.identity.uploads import EXTENSIONS


def file_response(document: Any, content: bytes) -> HttpResponse:
    """`document` has a kind, a reference and a content type; its name says nothing of the person."""
    response = HttpResponse(content, content_type=document.content_type)
    name = f"{document.kind}-{document.reference}.{EXTENSIONS[document.content_type]}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    return response

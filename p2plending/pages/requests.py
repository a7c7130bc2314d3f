"""Requests whose text is UTF-8, whatever charset their content type claims.

Django decodes even the query string with the claimed charset, and fails on codecs that are none for text (`zlib`).
"""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.utils.http import parse_header_parameters


class Utf8WSGIRequest(WSGIRequest):
    """A request that decodes its text as UTF-8."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))

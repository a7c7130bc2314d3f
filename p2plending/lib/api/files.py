"""Endpoints that answer with a file: what they accept, and how they stand in the schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiResponse, OpenApiTypes
from rest_framework.renderers import BaseRenderer, JSONRenderer

PDF = "application/pdf"
PDF_ANSWER = {(200, PDF): OpenApiResponse(OpenApiTypes.BINARY, "The PDF file.")}


class PdfRenderer(BaseRenderer):
    """Lets clients ask for a PDF. The file is a finished answer, so that only problems come here: those are JSON."""

    media_type = PDF
    format = "pdf"
    charset = None

    def render(self, data: Any, media_type: str | None = None, context: Mapping[str, Any] | None = None) -> bytes:
        return JSONRenderer().render(data, media_type, context)


PDF_RENDERERS = [PdfRenderer, JSONRenderer]

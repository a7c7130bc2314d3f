"""Parts of addresses that are more than text."""

from __future__ import annotations

from django.urls import register_converter

from loans.selectors.documents.printed import KINDS


class DocumentKind:
    """One of the documents of a loan."""

    regex = "|".join(KINDS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(DocumentKind, "document_kind")

"""Finds contact and bank details in text that strangers will read."""

from __future__ import annotations

import re

_PATTERNS = (
    re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}"),
    re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE),
    re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}\b", re.IGNORECASE),
    re.compile(r"\+?\d(?:[\s().\-/]*\d){8,}"),
)


def has_contact_details(text: str) -> bool:
    """Whether the text holds an e-mail address, a web address, an IBAN or a number of nine digits or more."""
    return any(pattern.search(text) for pattern in _PATTERNS)

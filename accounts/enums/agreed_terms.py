"""The texts that people agree to when they register, by version and digest."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from django.template.loader import get_template

from accounts.enums.people import Role


@dataclasses.dataclass(frozen=True, slots=True)
class TermsDocument:
    """A text with its version; raise the version with every change of meaning."""

    name: str
    version: str
    template: str

    def sha256(self) -> str:
        """The digest of the text as it is stored: proves later which words were agreed to."""
        found: Any = get_template(self.template)  # of Django's own engine, which keeps the source
        return hashlib.sha256(found.template.source.encode()).hexdigest()


TERMS = TermsDocument("terms", "2026-11", "public/terms.html")
RISKS = TermsDocument("risks", "2026-11", "public/risks.html")


def documents_for(role: Role | str) -> tuple[TermsDocument, ...]:
    """What somebody who registers with the role agrees to."""
    return (TERMS, RISKS) if role == Role.LENDER else (TERMS,)

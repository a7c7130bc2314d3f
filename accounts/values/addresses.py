"""E-mail addresses: which spellings are one mailbox, and which share one budget of tries."""

from __future__ import annotations

import contextlib
import unicodedata

import idna
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def normalise_email(email: str) -> str:
    """The one spelling under which an address is stored and found.

    Lower case without blanks at the ends, full-width and composed letters as their usual ones, and the domain in its
    ASCII form: `user@bücher.example` and `user@xn--bcher-kva.example` are one mailbox. Dots and tags before the @
    stay: only the mail server of that domain knows whether they count. A domain that has no ASCII form stays as it is
    (`validate_mailbox` refuses it).
    """
    text = unicodedata.normalize("NFKC", email).strip().lower()
    name, at, domain = text.rpartition("@")
    try:
        return f"{name}{at}{_ascii_domain(domain)}"
    except idna.IDNAError:
        return text


def validate_mailbox(email: str) -> None:
    """Raise ValidationError for an address whose domain can't exist in the domain name system."""
    try:
        _ascii_domain(email.rpartition("@")[2])
    except idna.IDNAError as error:
        raise ValidationError(_("Enter an e-mail address, like name@example.org."), code="invalid") from error


def spelling_skeleton(email: str) -> str:
    """What all spellings that a person could take for this address have in common: for counting tries, never for
    finding an account.

    Accents, case, width, invisible characters and spaces are left out; a domain counts in its readable form. Two
    addresses of different people may share a skeleton: then they share a budget, and nothing else.
    """
    name, at, domain = normalise_email(email).rpartition("@")
    with contextlib.suppress(idna.IDNAError):  # no international domain: it counts as it is written
        domain = idna.decode(domain)
    decomposed = unicodedata.normalize("NFKD", f"{name}{at}{domain}".casefold())
    return "".join(letter for letter in decomposed if unicodedata.category(letter)[0] not in "MCZ")


def _ascii_domain(domain: str) -> str:
    """IDNA 2008 with the mapping of Unicode TR 46 (ß stays ß). Python's own codec would make two domains one."""
    if domain.isascii():
        return domain
    return idna.encode(domain, uts46=True, transitional=False).decode()

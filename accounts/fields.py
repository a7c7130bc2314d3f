"""Text encrypted at rest, with keys that can be rotated."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models

DERIVED_FOR = b"plainlend digests of identity numbers"


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key.split(":", 1)[1]) for key in keys])


def secret_box() -> MultiFernet:
    """Encrypts with the newest of `FIELD_KEYS`, decrypts with any."""
    return _box(tuple(settings.FIELD_KEYS))


def is_newest(token: str) -> bool:
    """Whether an encrypted text was written with the newest key."""
    try:
        _box(tuple(settings.FIELD_KEYS[:1])).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def normal_number(value: str) -> str:
    """The letters and digits of a document number, in capitals: how it is grouped differs from form to form."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", value))).upper()


def lookup_digest(value: str) -> str:
    """A keyed digest for finding equal secrets (duplicate identity numbers) without storing them readably.

    "id:hex", made with the newest digest key, so that it is useless outside the platform and says which key it needs.
    """
    return next(iter(_digests(value)), "")


def lookup_digests(value: str) -> list[str]:
    """The digests that an equal secret may have been stored under: one for each key that is still known."""
    return list(_digests(value))


def digest_is_newest(digest: str) -> bool:
    """Whether a stored digest was made with the newest digest key."""
    return digest.startswith(f"{digest_keys()[0][0]}:")


def digest_keys() -> list[tuple[str, bytes]]:
    """(id, key), newest first: those of `DIGEST_KEYS`, then one derived from each of `FIELD_KEYS`.

    An installation that never set `DIGEST_KEYS` digests with the derived ones; one that sets them still finds what was
    digested before. Ids of derived keys begin with "field-".
    """
    own = [tuple(entry.split(":", 1)) for entry in settings.DIGEST_KEYS]
    derived = [tuple(entry.split(":", 1)) for entry in settings.FIELD_KEYS]
    return [(name, key.encode()) for name, key in own] + [
        (f"field-{name}", hmac.new(key.encode(), DERIVED_FOR, hashlib.sha256).digest()) for name, key in derived
    ]


def _digests(value: str) -> Iterator[str]:
    normal = normal_number(value)
    if normal:
        for name, key in digest_keys():
            yield f"{name}:{hmac.new(key, normal.encode(), hashlib.sha256).hexdigest()}"


class EncryptedTextField(models.TextField):
    """Fernet-encrypted text. Empty stays empty. Can't be searched: keep a `lookup_digest` column beside it."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value is None or value == "":
            return value
        return secret_box().encrypt(str(value).encode()).decode()

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None or value == "":
            return value
        return secret_box().decrypt(value.encode()).decode()

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError("An encrypted field can't be searched; use its digest column.")
        return super().get_lookup(lookup_name)

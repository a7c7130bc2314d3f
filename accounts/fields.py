"""Text encrypted at rest, with keys that can be rotated."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key.split(":", 1)[1]) for key in keys])


def secret_box() -> MultiFernet:
    """Encrypts with the newest of `FIELD_KEYS`, decrypts with any."""
    return _box(tuple(settings.FIELD_KEYS))


def lookup_digest(value: str) -> str:
    """A keyed digest for finding equal secrets (duplicate identity numbers) without storing them readably.

    Spaces and case do not count. Keyed with SECRET_KEY, so that the digests are useless outside the platform.
    """
    normal = "".join(value.split()).upper()
    return hmac.new(settings.SECRET_KEY.encode(), normal.encode(), hashlib.sha256).hexdigest()


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

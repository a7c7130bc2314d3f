"""One spelling of a password: keyboards and systems differ in how they write the same letter."""

from __future__ import annotations

import unicodedata
from typing import TypeVar

from django.contrib.auth.hashers import make_password

Password = TypeVar("Password", str, str | None)


def normal_password(password: Password) -> Password:
    """The password in Unicode form NFC: é typed on a Mac (e and an accent) and é typed elsewhere are one password."""
    return unicodedata.normalize("NFC", password) if password else password


def hashed_password(password: str) -> str:
    """What is stored of a password, as `User.set_password` does."""
    return make_password(normal_password(password))

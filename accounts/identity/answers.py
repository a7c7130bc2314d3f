"""What may be answered about oneself: the same limits for the form, the API and the sending of an identity check."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

from p2plending.lib.errors import Refused

ADULT_AGE = 18
OLDEST_AGE = 120


class BirthNotPossible(Refused):
    """A day in the future, or more than 120 years ago."""

    code = "birth_not_possible"
    default_message = _("Enter your date of birth, like 17 May 1990.")


class TooYoung(Refused):
    code = "too_young"
    default_message = _("You must be 18 or older.")


class DocumentExpired(Refused):
    code = "identity_document_expired"
    default_message = _("Your identity document has expired. Enter one that is still valid.")


def age_on(born: dt.date, day: dt.date) -> int:
    """Full years of age on a day; somebody born on 29 February turns older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def check_birth(born: dt.date, today: dt.date) -> None:
    """Raises BirthNotPossible or TooYoung."""
    if born > today or age_on(born, today) > OLDEST_AGE:
        raise BirthNotPossible
    if age_on(born, today) < ADULT_AGE:
        raise TooYoung


def check_expiry(expires: dt.date, today: dt.date) -> None:
    """The document is valid on its last day. Raises DocumentExpired."""
    if expires < today:
        raise DocumentExpired

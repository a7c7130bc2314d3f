"""International bank account numbers: ISO 13616, checked as ISO 7064 MOD 97-10."""

from __future__ import annotations

import re

_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


def normal_iban(text: str) -> str:
    """The number as banks store it: no blanks, capital letters."""
    return "".join(text.split()).upper()


def is_valid_iban(iban: str) -> bool:
    """Whether a normal IBAN has the right shape and its check digits hold: `DE89370400440532013000` does."""
    if not _SHAPE.fullmatch(iban):
        return False
    digits = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    return int(digits) % 97 == 1

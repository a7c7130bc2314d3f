"""Public references such as `LN-7F3K2A`: what people and clients see in place of primary keys."""

from __future__ import annotations

import secrets

# Crockford's base 32: no I, L, O, U, so that a reference read aloud or copied by hand stays right.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8


def new_reference(prefix: str) -> str:
    """A fresh random reference, e.g. `LN-7F3K2A9C`. 32**8 values: the unique column catches the rest."""
    number = secrets.randbits(5 * LENGTH)
    return f"{prefix}-" + "".join([ALPHABET[number >> shift & 31] for shift in range(0, 5 * LENGTH, 5)])

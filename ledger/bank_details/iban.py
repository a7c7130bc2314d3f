"""International bank account numbers: ISO 13616, by the registry that schwifty carries."""

from __future__ import annotations

import unicodedata

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from p2plending.lib.text import without_invisible

# Currencies of the countries in the IBAN registry. The others' banks give account numbers of their own shapes.
IBAN_CURRENCIES = frozenset(
    (
        *("EUR", "GBP", "CHF", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "ALL", "BAM", "MKD"),
        *("RSD", "MDL", "UAH", "BYN", "RUB", "GEL", "AZN", "KZT", "TRY", "ILS", "JOD", "LBP", "IQD", "KWD", "BHD"),
        *("QAR", "AED", "SAR", "OMR", "YER", "PKR", "MNT", "EGP", "LYD", "SDG", "TND", "MRU", "DJF", "SOS", "BIF"),
        *("MUR", "SCR", "STN", "BRL", "CRC", "DOP", "GTQ", "HNL", "NIO", "FKP"),
    )
)
# "IBAN" or "IBAN:" in front comes along when the number is copied from a letter.
_LABEL = "IBAN"


def normal_iban(text: str) -> str:
    """The number as banks store it: capitals and digits without blanks, hyphens, dots or what can't be seen.

    >>> normal_iban("IBAN: DE89-3704 0044 0532 0130 00")
    'DE89370400440532013000'
    """
    seen = without_invisible(text).upper()
    plain = "".join(one for one in seen if one not in ".:/_·" and unicodedata.category(one) != "Pd")
    return plain.removeprefix(_LABEL)


def is_valid_iban(iban: str) -> bool:
    """Whether a normal IBAN is of a country in the registry, has its length and shape, and its check digits hold."""
    try:
        return not IBAN(iban).is_aspirational
    except SchwiftyException:
        return False


def bank_of(iban: str) -> str:
    """Name and BIC of the bank, where the registry knows them: "Commerzbank, COBADEFFXXX"; else empty."""
    number = IBAN(iban, allow_invalid=True)
    try:
        known = (number.bank_name, number.bic)
    except SchwiftyException:
        return ""
    return ", ".join(str(part) for part in known if part)

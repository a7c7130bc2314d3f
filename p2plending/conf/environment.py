"""Settings read from the environment, strictly: nonsense is refused with one line that says what to do.

A value that is empty counts as not set. Nothing falls back to a default because it could not be understood.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import os
import re
import sys
from collections.abc import Iterable, Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from accounts.values.countries import COUNTRIES

YES = {"on", "yes", "true", "1"}
NO = {"off", "no", "false", "0"}
HOST = re.compile(r"\*|\.?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]")
IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")
ACCOUNT_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 /.-]{2,39}")
FIELD_KEY = re.compile(r"[A-Za-z0-9_-]{1,16}:[A-Za-z0-9_=-]+")
KEY_BYTES = 32
MAIL_SCHEMES = ("consolemail", "dummymail", "filemail", "memorymail", "smtp", "smtps", "smtp+tls", "smtp+ssl")
# Close enough to one of our names to be a slip of the pen, in a place where other programs have their names too.
NEAR_PERCENT = 84


class Environment(environ.Env):
    """The environment, and the file that stands in for it, as typed settings. Raises ImproperlyConfigured."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get_value(self, var: str, *arguments: Any, **options: Any) -> Any:
        """Every other reader of `environ` comes through here."""
        self.names.add(var)
        return super().get_value(var, *arguments, **options)

    def raw(self, name: str) -> str:
        """The value without blanks around it; empty when it is not set."""
        self.names.add(name)
        value = os.environ.get(name, "").strip()
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            raise refusal(name, "must be one line without control characters", "")
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        """A switch: on or off, and the usual other words for them."""
        value = self.raw(name)
        if not value:
            return default
        if value.lower() not in YES | NO:
            raise refusal(name, "must be on or off", value)
        return value.lower() in YES

    def integer(self, name: str, *, default: int, least: int, most: int) -> int:
        """A whole number within limits."""
        value = self.raw(name)
        if not value:
            return default
        if not re.fullmatch(r"[0-9]{1,12}", value, re.ASCII) or not least <= int(value) <= most:
            raise refusal(name, f"must be a whole number from {least} to {most}", value)
        return int(value)

    def choice(self, name: str, *, default: str, choices: Sequence[str]) -> str:
        """One of a few words; case does not count."""
        value = self.raw(name) or default
        found = {one.lower(): one for one in choices}.get(value.lower())
        if found is None:
            raise refusal(name, f"must be one of {', '.join(choices)}", value)
        return found

    def text(self, name: str, *, default: str = "", most: int = 200) -> str:
        """One line of text."""
        value = self.raw(name) or default
        if len(value) > most:
            raise refusal(name, f"must have {most} characters at most", value)
        return value

    def secret(self, name: str, *, default: str = "", least: int) -> str:
        """A secret of a length that can't be guessed; never repeated in an error."""
        value = self.raw(name) or default
        if not value:
            raise ImproperlyConfigured(f"Set {name} (make run writes one into .env; see .env.example).")
        if len(value) < least or len(set(value)) < min(least, 10):
            raise refusal(name, f"must be at least {least} random characters", "")
        return value

    def secrets(self, name: str, *, least: int) -> list[str]:
        """Random texts separated by commas, none when it is not set; each as `secret`."""
        found = _parts(self.raw(name))
        if any(len(one) < least or len(set(one)) < min(least, 10) for one in found):
            raise refusal(name, f"must be texts of at least {least} random characters, separated by commas", "")
        return found

    def keys(self, name: str, *, default: str = "") -> list[str]:
        """Encryption keys as "id:key", newest first; each is 32 bytes in URL-safe base64, each id is used once."""
        value = self.raw(name) or default
        if not value:
            raise ImproperlyConfigured(f"Set {name} (make run writes one into .env; see .env.example).")
        found = _parts(value)
        how = "must be id:key,id:key with keys of 32 bytes in URL-safe base64 (see .env.example)"
        if not all(FIELD_KEY.fullmatch(one) and _is_key(one.partition(":")[2]) for one in found):
            raise refusal(name, how, "")
        if len({one.partition(":")[0] for one in found}) < len(found):
            raise refusal(name, "must have another id for each key", "")
        return found

    def hosts(self, name: str, *, default: str) -> list[str]:
        """Host names without scheme and port, comma separated."""
        found = _parts(self.raw(name) or default)
        for one in found:
            if not HOST.fullmatch(one):
                raise refusal(name, "must be names of hosts without scheme or port, comma separated", one)
        return found

    def origins(self, name: str) -> list[str]:
        """Addresses of sites without a path, comma separated."""
        found = _parts(self.raw(name))
        for one in found:
            if not _is_address(one) or urlsplit(one).path:
                raise refusal(name, "must be origins like https://lend.example.org, comma separated", one)
        return found

    def address(self, name: str, *, default: str) -> str:
        """The address of a site, http or https, without a slash at its end."""
        value = self.raw(name) or default
        if not _is_address(value):
            raise refusal(name, "must be an address like https://lend.example.org", value)
        return value.rstrip("/")

    def email_address(self, name: str, *, default: str) -> str:
        """One e-mail address."""
        value = self.raw(name) or default
        if not _is_email(value):
            raise refusal(name, "must be an e-mail address like help@example.org", value)
        return value

    def sender(self, name: str, *, default: str) -> str:
        """A sender of mails: `Name <address>` or an address."""
        value = self.raw(name) or default
        _name, address = parseaddr(value)
        if not _is_email(address) or (value != address and not value.endswith(f"<{address}>")):
            raise refusal(name, "must be a sender like Plainlend <no-reply@example.org>", value)
        return value

    def time_zone(self, name: str, *, default: str) -> str:
        """The name of a time zone."""
        value = self.raw(name) or default
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise refusal(name, "must be a time zone like Europe/Berlin", value) from None
        return value

    def currency(self, name: str, *, default: str) -> str:
        """An ISO 4217 code of a currency in use."""
        value = (self.raw(name) or default).upper()
        if value not in CURRENCIES:
            raise refusal(name, "must be an ISO 4217 code of three letters, like EUR", value)
        return value

    def country(self, name: str, *, default: str) -> str:
        """An ISO 3166-1 code of two letters."""
        value = (self.raw(name) or default).upper()
        if value not in COUNTRIES:
            raise refusal(name, "must be an ISO 3166-1 code of two letters, like DE", value)
        return value

    def bank_account(self, name: str, *, default: str = "") -> str:
        """An account number; what looks like an IBAN must be a right one."""
        value = self.raw(name) or default
        compact = value.replace(" ", "").upper()
        is_iban = IBAN.fullmatch(compact) is not None
        if value and not (ACCOUNT_NUMBER.fullmatch(value) and (not is_iban or _has_right_digits(compact))):
            raise refusal(
                name, "must be an IBAN or account number; its check digits are wrong, or it has odd signs", ""
            )
        return value

    def folder(self, name: str, *, default: Path) -> Path:
        """A folder, made when it is missing."""
        folder = Path(self.raw(name) or default)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refusal(name, f"must be a folder that we may write ({error.strerror})", str(folder)) from None
        return folder

    def mail_server(self, name: str, *, default: str) -> dict[str, Any]:
        """Django's mail settings from an address like smtp+tls://user:password@host:587; never repeated in an error."""
        value = self.raw(name) or default
        how = "must be consolemail:// or a server like smtp+tls://user:password@host:587"
        parts = _split(value)
        if parts is None or parts.scheme not in MAIL_SCHEMES:
            raise refusal(name, how, "")
        if parts.scheme.startswith("smtp") and not parts.hostname:
            raise refusal(name, f"names no mail server; it {how}", "")
        if parts.scheme == "filemail" and not parts.path.strip("/"):
            raise refusal(name, "must name a folder, like filemail:///var/mail", "")
        return environ.Env.email_url_config(value)

    def read_file(self, path: Path, *, is_chosen: bool) -> None:
        """Take `NAME=value` lines of a file where the environment has none. A file that was named must be there."""
        if is_chosen and not path.exists():
            raise refusal("ENV_FILE", "must be a file that exists", str(path))
        self.read_env(str(path))

    def warn_of_slips(self, file_names: Iterable[str] = ()) -> list[str]:
        """Lines about names that are nearly one of ours, or that stand in our file and are none; also printed."""
        known = self.names | LAUNCHER_NAMES
        lines = []
        for name in sorted({*os.environ, *file_names} - known):
            near = difflib.get_close_matches(name, known, n=1, cutoff=NEAR_PERCENT / 100)
            if near:
                lines.append(f"WARNING: {name} is no setting. Did you mean {near[0]}?")
            elif name in file_names:
                lines.append(f"WARNING: {name} is no setting (see .env.example).")
        for line in lines:
            sys.stderr.write(line + "\n")
        return lines


def refusal(name: str, how: str, value: str) -> ImproperlyConfigured:
    """The one line for a setting that can't be used; `value` is left out where it may be a secret."""
    shown = f' (it is "{value[:60]}")' if value else ""
    return ImproperlyConfigured(f"{name} {how}{shown}.")


def names_in_file(path: Path) -> list[str]:
    """The names that a `.env` file sets."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return []
    return re.findall(r"^(?:export )?([A-Za-z_][A-Za-z0-9_]*)=", text, re.MULTILINE)


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return None
    return None if port == 0 or " " in value else parts


def _is_address(value: str) -> bool:
    parts = _split(value)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return False
    if parts.query or parts.fragment or parts.username or parts.password:
        return False
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return HOST.fullmatch(host) is not None and host != "*" and not host.startswith(".")


def _is_email(value: str) -> bool:
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _has_right_digits(iban: str) -> bool:
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


LAUNCHER_NAMES = {"HOST", "PORT", "PYTHON", "ARGS"}
# ISO 4217: currencies in use. Funds, metals and test codes are none that people lend in.
_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
    USD UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())

"""The two shapes of a bank account: an IBAN, or, where the currency's banks have none, a number at a named bank."""

from __future__ import annotations

import dataclasses
import re

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ledger.bank_details.iban import IBAN_CURRENCIES, is_valid_iban, normal_iban
from p2plending.lib.errors import Refused
from p2plending.lib.text import UnfitText, check_one_line, normal_text, without_invisible

ACCOUNT_NUMBER = re.compile(r"[0-9A-Z]{4,34}")
ROUTING_CODE = re.compile(r"[0-9A-Z]{3,15}")
MAX_BANK_NAME = 100


class InvalidIban(Refused):
    """No country's length and shape, or check digits that don't hold."""

    code = "invalid_iban"
    default_message = gettext_lazy("Enter a valid account number (IBAN), like DE89 3704 0044 0532 0130 00.")


class InvalidBankAccount(Refused):
    """An account without IBAN whose bank, number or code can't be one."""

    code = "invalid_bank_account"
    default_message = gettext_lazy("Enter the name of your bank and your account number.")


@dataclasses.dataclass(frozen=True, slots=True)
class BankAccount:
    """Where money is sent: `iban`, or `bank_name`, `account_number` and, where the bank has one, `routing_code`."""

    iban: str = ""
    bank_name: str = ""
    account_number: str = ""
    routing_code: str = ""

    @property
    def last4(self) -> str:
        return (self.iban or self.account_number)[-4:]


def uses_iban(currency: str | None = None) -> bool:
    """Whether accounts in the platform's currency have IBANs."""
    return (currency or settings.CURRENCY) in IBAN_CURRENCIES


def checked_account(account: BankAccount) -> BankAccount:
    """The account in its normal form. Raises InvalidIban or InvalidBankAccount, each at its field."""
    if uses_iban():
        iban = normal_iban(account.iban)
        if not is_valid_iban(iban):
            raise InvalidIban().at("iban")
        return BankAccount(iban=iban)
    return BankAccount(
        bank_name=_bank_name(account.bank_name),
        account_number=_code(account.account_number, ACCOUNT_NUMBER, "account_number"),
        routing_code=_code(account.routing_code, ROUTING_CODE, "routing_code") if account.routing_code else "",
    )


def _bank_name(text: str) -> str:
    name = normal_text(text).strip()
    try:
        check_one_line(name)
    except UnfitText as error:
        raise InvalidBankAccount(error.words).at("bank_name") from error
    if not 2 <= len(name) <= MAX_BANK_NAME:
        raise InvalidBankAccount(_("Enter the name of your bank.")).at("bank_name")
    return name


def _code(text: str, shape: re.Pattern[str], field: str) -> str:
    code = re.sub(r"[\s./-]", "", without_invisible(text)).upper()
    if not shape.fullmatch(code) or not any(one.isdigit() for one in code):
        words = {
            "account_number": _("Enter your account number: 4 to 34 digits and letters."),
            "routing_code": _("Enter the routing or sort code of your bank: 3 to 15 digits and letters."),
        }
        raise InvalidBankAccount(words[field]).at(field)
    return code


def client_account() -> list[tuple[str, str]]:
    """Our account for people's money as words and values to show; empty where the deployment has not set one."""
    if uses_iban():
        rows = [(_("IBAN"), settings.CLIENT_ACCOUNT_IBAN)]
    else:
        rows = [
            (_("Bank"), settings.CLIENT_ACCOUNT_BANK),
            (_("Account number"), settings.CLIENT_ACCOUNT_NUMBER),
            (_("Routing or sort code"), settings.CLIENT_ACCOUNT_ROUTING_CODE),
        ]
    known = [(label, value) for label, value in rows if value]
    return [(_("Account holder"), settings.CLIENT_ACCOUNT_HOLDER), *known] if known else []

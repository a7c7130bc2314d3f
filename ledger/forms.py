"""What people type about money in and out, and how they choose lines."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.bank_details.accounts import MAX_BANK_NAME, BankAccount, checked_account, uses_iban
from ledger.enums.books import LineCode, PaymentMethod
from ledger.selectors import WalletSummary
from ledger.services.deposits import OLDEST_DAYS
from ledger.services.withdrawals import smallest_withdrawal
from p2plending.lib.errors import Refused
from p2plending.lib.formatting import format_money
from p2plending.lib.rules.values import platform_rules
from p2plending.lib.web.forms import CodeField, KeyedForm, MoneyFormField, OneLineField, add_refusal, form_field


class DayInput(forms.DateInput):
    """The browser's own date box; typed text works where there is none."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DepositForm(KeyedForm):
    """What was sent, when and how."""

    amount = MoneyFormField(label=_("Amount you sent"))
    sent_on = forms.DateField(
        label=_("Day you sent it"),
        widget=DayInput,
        error_messages={
            "required": _("Enter the day you sent it."),
            "invalid": _("Enter the day as a date, like 2026-01-31."),
        },
    )
    method = forms.ChoiceField(label=_("How you sent it"), choices=PaymentMethod.choices, widget=forms.RadioSelect)
    bank_reference = OneLineField(
        label=_("Reference on the transfer (optional)"),
        max_length=60,
        required=False,
        help_text=_("What you wrote as the purpose, if it was not your payment reference."),
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)
        form_field(self, "amount", MoneyFormField).max_amount = platform_rules().largest_amount
        self.fields["sent_on"].initial = today
        self.fields["method"].initial = PaymentMethod.BANK_TRANSFER

    def clean_sent_on(self) -> dt.date:
        sent_on: dt.date = self.cleaned_data["sent_on"]
        if sent_on > self.today:
            raise forms.ValidationError(_("The day you sent it can't be in the future."), code="future")
        if sent_on < self.today - dt.timedelta(days=OLDEST_DAYS):
            message = _("The day you sent it must be within the last %(days)d days.")
            raise forms.ValidationError(message, code="too_old", params={"days": OLDEST_DAYS})
        return sent_on


class WithdrawalForm(KeyedForm):
    """How much, and to which account."""

    amount = MoneyFormField(label=_("Amount to take out"))
    account_holder = OneLineField(
        label=_("Account holder"),
        max_length=150,
        error_messages={"required": _("Enter the name of the account holder.")},
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    iban = CodeField(
        label=_("Account number (IBAN)"),
        max_length=60,
        error_messages={"required": _("Enter your account number (IBAN).")},
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    bank_name = OneLineField(
        label=_("Bank"),
        max_length=MAX_BANK_NAME,
        error_messages={"required": _("Enter the name of your bank.")},
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    account_number = CodeField(
        label=_("Account number"),
        max_length=60,
        error_messages={"required": _("Enter your account number.")},
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    routing_code = CodeField(
        label=_("Routing or sort code (optional)"),
        max_length=30,
        required=False,
        help_text=_("The code of your bank, if it has one."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, wallet: WalletSummary | None = None, **kwargs: Any) -> None:
        """With a wallet the amount is compared to it; without, the service does that under its lock."""
        self.wallet = wallet
        super().__init__(*args, **kwargs)
        form_field(self, "amount", MoneyFormField).min_amount = smallest_withdrawal()
        for name in ("bank_name", "account_number", "routing_code") if uses_iban() else ("iban",):
            del self.fields[name]

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        if self.wallet is not None and amount > self.wallet.available:
            message = _("You have %(available)s available. Take out less.")
            raise forms.ValidationError(
                message, code="not_enough", params={"available": format_money(self.wallet.available)}
            )
        return amount

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        account = self.account()
        if not any(name in self.errors for name in ("iban", "bank_name", "account_number", "routing_code")):
            try:
                cleaned |= {
                    name: value
                    for name, value in dataclasses.asdict(checked_account(account)).items()
                    if name in self.fields
                }
            except Refused as refusal:
                add_refusal(self, refusal)
        return cleaned

    def account(self) -> BankAccount:
        """Where the money is to go."""
        names = (field.name for field in dataclasses.fields(BankAccount))
        return BankAccount(**{name: self.cleaned_data.get(name, "") for name in names})


class ProofForm(forms.Form):
    """Who it is, once more: the code of those who sign in with two steps, the password of others."""

    def __init__(self, *args: Any, with_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if with_code:
            self.fields["code"] = OneLineField(
                label=_("Code from your app, or a backup code"),
                max_length=20,
                error_messages={"required": _("Enter the code from your app.")},
                widget=forms.TextInput({"autocomplete": "one-time-code"}),
            )
        else:
            self.fields["password"] = forms.CharField(
                label=_("Your password, once more"),
                max_length=200,
                strip=False,
                error_messages={"required": _("Enter your password.")},
                widget=forms.PasswordInput({"autocomplete": "current-password"}),
            )


class LineFilterForm(forms.Form):
    """Which lines of the wallet to show: `codes` are those that it has, so that every choice finds something.

    A choice that can't be read is left out and said.
    """

    type = forms.ChoiceField(
        label=_("What"),
        required=False,
        error_messages={"invalid_choice": _("Choose a kind of line from the list.")},
    )
    start = forms.DateField(
        label=_("From"),
        widget=DayInput,
        required=False,
        error_messages={"invalid": _("Enter the first day as a date, like 2026-01-31.")},
    )
    end = forms.DateField(
        label=_("To"),
        widget=DayInput,
        required=False,
        error_messages={"invalid": _("Enter the last day as a date, like 2026-01-31.")},
    )

    def __init__(self, *args: Any, codes: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {*codes, self.data.get("type")}
        there = [(code, label) for code, label in LineCode.choices if code in offered]
        form_field(self, "type", forms.ChoiceField).choices = [("", _("Everything")), *there]

    def choice(self) -> dict[str, Any]:
        """What may go to the selectors."""
        self.is_valid()
        cleaned = self.cleaned_data
        codes = (cleaned["type"],) if cleaned.get("type") else ()
        return {"codes": codes, "start": cleaned.get("start"), "end": cleaned.get("end")}


class PeriodForm(forms.Form):
    """A period of one's own for a statement."""

    start = forms.DateField(
        label=_("First day"), widget=DayInput, error_messages={"required": _("Enter the first day.")}
    )
    end = forms.DateField(label=_("Last day"), widget=DayInput, error_messages={"required": _("Enter the last day.")})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("start") and cleaned.get("end") and cleaned["end"] < cleaned["start"]:
            self.add_error("end", _("The last day must not be before the first day."))
        return cleaned

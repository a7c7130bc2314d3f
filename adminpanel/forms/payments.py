"""What staff fill in when a payment came back or was found late."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.forms import DayInput
from p2plending.lib.rules.values import platform_rules
from p2plending.lib.web.forms import KeyedForm, MoneyFormField, MultiLineField, OneLineField, form_field


class ReversePaymentForm(KeyedForm):
    """Why the payment is undone."""

    reason = MultiLineField(
        label=_("Reason, as the person reads it"),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": _("Enter a reason.")},
    )


class BackdatedPaymentForm(KeyedForm):
    """Money that had reached us before today."""

    amount = MoneyFormField(label=_("Amount"), error_messages={"required": _("Enter an amount.")})
    value_date = forms.DateField(
        label=_("Day it arrived"),
        widget=DayInput,
        error_messages={
            "required": _("Enter the day it arrived."),
            "invalid": _("Enter the day as a date, like 2026-01-31."),
        },
    )
    bank_reference = OneLineField(label=_("Reference on the transfer (optional)"), max_length=60, required=False)
    # The figures were seen.
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form_field(self, "amount", MoneyFormField).max_amount = platform_rules().largest_amount
        self.fields["value_date"].help_text = _("Before today, and not in the closed books.")
        self.fields["value_date"].widget.attrs["max"] = str(today - dt.timedelta(days=1))

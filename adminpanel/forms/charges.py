"""What staff fill in to add a charge to a loan whose plan follows the money, or to waive one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from adminpanel.forms.collections import StepForm, words_field
from ledger.forms import DayInput
from loans.enums.loan import ChargeBase, ChargePart
from loans.models import Loan
from loans.selectors.charges import ChargeLine
from p2plending.lib.errors import required
from p2plending.lib.formatting import format_day, format_money
from p2plending.lib.web.forms import MoneyFormField, PercentFormField, form_field

# A charge after the last payment makes a payment of its own; later than this it is a slip of the hand.
DAYS_AFTER_THE_LAST_PAYMENT = 365


class ChargeForm(StepForm):
    """A fee or a penalty: an amount on one day, or an amount or a rate on every payment."""

    part = forms.ChoiceField(label=_("Kind"), choices=ChargePart)
    due_on = forms.DateField(
        label=_("Due on (empty: with every payment)"),
        required=False,
        widget=DayInput,
        error_messages={"invalid": _("Enter the day as a date, like 2026-01-31.")},
    )
    amount = MoneyFormField(label=_("Amount (empty: a rate)"), required=False)
    rate = PercentFormField(
        label=_("Rate of every payment, %"),
        required=False,
        min_value=0,
        max_value=100,
        error_messages={
            "invalid": _("Enter a percentage as a number, like 2.5."),
            "min_value": _("Enter a percentage from 0 to 100."),
            "max_value": _("Enter a percentage from 0 to 100."),
        },
    )
    base = forms.ChoiceField(label=_("Rate of what"), choices=ChargeBase)
    reason = words_field(_("Reason, as the borrower reads it"), _("Enter a reason."))

    def __init__(self, *args: Any, loan: Loan, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first, self.fields["due_on"].initial = required(loan.disbursed_on, "disbursed_on"), today
        self.last = max(required(loan.maturity_date, "maturity_date"), today) + dt.timedelta(
            days=DAYS_AFTER_THE_LAST_PAYMENT
        )

    def clean_due_on(self) -> dt.date | None:
        day = self.cleaned_data["due_on"]
        if day is not None and not self.first <= day <= self.last:
            words = _("Enter a day from %(first)s to %(last)s.")
            raise forms.ValidationError(words % {"first": format_day(self.first), "last": format_day(self.last)})
        return day

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if self.errors:
            return told
        if not told["rate"]:
            told["base"] = ""
        if bool(told["amount"]) == bool(told["rate"]):
            self.add_error("amount", _("Enter an amount, or a rate: one of the two."))
        elif told["rate"] and told["due_on"]:
            self.add_error("due_on", _("Leave it empty: a rate is a charge on every payment."))
        return told

    def asked(self) -> dict[str, Any]:
        """The arguments of `add_charge` that say what is charged."""
        told = self.cleaned_data
        return {
            "part": ChargePart(told["part"]),
            "due_on": told["due_on"],
            "amount": told["amount"] or 0,
            "rate": told["rate"] or 0,
            "base": ChargeBase(told["base"]) if told["rate"] else None,
            "reason": told["reason"],
        }


class WaiveChargeForm(StepForm):
    """What is unpaid of one charge."""

    charge = forms.TypedChoiceField(label=_("Charge"), coerce=int, error_messages={"required": _("Choose a charge.")})
    reason = words_field(_("Reason"), _("Enter a reason."))

    def __init__(self, *args: Any, lines: Sequence[ChargeLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unpaid = {line.charge.pk: line.unpaid or 0 for line in lines}
        # What was sent is looked at by the service: a second click finds the first waiver.
        shown = lines if self.is_bound else [line for line in lines if line.unpaid]
        words = _("%(reference)s, %(reason)s: %(unpaid)s unpaid")
        form_field(self, "charge", forms.ChoiceField).choices = [
            (
                line.charge.pk,
                words
                % {
                    "reference": line.charge.reference,
                    "reason": line.charge.reason,
                    "unpaid": format_money(line.unpaid or 0),
                },
            )
            for line in shown
        ]

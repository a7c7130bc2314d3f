"""Forms of paying back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.services.closed_period import PeriodClosed, require_open_period
from loans.enums.loan import ExtraMode, RepaymentMethod
from loans.finance import PayoffFigure
from loans.selectors.servicing import AmountsDue
from p2plending.lib.rules.values import platform_rules
from p2plending.lib.web.forms import KeyedForm, MoneyFormField, OneLineField, form_field

QUOTE_DAYS = 30


class PaymentKind:
    """What the borrower wants to pay."""

    NEXT = "next"
    LATE = "late"
    PAYOFF = "payoff"
    OTHER = "other"


class PayForm(KeyedForm):
    """How much, from where, and when it was sent. `cleaned_data["to_pay"]` is the amount in minor units."""

    kind = forms.ChoiceField(
        label=_("How much do you want to pay?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how much you want to pay.")},
    )
    amount = MoneyFormField(
        label=_("Other amount (optional)"),
        required=False,
        help_text=_("Only if you chose another amount. For example, 50.00."),
    )
    method = forms.ChoiceField(
        label=_("Where does the money come from?"),
        widget=forms.RadioSelect,
        choices=[
            (RepaymentMethod.WALLET, _("From my wallet, now")),
            (RepaymentMethod.DECLARED, _("I have transferred it to your account")),
        ],
        error_messages={"required": _("Choose where the money comes from.")},
    )
    value_date = forms.DateField(
        label=_("Date of the transfer (optional)"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Only for a transfer. Empty means today."),
        error_messages={"invalid": _("Enter a date, like 2026-11-22.")},
    )
    bank_reference = OneLineField(
        label=_("Reference on the transfer (optional)"),
        required=False,
        max_length=60,
        help_text=_("What you wrote on the transfer. It helps us find your money."),
    )

    def __init__(
        self,
        *args: Any,
        due: AmountsDue,
        payoff: PayoffFigure,
        today: dt.date,
        paid_out_on: dt.date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.due, self.payoff, self.today, self.paid_out_on = due, payoff, today, paid_out_on
        kinds = [
            (PaymentKind.NEXT, _("Next payment")),
            (PaymentKind.PAYOFF, _("Pay off the loan")),
            (PaymentKind.OTHER, _("Another amount")),
        ]
        if due.late and due.late != due.next_payment:
            kinds.insert(1, (PaymentKind.LATE, _("What is late")))
        form_field(self, "kind", forms.ChoiceField).choices = kinds
        form_field(self, "amount", MoneyFormField).max_amount = platform_rules().largest_amount

    def clean_value_date(self) -> dt.date:
        day = self.cleaned_data["value_date"] or self.today
        if day > self.today:
            raise forms.ValidationError(_("The date of the transfer can't be after today."))
        if day < self.paid_out_on:
            raise forms.ValidationError(_("The date of the transfer can't be before the loan was paid out."))
        try:
            require_open_period(day)
        except PeriodClosed as refusal:
            raise forms.ValidationError(refusal.message, code=refusal.code) from refusal
        return day

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        amounts = {
            PaymentKind.NEXT: self.due.next_payment,
            PaymentKind.LATE: self.due.late,
            PaymentKind.PAYOFF: self.payoff.total,
            PaymentKind.OTHER: told.get("amount"),
        }
        told["to_pay"] = amounts.get(told.get("kind", ""))
        if told.get("kind") == PaymentKind.OTHER and told["to_pay"] is None and "amount" not in self.errors:
            self.add_error("amount", _("Enter an amount."))
        if told.get("method") == RepaymentMethod.WALLET:
            told["value_date"] = self.today
            if told["to_pay"]:
                # A wallet needn't send more than the loan can take; the check page says that it was lowered.
                told["asked"], told["to_pay"] = told["to_pay"], min(told["to_pay"], self.payoff.total)
        return told


class ConfirmPaymentForm(KeyedForm):
    """Exactly what the check page showed, sent back unseen; so a second click finds the first payment."""

    amount = MoneyFormField()
    method = forms.ChoiceField(choices=[(RepaymentMethod.WALLET, ""), (RepaymentMethod.DECLARED, "")])
    value_date = forms.DateField()
    bank_reference = OneLineField(required=False, max_length=60)
    extra_mode = forms.ChoiceField(required=False, choices=[("", ""), *ExtraMode.choices])


class WithdrawLoanForm(KeyedForm):
    """Give the loan back for the sum that the page showed, which goes with the form."""

    confirmed = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def show_sum(self, to_pay: int) -> None:
        """Carry the sum that the page shows now, in place of one that was sent in."""
        self.fields["confirmed"].initial = to_pay
        if self.is_bound:
            sent: Any = self.data  # what a browser sent: it is not changed, a copy can be
            self.data = sent = sent.copy()
            sent["confirmed"] = to_pay


class AutopayForm(forms.Form):
    """On or off."""

    is_on = forms.BooleanField(required=False)


class QuoteDayForm(forms.Form):
    """A day for which to show the pay-off figure."""

    date = forms.DateField(
        label=_("Pay off on"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Enter the day on which you want to pay."),
            "invalid": _("Enter a date, like 2026-11-22."),
        },
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_date(self) -> dt.date:
        day = self.cleaned_data["date"]
        if not self.today <= day <= self.today + dt.timedelta(days=QUOTE_DAYS):
            raise forms.ValidationError(_("Choose a day from today to 30 days from now."))
        return day

"""What staff fill in about a loan in trouble: each is sent twice, the second time after its figures were shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.forms import DayInput
from loans.enums.collections import DefaultCause
from loans.forms.collections import PlanForm
from loans.models import HardshipRequest, Instalment, Recovery
from p2plending.lib.formatting import format_day, format_money, format_percent
from p2plending.lib.web.forms import (
    KeyedForm,
    MoneyFormField,
    MultiLineField,
    OneLineField,
    PercentFormField,
    form_field,
)

NOTE_LENGTH = 300
OFFER_DAYS = 14


def words_field(label: Any, missing: Any, *, max_length: int = NOTE_LENGTH, required: bool = True) -> forms.CharField:
    """A few lines of text; `missing` is said when a required one is empty."""
    return MultiLineField(
        label=label,
        max_length=max_length,
        required=required,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": missing},
    )


class StepForm(KeyedForm):
    """`confirmed` says that the figures were seen."""

    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def entered(self) -> list[tuple[str, str]]:
        """What was filled in, as label and words, for the page that asks for a last look. Call on a valid form."""
        told = [(field, self.cleaned_data.get(field.name)) for field in self.visible_fields()]
        # In brackets a label says how to fill the field in.
        return [
            (field.label.partition(" (")[0], _words(field, value)) for field, value in told if value not in ("", None)
        ]


def _words(field: forms.BoundField, value: Any) -> str:
    if isinstance(field.field, forms.ChoiceField):
        offered: Any = field.field.choices  # pairs, as they are declared
        return next(str(words) for choice, words in offered if str(choice) == str(value))
    if isinstance(field.field, MoneyFormField):
        return format_money(value)
    if isinstance(field.field, PercentFormField):
        return format_percent(value, 2)
    return format_day(value) if isinstance(value, dt.date) else str(value)


class WaiveForm(StepForm):
    """Interest or a late fee of one payment."""

    instalment = forms.TypedChoiceField(
        label=_("Payment"), coerce=int, error_messages={"required": _("Choose a payment.")}
    )
    interest = MoneyFormField(label=_("Interest to waive"), min_amount=0, initial=0)
    late_fee = MoneyFormField(label=_("Late fee to waive"), min_amount=0, initial=0)
    reason = words_field(_("Reason"), _("Enter a reason."))

    def __init__(self, *args: Any, rows: Sequence[Instalment], today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What was just waived is still known when the form comes again; the service says what is left to waive.
        due = [row for row in rows if row.due_date <= today]
        if not self.is_bound:
            due = [row for row in due if row.interest_unpaid or row.late_fee_unpaid]
        words = _("%(day)s: interest %(interest)s, late fee %(late_fee)s")
        form_field(self, "instalment", forms.ChoiceField).choices = [
            (
                row.pk,
                words
                % {
                    "day": format_day(row.due_date),
                    "interest": format_money(row.interest_unpaid),
                    "late_fee": format_money(row.late_fee_unpaid),
                },
            )
            for row in due
        ]


class NoticeForm(StepForm):
    """Send the default notice."""


class DefaultForm(StepForm):
    """Declare the default."""

    cause = forms.ChoiceField(label=_("Why"), choices=DefaultCause.choices)
    note = words_field(_("Note for colleagues (optional)"), "", required=False)


class WriteOffForm(StepForm):
    """Ask a second person to write the loan off."""

    cause = forms.ChoiceField(label=_("Why"), choices=DefaultCause.choices)
    reason = words_field(_("Reason"), _("Enter a reason."), max_length=500)


class SettlementForm(StepForm):
    """Ask a second person to settle the loan for less."""

    amount = MoneyFormField(label=_("Amount that closes the loan"), min_amount=1)
    pay_by = forms.DateField(
        label=_("Pay by"),
        widget=DayInput,
        error_messages={
            "required": _("Enter the last day to pay."),
            "invalid": _("Enter the day as a date, like 2026-01-31."),
        },
    )
    reason = words_field(_("Reason"), _("Enter a reason."), max_length=500)

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pay_by"].initial = today + dt.timedelta(days=OFFER_DAYS)


class SettlementPaidForm(StepForm):
    """The agreed amount came by transfer."""

    arrived_on = forms.DateField(
        label=_("Day it arrived"),
        widget=DayInput,
        error_messages={
            "required": _("Enter the day it arrived."),
            "invalid": _("Enter the day as a date, like 2026-01-31."),
        },
    )
    bank_reference = OneLineField(label=_("Reference on the transfer (optional)"), max_length=60, required=False)

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["arrived_on"].initial = today


class RecoveryForm(StepForm):
    """Money that came after the loss."""

    amount = MoneyFormField(label=_("Amount received"), min_amount=1)
    value_date = forms.DateField(
        label=_("Day it arrived"),
        widget=DayInput,
        error_messages={
            "required": _("Enter the day it arrived."),
            "invalid": _("Enter the day as a date, like 2026-01-31."),
        },
    )
    bank_reference = OneLineField(label=_("Reference on the transfer (optional)"), max_length=60, required=False)

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value_date"].initial = today


class RecoveryBackForm(StepForm):
    """Ask a second person to undo a recovery whose money came back."""

    recovery = forms.TypedChoiceField(
        label=_("Recovery"), coerce=int, error_messages={"required": _("Choose a recovery.")}
    )
    reason = words_field(_("Reason"), _("Enter a reason."), max_length=500)

    def __init__(self, *args: Any, rows: Sequence[Recovery], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form_field(self, "recovery", forms.ChoiceField).choices = [
            (row.pk, f"{row.reference}: {format_money(row.amount)}, {format_day(row.value_date)}") for row in rows
        ]


class ProposePlanForm(PlanForm, StepForm):
    """A new plan; when it answers a request for help, that fills it in. `answers` is the reference of the request."""

    answers = OneLineField(required=False, max_length=16, widget=forms.HiddenInput)

    def __init__(self, *args: Any, request: HardshipRequest | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if request is not None:
            self.initial = {
                "answers": request.reference,
                "option": request.option,
                "due_day": request.due_day,
                "payments": request.payments,
                "amount": request.affordable_amount,
                **self.initial,
            }


class DeclineHardshipForm(StepForm):
    """No plan is possible."""

    note = words_field(_("Answer, as the borrower reads it"), _("Enter what the borrower should know."), max_length=500)


class ApproveForm(KeyedForm):
    """Agree as the second person."""

    note = words_field(_("Note (optional)"), "", max_length=500, required=False)


class RefuseForm(KeyedForm):
    """Say no as the second person."""

    note = words_field(_("Why not"), _("Enter why not."), max_length=500)

"""What borrowers fill in when they can't pay as planned, and staff when they answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loans.collection_enums import HardshipCause, PlanOption, UnpaidChoice
from loans.replanning import PlanTerms
from p2plending.lib.forms import KeyedForm, MoneyFormField, MultiLineField

ASKED_OPTIONS = [
    (option.value, option.label) for option in (PlanOption.NEW_DUE_DAY, PlanOption.HOLIDAY, PlanOption.LOWER)
]


class HelpForm(KeyedForm):
    """What happened, how long it may last, what could be paid, and which change would help."""

    cause = forms.ChoiceField(
        label=_("What happened?"),
        choices=HardshipCause.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what happened.")},
    )
    story = MultiLineField(
        label=_("In your own words (optional)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("Only the person who decides reads this. Lenders never see it."),
    )
    expected_months = forms.IntegerField(
        label=_("For how many months may it last?"),
        min_value=1,
        max_value=24,
        error_messages={"required": _("Enter a number of months, like 3.")},
    )
    affordable_amount = MoneyFormField(label=_("How much could you pay a month meanwhile?"), min_amount=0)
    option = forms.ChoiceField(
        label=_("What would help?"),
        choices=ASKED_OPTIONS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what would help.")},
    )
    due_day = forms.IntegerField(
        label=_("Day of the month (only for another day)"), required=False, min_value=1, max_value=28
    )
    months = forms.IntegerField(
        label=_("Months (1 to 3 for a pause, 3 to 6 for smaller payments)"), required=False, min_value=1, max_value=6
    )

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        option, months = told.get("option"), told.get("months")
        if option == PlanOption.NEW_DUE_DAY and not told.get("due_day") and "due_day" not in self.errors:
            self.add_error("due_day", _("Enter a day from 1 to 28."))
        limits = {PlanOption.HOLIDAY: (1, 3), PlanOption.LOWER: (3, 6)}.get(option)
        if limits and "months" not in self.errors and (months is None or not limits[0] <= months <= limits[1]):
            self.add_error("months", _("Enter %(low)d to %(high)d months.") % {"low": limits[0], "high": limits[1]})
        return told

    def plan_terms(self) -> PlanTerms:
        """What the plan is worked out from, after the form is valid."""
        told = self.cleaned_data
        return PlanTerms(
            PlanOption(told["option"]),
            due_day=told["due_day"] if told["option"] == PlanOption.NEW_DUE_DAY else None,
            months=told["months"] if told["option"] != PlanOption.NEW_DUE_DAY else None,
            amount=told["affordable_amount"] if told["option"] == PlanOption.LOWER else None,
        )


class PlanForm(KeyedForm):
    """A new plan as staff propose it."""

    option = forms.ChoiceField(label=_("What changes"), choices=PlanOption.choices)
    due_day = forms.IntegerField(label=_("Day of the month (another day)"), required=False, min_value=1, max_value=28)
    months = forms.IntegerField(label=_("Months (all other changes)"), required=False, min_value=1, max_value=120)
    amount = MoneyFormField(label=_("Payment a month (smaller payments)"), required=False)
    interest_choice = forms.ChoiceField(label=_("Unpaid interest"), choices=UnpaidChoice.choices)
    late_fee_choice = forms.ChoiceField(
        label=_("Unpaid late fees"), choices=UnpaidChoice.choices, initial=UnpaidChoice.WAIVE
    )
    reason = MultiLineField(
        label=_("Reason, as the borrower reads it"),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": _("Enter a reason.")},
    )

    def plan_terms(self) -> PlanTerms:
        """What the plan is worked out from, after the form is valid."""
        told = self.cleaned_data
        return PlanTerms(
            PlanOption(told["option"]),
            due_day=told["due_day"],
            months=told["months"],
            amount=told["amount"],
            interest_choice=UnpaidChoice(told["interest_choice"]),
            late_fee_choice=UnpaidChoice(told["late_fee_choice"]),
        )


class PayLossForm(KeyedForm):
    """How much a borrower pays on a loan that was written off or settled; `confirmed` says that it was checked."""

    amount = MoneyFormField(label=_("Amount"), min_amount=1)
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

"""What borrowers fill in when they can't pay as planned, and staff when they answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loans.account.hardship_choices import HardshipChoice, help_choices
from loans.account.restructure import PlanTerms
from loans.account.terms import LoanTerms
from loans.enums.collections import HardshipCause, PlanOption, UnpaidChoice
from p2plending.lib.formatting import format_period
from p2plending.lib.web.forms import KeyedForm, MoneyFormField, MultiLineField, form_field


class HardshipForm(KeyedForm):
    """What happened, how long it may last, what could be paid, and which change of this loan's schedule would help."""

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
    affordable_amount = MoneyFormField(min_amount=0)
    option = forms.ChoiceField(
        label=_("What would help?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what would help.")},
    )
    due_day = forms.IntegerField(
        label=_("Day of the month (only for another day)"), required=False, min_value=1, max_value=28
    )
    payments = forms.IntegerField(required=False, min_value=1)

    def __init__(self, *args: Any, terms: LoanTerms, **kwargs: Any) -> None:
        """`terms` are the loan's: they decide which changes there are, and in which steps it is paid."""
        super().__init__(*args, **kwargs)
        self.offered = {one.option: one for one in help_choices(terms)}
        form_field(self, "option", forms.ChoiceField).choices = [
            (str(one.option), _choice_words(one)) for one in self.offered.values()
        ]
        if PlanOption.NEW_DUE_DAY not in self.offered:
            del self.fields["due_day"]
        often = format_period(terms.payment_every, terms.payment_unit)
        self.fields["affordable_amount"].label = _("How much could you pay %(often)s meanwhile?") % {"often": often}
        counted = PlanOption.LOWER in self.offered
        self.fields["payments"].label = (
            _("How many payments (only for a pause or smaller payments)")
            if counted
            else _("How many payments (only for a pause)")
        )
        self.fields["payments"].help_text = _("You pay %(often)s.") % {"often": often}

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        option, payments = told.get("option"), told.get("payments")
        if option == PlanOption.NEW_DUE_DAY and not told.get("due_day") and "due_day" not in self.errors:
            self.add_error("due_day", _("Enter a day from 1 to 28."))
        choice = self.offered.get(option) if option else None
        if choice and "payments" not in self.errors and not choice.takes(payments):
            limits = {"low": choice.low, "high": choice.high}
            self.add_error("payments", _("Enter a number of payments from %(low)d to %(high)d.") % limits)
        return told

    def plan_terms(self) -> PlanTerms:
        """What the plan is worked out from, after the form is valid."""
        told = self.cleaned_data
        is_day = told["option"] == PlanOption.NEW_DUE_DAY
        return PlanTerms(
            PlanOption(told["option"]),
            due_day=told["due_day"] if is_day else None,
            payments=None if is_day else told["payments"],
            amount=told["affordable_amount"] if told["option"] == PlanOption.LOWER else None,
        )


def _choice_words(choice: HardshipChoice) -> str | Promise:
    """The words of one change, with the payments that it may take."""
    if not choice.high:
        return choice.option.label
    limits = {"low": choice.low, "high": choice.high}
    if choice.option == PlanOption.HOLIDAY:
        if choice.high == 1:
            return _("A pause: leave out one payment")
        return _("A pause: leave out %(low)d to %(high)d payments") % limits
    return _("Smaller payments: the next %(low)d to %(high)d") % limits


class PlanForm(KeyedForm):
    """A new plan as staff propose it."""

    option = forms.ChoiceField(label=_("What changes"), choices=PlanOption.choices)
    due_day = forms.IntegerField(label=_("Day of the month (another day)"), required=False, min_value=1, max_value=28)
    payments = forms.IntegerField(
        label=_("Number of payments (all other changes)"), required=False, min_value=1, max_value=600
    )
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
            payments=told["payments"],
            amount=told["amount"],
            interest_choice=UnpaidChoice(told["interest_choice"]),
            late_fee_choice=UnpaidChoice(told["late_fee_choice"]),
        )


class PayLossForm(KeyedForm):
    """How much a borrower pays on a loan that was written off or settled; `confirmed` says that it was checked."""

    amount = MoneyFormField(label=_("Amount"), min_amount=1)
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

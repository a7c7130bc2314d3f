"""Forms of lenders' pages: what was typed, checked for shape; services decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loans.enums.loan import Grade, Purpose
from matching.enums.mandates import RiskTolerance
from matching.selectors.marketplace import DEFAULT_SORT, TERM_BANDS, Filters, MarketCounts
from matching.wording import CONSENT
from p2plending.lib.web.forms import KeyedForm, MoneyFormField, MultiLineField, PercentFormField, form_field

TERM_LABELS = {"1": _("Up to 12 months"), "2": _("13 to 36 months"), "3": _("37 to 60 months")}
SORT_CHOICES = [
    ("closing", _("Closing soonest")),
    ("newest", _("Newest")),
    ("net", _("Highest net return")),
    ("risk", _("Lowest risk")),
    ("funded", _("Most funded")),
]
HISTORY_CHOICES = [("", _("Any borrower")), ("first", _("First loan here")), ("repeat", _("Borrowed here before"))]
ENDS_CHOICES = [("", _("Any time")), ("1", _("1 day")), ("3", _("3 days")), ("7", _("7 days"))]
RATE_MESSAGES = {
    "required": _("Enter a rate, like 12.5."),
    "invalid": _("Enter the rate as a number, like 12.5."),
    "min_value": _("Enter a rate of 0 or more."),
    "max_value": _("Enter a rate of 100 or less."),
    "max_digits": _("Enter the rate as a number, like 12.5."),
    "max_decimal_places": _("Enter the rate with at most 4 decimals, like 12.5."),
    "max_whole_digits": _("Enter the rate as a number, like 12.5."),
}


def _rate(label: Any, **kwargs: Any) -> PercentFormField:
    return PercentFormField(
        label=label,
        min_value=0,
        max_value=100,
        error_messages=RATE_MESSAGES,
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
        **kwargs,
    )


def _choices(label: Any, choices: Sequence[tuple[str, Any]]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        required=False,
        choices=choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("That is not one of the choices.")},
    )


def _choice(label: Any, choices: Sequence[tuple[str, Any]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=choices,
        error_messages={"invalid_choice": _("That is not one of the choices.")},
    )


class FilterForm(forms.Form):
    """The filters of the marketplace, read from the query string. What is wrong is said; the rest still counts."""

    grade = _choices(_("Risk grade"), Grade.choices)
    rate_min = _rate(_("Lowest rate, % a year"), required=False)
    rate_max = _rate(_("Highest rate, % a year"), required=False)
    term = _choices(_("Length of loan"), [(band, TERM_LABELS[band]) for band in TERM_BANDS])
    purpose = _choice(_("Purpose"), [("", _("Any purpose")), *Purpose.choices])
    amount_min = MoneyFormField(label=_("Smallest loan"), required=False)
    amount_max = MoneyFormField(label=_("Largest loan"), required=False)
    needed = MoneyFormField(label=_("Still needs at least"), required=False)
    history = _choice(_("Borrower"), HISTORY_CHOICES)
    ends = _choice(_("Ends within"), ENDS_CHOICES)
    new = forms.BooleanField(label=_("New this week"), required=False)
    hide_mine = forms.BooleanField(label=_("Hide loans I am already in"), required=False)
    sort = _choice(_("Sort by"), SORT_CHOICES)

    def offer(self, counts: MarketCounts) -> None:
        """Offer in the lists only what finds open loans, and how many; what is chosen already stays."""
        for name, found in (("purpose", counts.by_purpose), ("history", counts.by_history), ("ends", counts.by_days)):
            field, chosen = form_field(self, name, forms.ChoiceField), self.data.get(name)
            offered: Any = field.choices  # pairs, as they are declared above
            any_of_them, *choices = offered
            there = [
                (value, f"{words} ({found[value]})") for value, words in choices if found[value] or value == chosen
            ]
            field.choices = [any_of_them, *there]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._check_order(cleaned, "rate_min", "rate_max", _("The lowest rate is above the highest."))
        self._check_order(cleaned, "amount_min", "amount_max", _("The smallest loan is above the largest."))
        return cleaned

    def _check_order(self, cleaned: dict[str, Any], low: str, high: str, message: Any) -> None:
        if None not in (cleaned.get(low), cleaned.get(high)) and cleaned[low] > cleaned[high]:
            self.add_error(low, message)

    def filters(self) -> Filters:
        """What can be used of the input, after `is_valid()`."""
        given = self.cleaned_data
        ends = given.get("ends")
        return Filters(
            grades=tuple(given.get("grade") or ()),
            rate_min=given.get("rate_min"),
            rate_max=given.get("rate_max"),
            terms=tuple(given.get("term") or ()),
            purpose=given.get("purpose") or "",
            amount_min=given.get("amount_min"),
            amount_max=given.get("amount_max"),
            needed_min=given.get("needed"),
            history=given.get("history") or "",
            ends_within=int(ends) if ends else None,
            is_new=bool(given.get("new")),
            hide_mine=bool(given.get("hide_mine")),
        )

    def sort_key(self) -> str:
        return self.cleaned_data.get("sort") or DEFAULT_SORT


class AmountForm(forms.Form):
    """How much to lend; the limits are of this loan and this lender."""

    amount = MoneyFormField(label=_("Amount to lend"), error_messages={"required": _("Enter an amount to lend.")})


class LendForm(KeyedForm):
    """The check page: the amount as shown, and the box to tick."""

    amount = MoneyFormField(widget=forms.HiddenInput)
    from_suggestion = forms.BooleanField(required=False, widget=forms.HiddenInput)
    understood = forms.BooleanField(
        label=_("I understand that I can lose this money and that I can't get it back early."),
        error_messages={"required": _("Tick the box to show that you understand the risk.")},
    )


class QuestionForm(forms.Form):
    text = MultiLineField(
        label=_("Your question"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Everyone can read it. Leave out names, addresses and phone numbers."),
        error_messages={"required": _("Enter your question.")},
    )


class RiskProfileForm(forms.Form):
    tolerance = forms.ChoiceField(
        label=_("Risk profile"),
        choices=RiskTolerance.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose one of the three profiles."),
            "invalid_choice": _("Choose one of the three profiles."),
        },
    )


class MandateForm(KeyedForm):
    """The figures of a rule; `save_mandate` has the last word."""

    grades = forms.MultipleChoiceField(
        label=_("Grades"),
        choices=Grade.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one grade."),
            "invalid_choice": _("That is not one of the choices."),
        },
    )
    min_rate = _rate(
        _("Lowest rate, % a year"), help_text=_("Loans below this rate are left out. The rate is before losses.")
    )
    max_term_months = forms.IntegerField(
        label=_("Longest loan, in months"),
        min_value=1,
        max_value=120,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter the longest loan in months."),
            "invalid": _("Enter the months as a whole number, like 36."),
            "min_value": _("Longest loan must be from 1 to 120 months."),
            "max_value": _("Longest loan must be from 1 to 120 months."),
        },
    )
    amount_per_loan = MoneyFormField(
        label=_("At most in one loan"),
        help_text=_("With less money available, the rule lends what there is."),
    )
    keep_available = MoneyFormField(
        label=_("Money to keep in the wallet"),
        min_amount=0,
        help_text=_("The rule never lends this part."),
        error_messages={"negative": _("Enter an amount of zero or more.")},
    )


class ActivateForm(KeyedForm):
    """Turning the rule on needs the lender's word."""

    consent = forms.BooleanField(
        label=CONSENT,
        error_messages={"required": _("Tick the box to let us lend for you.")},
    )

"""Settings and the date of the demo: typed, with limits, each change with its reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

from constance.forms import FIELDS
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from adminpanel.services.changes import setting_words
from adminpanel.services.demo_date import DAYS_AHEAD
from ledger.forms import DayInput
from p2plending.lib.rules.settings import FRACTION, MONEY
from p2plending.lib.rules.values import PlatformRules
from p2plending.lib.web.forms import MoneyFormField, MultiLineField, PercentFormField, form_field

AUTO_CONFIRM = "AUTO_CONFIRM_MONEY"
REASON_ERRORS = {"required": _("Enter a reason.")}
DAY_ERRORS = {"required": _("Enter a day."), "invalid": _("Enter the day as a date, like 2026-01-31.")}
NUMBER_ERRORS = {
    "required": _("Enter a number, like 40."),
    "invalid": _("Enter a number, like 12."),
    "min_value": _("Enter %(limit_value)s or more."),
    "max_value": _("Enter %(limit_value)s or less."),
}


def reason_field() -> forms.CharField:
    """Why something is changed; kept in the audit trail."""
    widget = forms.Textarea({"rows": 2})
    return MultiLineField(label=_("Reason for the change"), max_length=500, widget=widget, error_messages=REASON_ERRORS)


def percent_field(label: Any) -> PercentFormField:
    """A share or rate, typed in per cent."""
    errors = {
        "required": _("Enter a percentage."),
        "invalid": _("Enter a percentage as a number, like 2.5."),
        "min_value": _("Enter a percentage from 0 to 100."),
        "max_value": _("Enter a percentage from 0 to 100."),
        "max_digits": _("Enter a percentage with at most 4 decimals."),
        "max_decimal_places": _("Enter a percentage with at most 4 decimals."),
        "max_whole_digits": _("Enter a percentage from 0 to 100."),
    }
    return PercentFormField(label=label, min_value=0, max_value=100, error_messages=errors)


class SettingsForm(forms.Form):
    """Every business setting but the date of the demo, which has a page of its own, and what only a demo may do."""

    def __init__(self, *args: Any, rules: PlatformRules, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        left_out = {DAYS_AHEAD} if settings.DEMO_MODE else {DAYS_AHEAD, AUTO_CONFIRM}
        for name, (default, words, kind) in settings.CONSTANCE_CONFIG.items():
            if name not in left_out:
                self.fields[name] = self._field(kind, words, default)
                self.initial[name] = getattr(rules, name.lower())
        # Amounts must be multiples of it, and nothing is a multiple of nothing.
        form_field(self, "COMMITMENT_STEP", MoneyFormField).min_amount = 1
        self.fields["reason"] = reason_field()

    def _field(self, kind: Any, words: Any, default: Any) -> forms.Field:
        hint = _("Unless changed: %(default)s.") % {"default": setting_words(kind, default)}
        if kind == FRACTION:
            field = percent_field(words)
            field.help_text = _("In per cent. Unless changed: %(default)s.") % {"default": setting_words(kind, default)}
            return field
        field_class, options = FIELDS[kind]
        errors = {} if kind in (MONEY, bool) else {"error_messages": DAY_ERRORS if kind is dt.date else NUMBER_ERRORS}
        return field_class(label=words, help_text=hint, **options, **errors)

    def values(self) -> dict[str, Any]:
        """What was typed, by the name of the setting."""
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields by subject."""
        return [
            (title, [self[name] for name in names if name in self.fields])
            for title, names in settings.CONSTANCE_CONFIG_FIELDSETS.items()
            if any(name in self.fields for name in names)
        ]


class AsOfForm(forms.Form):
    """The day that a trial balance is for."""

    as_of = forms.DateField(
        label=_("As of"),
        widget=DayInput,
        required=False,
        error_messages={"invalid": _("Enter the day as a date, like 2026-01-31.")},
    )

    def day(self) -> dt.date | None:
        return self.cleaned_data.get("as_of") if self.is_valid() else None

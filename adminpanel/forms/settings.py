"""Settings, loan products and the date of the demo: typed, with limits, each change with its reason."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from constance.forms import FIELDS
from django import forms
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from adminpanel.services.clockwork import DAYS_AHEAD, MOST_DAYS
from ledger.forms import DayInput
from loans.holiday_calendars import countries
from loans.models import GradeTerms, LoanProduct
from p2plending.figures import format_money, format_percent
from p2plending.lib.forms import PercentFormField
from p2plending.lib.models import RateField
from p2plending.lib.rules import PlatformRules
from p2plending.rule_settings import FRACTION, MONEY

AUTO_CONFIRM = "AUTO_CONFIRM_MONEY"
REASON_ERRORS = {"required": _("Enter a reason.")}
NUMBER_ERRORS = {"required": _("Enter a number."), "invalid": _("Enter a number, like 12.")}


def reason_field() -> forms.CharField:
    """Why something is changed; kept in the audit trail."""
    widget = forms.Textarea({"rows": 2})
    return forms.CharField(
        label=_("Reason for the change"), max_length=500, widget=widget, error_messages=REASON_ERRORS
    )


def setting_words(kind: Any, value: Any) -> str:
    """A setting's value as people read it."""
    if kind == MONEY:
        return format_money(value)
    if kind == FRACTION:
        return format_percent(value, 2)
    if isinstance(value, bool):
        return str(_("on") if value else _("off"))
    return str(value.normalize() if isinstance(value, Decimal) else value)


def percent_field(label: Any) -> PercentFormField:
    """A share or rate, typed in per cent."""
    errors = {
        "required": _("Enter a percentage."),
        "invalid": _("Enter a percentage as a number, like 2.5."),
        "min_value": _("Enter a percentage from 0 to 100."),
        "max_value": _("Enter a percentage from 0 to 100."),
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
        self.fields["COMMITMENT_STEP"].min_amount = 1
        self.fields["reason"] = reason_field()

    def _field(self, kind: Any, words: Any, default: Any) -> forms.Field:
        hint = _("Unless changed: %(default)s.") % {"default": setting_words(kind, default)}
        if kind == FRACTION:
            field = percent_field(words)
            field.help_text = _("In per cent. Unless changed: %(default)s.") % {"default": setting_words(kind, default)}
            return field
        field_class, options = FIELDS[kind]
        errors = {} if kind in (MONEY, bool) else {"error_messages": NUMBER_ERRORS}
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


class ProductForm(forms.ModelForm):
    """A loan product. Loans made before keep the terms that they were made under."""

    reason = reason_field()

    class Meta:
        model = LoanProduct
        fields = [
            "name",
            "is_offered",
            "min_amount",
            "max_amount",
            "amount_step",
            "min_term_months",
            "max_term_months",
            "base_rate",
            "term_addon",
            "servicing_fee_rate",
            "grace_days",
            "late_fee_fixed",
            "late_fee_rate",
            "late_fee_cap",
            "late_fees_to_lenders",
            "default_after_days",
            "min_funding_rate",
            "offer_days",
            "listing_days",
            "partial_offer_days",
            "signing_days",
            "schedule_method",
            "day_count",
            "rounding",
            "smooths_last_payment",
            "payment_multiple",
            "interest_free_periods",
            "principal_free_periods",
            "extra_payment_mode",
            "default_interest_rate",
            "stops_default_interest",
            "holiday_country",
            "withdrawal_days",
            "refunds_fee_on_withdrawal",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.Meta.fields:
            column, field = LoanProduct._meta.get_field(name), self.fields[name]
            field.label = capfirst(str(column.verbose_name))
            if isinstance(column, RateField):
                self.fields[name] = percent_field(_("%(what)s, %%") % {"what": field.label})
            elif isinstance(field, forms.IntegerField):
                field.error_messages |= NUMBER_ERRORS
        for name, choices in product_choices().items():
            field = self.fields[name]
            self.fields[name] = forms.ChoiceField(
                label=field.label, choices=choices, required=field.required, help_text=field.help_text
            )
        self.fields["payment_multiple"].label = _("Payments are a multiple of (empty: to the cent)")
        self.fields["late_fee_fixed"].min_amount = 0
        self.fields["late_fee_cap"].label = _("Late fee, most (empty: no limit)")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("min_term_months") == 0:
            self.add_error("min_term_months", _("The shortest term must be 1 month or more."))
        for low, high, words in (
            ("min_amount", "max_amount", _("The largest amount must not be below the smallest.")),
            ("min_term_months", "max_term_months", _("The longest term must not be below the shortest.")),
        ):
            if cleaned.get(low) is not None and cleaned.get(high) is not None and cleaned[high] < cleaned[low]:
                self.add_error(high, words)
        shortest = cleaned.get("min_term_months")
        free = cleaned.get("principal_free_periods")
        if shortest and free is not None and free >= shortest:
            self.add_error("principal_free_periods", _("At least one payment of the shortest loan must pay back."))
        if cleaned.get("payment_multiple") == 0:
            self.add_error("payment_multiple", _("Enter an amount above zero, or leave it empty."))
        return cleaned

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


def product_choices() -> dict[str, list[tuple[str, Any]]]:
    """What the lending maths offers for the fields of a product that name a method."""
    return {
        "schedule_method": [
            ("annuity", _("Equal payments")),
            ("equal_principal", _("Equal principal")),
            ("interest_only", _("Interest only, principal at the end")),
            ("bullet", _("All at the end")),
            ("flat", _("Flat interest")),
        ],
        "day_count": [(code, code) for code in ("30/360", "ACT/365", "ACT/360", "ACT/ACT")],
        "rounding": [
            ("half-up", _("Half up")),
            ("half-even", _("Half to even")),
            ("up", _("Up, the payment only")),
        ],
        "extra_payment_mode": [
            ("shorter", _("The loan ends sooner")),
            ("lower", _("The payments get smaller")),
            ("credit", _("It counts for the next payments")),
        ],
        "holiday_country": [("", _("None: every day counts")), *((code, code) for code in countries())],
    }


class GradeForm(forms.Form):
    """The terms of one grade of a product."""

    min_points = forms.IntegerField(label=_("Points from"), min_value=0, max_value=100, error_messages=NUMBER_ERRORS)
    margin = percent_field(_("Margin over the base rate, %"))
    origination_fee_rate = percent_field(_("Set-up fee, %"))
    expected_loss_rate = percent_field(_("Expected loss a year, %"))

    def __init__(self, *args: Any, terms: GradeTerms, **kwargs: Any) -> None:
        initial = {name: getattr(terms, name) for name in self.base_fields}
        super().__init__(*args, initial=initial, prefix=terms.grade, **kwargs)
        self.grade = terms.grade


def grade_forms(product: LoanProduct, data: Any = None) -> list[GradeForm]:
    """One form for each grade that the product lends to, best first."""
    return [GradeForm(data, terms=terms) for terms in product.grades.order_by("grade")]


class DemoDateForm(forms.Form):
    """How far to move the date of the demo."""

    days = forms.IntegerField(
        label=_("Days to move forward"),
        min_value=1,
        max_value=MOST_DAYS,
        initial=1,
        error_messages={
            "required": _("Enter a number of days from 1 to 31."),
            "invalid": _("Enter a number of days from 1 to 31."),
            "min_value": _("Enter a number of days from 1 to 31."),
            "max_value": _("Enter a number of days from 1 to 31."),
        },
    )


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

"""Loan products and the terms of their grades: every choice in words, and only what fits together."""

from __future__ import annotations

import re
from itertools import permutations
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from adminpanel.forms.settings import NUMBER_ERRORS, percent_field, reason_field
from loans.account.holiday_calendars import countries
from loans.account.pricing import assumed_grade_terms
from loans.account.terms import LoanTerms, frozen_terms
from loans.enums.loan import Grade, ServicingMethod
from loans.finance import PeriodUnit
from loans.finance.types import LONGEST_FIRST_WAIT_DAYS
from loans.models import GradeTerms, LoanProduct
from p2plending.lib.models import RateField, column_of
from p2plending.lib.web.forms import MoneyFormField, OneLineField, form_field, text_formfield

# A loan of more payments than these is nothing that a page can show.
MOST_PAYMENTS = 600
NEW_CODE = "new"
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MOST_EVERY = {PeriodUnit.MONTH: 36, PeriodUnit.WEEK: 52, PeriodUnit.DAY: 365}
PARTS_OF_A_FIXED_PLAN = ("late_fee", "interest", "principal")
PARTS = ("penalty", "fee", "interest", "principal")
PART_WORDS = {
    "late_fee": _("late fee"),
    "penalty": _("penalty"),
    "fee": _("fee"),
    "interest": _("interest"),
    "principal": _("principal"),
}
SECTIONS: tuple[tuple[Any, Any, tuple[str, ...]], ...] = (
    (
        _("Product"),
        "",
        (
            "name",
            "is_offered",
            "min_amount",
            "max_amount",
            "amount_step",
            "min_term_months",
            "max_term_months",
            "base_rate",
            "term_addon",
        ),
    ),
    (
        _("Payments"),
        "",
        (
            "schedule_method",
            "day_count",
            "rounding",
            "payment_every",
            "payment_unit",
            "payment_count",
            "first_period_min_days",
            "smooths_last_payment",
            "payment_multiple",
            "interest_free_periods",
            "principal_free_periods",
            "servicing_method",
            "allocation_order",
            "extra_payment_mode",
        ),
    ),
    (
        _("A plan that follows the money"),
        _("These choices matter only if the plan follows the money."),
        (
            "interest_recalculation",
            "overdue_bears_interest",
            "payoff_interest",
            "payment_way",
            "future_instalments",
            "last_takes_level",
        ),
    ),
    (
        _("Fees and lateness"),
        "",
        (
            "servicing_fee_rate",
            "grace_days",
            "late_fee_fixed",
            "late_fee_rate",
            "late_fee_cap",
            "late_fees_to_lenders",
            "default_interest_rate",
            "stops_default_interest",
            "default_after_days",
            "collection_fee_rate",
            "holiday_country",
        ),
    ),
    (
        _("Before and after the pay-out"),
        "",
        (
            "min_funding_rate",
            "offer_days",
            "listing_days",
            "partial_offer_days",
            "signing_days",
            "withdrawal_days",
            "refunds_fee_on_withdrawal",
        ),
    ),
)
LABELS = {
    "payment_every": _("A payment every … (a number)"),
    "payment_unit": _("… months, weeks or days"),
    "payment_count": _("Number of payments (empty: as many as the months hold)"),
    "payment_multiple": _("Payments are a multiple of (empty: to the cent)"),
    "late_fee_cap": _("Late fee, most (empty: no limit)"),
    "extra_payment_mode": _("Extra money, if the borrower does not choose"),
}
HINTS = {
    "payment_count": _("Only for payments by weeks or days."),
    "first_period_min_days": _(
        "Only where the borrower chose a day of the month: it is the first such day after these days. "
        "Its interest counts the days that it is longer or shorter."
    ),
    "extra_payment_mode": _("Only where the plan holds."),
    "default_interest_rate": _("On top of the interest of the plan. Only where the plan holds."),
    "stops_default_interest": _("If not ticked, it goes on after a default, on all principal that is then late."),
    "interest_recalculation": _("Only with equal payments and no periods without interest."),
    "payoff_interest": _("By whole periods, it says so for every payment inside a period."),
}


class ProductForm(forms.ModelForm):
    """A loan product. Loans made before keep the terms that they were made under."""

    reason = reason_field()

    class Meta:
        model = LoanProduct
        fields = [name for _title, _sub, names in SECTIONS for name in names]
        formfield_callback = text_formfield

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.Meta.fields:
            column, field = column_of(LoanProduct, name), self.fields[name]
            field.label = capfirst(str(column.verbose_name))
            if isinstance(column, RateField):
                self.fields[name] = percent_field(_("%(what)s, %%") % {"what": field.label})
            elif isinstance(field, forms.IntegerField):
                field.error_messages |= NUMBER_ERRORS
        for name, choices in product_choices().items():
            field = self.fields[name]
            self.fields[name] = forms.ChoiceField(label=field.label, choices=choices, required=field.required)
        for name, words in LABELS.items():
            self.fields[name].label = words
        for name, words in HINTS.items():
            self.fields[name].help_text = words
        form_field(self, "late_fee_fixed", MoneyFormField).min_amount = 0
        self.fields["late_fee_fixed"].error_messages["negative"] = _("Enter 0 or more.")
        self.fields["name"].error_messages["required"] = _("Enter a name.")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        self._check_limits(told)
        self._check_periods(told)
        if told.get("servicing_method") == ServicingMethod.PROGRESSIVE:
            self._check_following(told)
        else:
            self._check_holding(told)
        if told.get("interest_recalculation") not in (None, "none"):
            self._check_recalculation(told)
        return told

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def sections(self) -> list[tuple[Any, Any, list[forms.BoundField]]]:
        """The fields by subject, each with its title and a line about it."""
        return [(title, sub, [self[name] for name in names]) for title, sub, names in SECTIONS]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs leave private methods out
        if self.errors:
            return
        grade_terms = assumed_grade_terms(self.instance) if self.instance.pk else None
        grade_terms = grade_terms or GradeTerms(grade=Grade.A, origination_fee_rate=0, expected_loss_rate=0)
        terms = LoanTerms.from_json(frozen_terms(self.instance, grade_terms))
        if terms.payments_in(self.instance.max_term_months) > MOST_PAYMENTS:
            words = _(
                "The longest loan would have more than %(most)s payments. Choose longer periods or a shorter term."
            )
            self.add_error("payment_every", words % {"most": MOST_PAYMENTS})
        if self.instance.principal_free_periods >= terms.payments_in(self.instance.min_term_months):
            self.add_error("principal_free_periods", _("At least one payment of the shortest loan must pay back."))

    def _check_limits(self, told: dict[str, Any]) -> None:
        if told.get("min_term_months") == 0:
            self.add_error("min_term_months", _("The shortest term must be 1 month or more."))
        for low, high, words in (
            ("min_amount", "max_amount", _("The largest amount must not be below the smallest.")),
            ("min_term_months", "max_term_months", _("The longest term must not be below the shortest.")),
        ):
            if told.get(low) is not None and told.get(high) is not None and told[high] < told[low]:
                self.add_error(high, words)
        if told.get("payment_multiple") == 0:
            self.add_error("payment_multiple", _("Enter an amount above zero, or leave it empty."))
        days = told.get("first_period_min_days")
        if days is not None and not 1 <= days <= LONGEST_FIRST_WAIT_DAYS:
            words = _("Enter a number of days from 1 to %(most)s.")
            self.add_error("first_period_min_days", words % {"most": LONGEST_FIRST_WAIT_DAYS})

    def _check_periods(self, told: dict[str, Any]) -> None:
        every, unit, count = (told.get(name) for name in ("payment_every", "payment_unit", "payment_count"))
        if unit is None:
            return
        most = MOST_EVERY[PeriodUnit(unit)]
        if every is not None and not 1 <= every <= most:
            words = _("Enter a number from 1 to %(most)s for this unit.")
            self.add_error("payment_every", words % {"most": most})
        if count is None:
            return
        if unit == PeriodUnit.MONTH:
            self.add_error("payment_count", _("Leave it empty: payments by the month follow from the term."))
        elif not 1 <= count <= MOST_PAYMENTS:
            words = _("Enter a number of payments from 1 to %(most)s, or leave it empty.")
            self.add_error("payment_count", words % {"most": MOST_PAYMENTS})

    def _check_following(self, told: dict[str, Any]) -> None:
        if told.get("default_interest_rate"):
            words = _("Enter 0. Where the plan follows the money, there is no default interest.")
            self.add_error("default_interest_rate", words)
        if told.get("allocation_order") and "late_fee" in told["allocation_order"]:
            words = _("Choose an order of penalty, fee, interest and principal: the plan follows the money.")
            self.add_error("allocation_order", words)

    def _check_holding(self, told: dict[str, Any]) -> None:
        if told.get("allocation_order") and "late_fee" not in told["allocation_order"]:
            words = _("Choose an order of late fee, interest and principal: the plan holds.")
            self.add_error("allocation_order", words)

    def _check_recalculation(self, told: dict[str, Any]) -> None:
        if told.get("servicing_method") == ServicingMethod.PLAN:
            words = _("Choose No. Interest follows the money only where the plan follows it.")
            self.add_error("interest_recalculation", words)
        if told.get("schedule_method") not in (None, "annuity"):
            words = _("Choose No. Interest follows the money only with equal payments.")
            self.add_error("interest_recalculation", words)
        if told.get("interest_free_periods"):
            words = _("Enter 0. Where interest follows the money, it counts from the first day.")
            self.add_error("interest_free_periods", words)


def product_choices() -> dict[str, list[tuple[Any, Any]]]:
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
        "payment_unit": [("month", _("Months")), ("week", _("Weeks")), ("day", _("Days"))],
        "extra_payment_mode": [
            ("shorter", _("The loan ends sooner")),
            ("lower", _("The payments get smaller")),
            ("credit", _("It is kept for the next payments")),
        ],
        "holiday_country": [("", _("None: every day counts")), *((code, code) for code in countries())],
        "servicing_method": list(ServicingMethod.choices),
        "allocation_order": [
            (_("If the plan holds"), _orders(PARTS_OF_A_FIXED_PLAN)),
            (_("If the plan follows the money"), _orders(PARTS)),
        ],
        **_choices_of_following(),
    }


def _choices_of_following() -> dict[str, list[tuple[Any, Any]]]:
    return {
        "interest_recalculation": [
            ("none", _("No: the interest of the first plan stays")),
            ("daily", _("Yes: money counts from its day")),
            ("per_period", _("Yes, by whole periods")),
        ],
        "payoff_interest": [
            ("to_date", _("The day of the pay-off")),
            ("to_rest_date", _("The end of the running period")),
        ],
        "payment_way": [
            ("horizontal", _("Payment by payment, every part of it")),
            ("vertical", _("Part by part, through all payments")),
        ],
        "future_instalments": [
            ("next", _("The next payment")),
            ("next_then_last", _("The running payment, then the last one")),
            ("last", _("The last payment")),
            ("reamortization", _("All payments ahead, in even shares")),
        ],
    }


def _orders(parts: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (",".join(order), capfirst(", ".join(str(PART_WORDS[part]) for part in order))) for order in permutations(parts)
    ]


class NewProductForm(ProductForm):
    """A product that is not offered yet; its code is its name in the API, and stays."""

    code = OneLineField(
        label=_("Code"),
        max_length=30,
        help_text=_("Its name in the API and in exports: small letters, digits and hyphens. It can't be changed."),
        error_messages={
            "required": _("Enter a code."),
            "max_length": _("Enter a code of 30 characters or less."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # A row that is not stored: every term begins with the default of its column.
        super().__init__(*args, instance=LoanProduct(), **kwargs)

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if not CODE.fullmatch(code):
            message = _("Enter a code of small letters, digits and hyphens, like car-loan.")
            raise forms.ValidationError(message, code="invalid")
        if code == NEW_CODE:
            raise forms.ValidationError(_("Choose another code: this one is an address of the desk."), code="taken")
        return code

    def sections(self) -> list[tuple[Any, Any, list[forms.BoundField]]]:
        first, *others = super().sections()
        return [(first[0], first[1], [self["code"], *first[2]]), *others]


class GradeForm(forms.Form):
    """The terms of one grade of a product."""

    min_points = forms.IntegerField(label=_("Points from"), min_value=0, max_value=100, error_messages=NUMBER_ERRORS)
    margin = percent_field(_("Margin over the base rate, %"))
    origination_fee_rate = percent_field(_("Set-up fee, %"))
    expected_loss_rate = percent_field(_("Expected loss a year, %"))

    def __init__(self, data: Any = None, *, terms: GradeTerms | None, grade: str = "", **kwargs: Any) -> None:
        """With no `terms` the product has no such grade: all stays empty, or all is given to add it."""
        self.grade = terms.grade if terms else grade
        self.is_new = terms is None
        initial = {name: getattr(terms, name) for name in self.base_fields} if terms else {}
        super().__init__(
            data,
            initial=initial,
            prefix=self.grade,
            empty_permitted=self.is_new,
            use_required_attribute=False,
            **kwargs,
        )

    def is_wanted(self) -> bool:
        """Whether this grade is one of the product's: it is there, or it was filled in."""
        return not self.is_new or self.has_changed()

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.base_fields}


def grade_forms(product: LoanProduct, data: Any = None) -> list[GradeForm]:
    """One form for each grade, best first; those that the product does not lend to are empty."""
    known = {terms.grade: terms for terms in product.grades.all()}
    return [GradeForm(data, terms=known.get(grade), grade=grade) for grade in Grade.values]


def new_grade_forms(data: Any = None) -> list[GradeForm]:
    """One empty form for each grade of a new product."""
    return [GradeForm(data, terms=None, grade=grade) for grade in Grade.values]

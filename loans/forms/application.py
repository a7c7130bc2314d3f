"""The quote and the steps of the application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from loans.enums.loan import Employment, Grade, Purpose
from loans.finance import PeriodUnit
from loans.models import LoanProduct
from loans.selectors.products import term_choices
from loans.services.origination.contact_details import has_contact_details
from p2plending.lib.formatting import format_money
from p2plending.lib.web.forms import KeyedForm, MoneyFormField, MultiLineField, OneLineField, form_field

# From one day of the month to the next such day.
MOST_DAYS_TO_A_DAY = 30
DUE_DAYS = (1, 5, 10, 15, 20, 25, 28)
STORY_LENGTH = 2_000


class AmountForm(forms.Form):
    """How much, how long, and on which day of the month to pay."""

    requested_amount = MoneyFormField(label=_("I want to borrow"))
    term_months = forms.TypedChoiceField(
        label=_("Length of the loan"), coerce=int, error_messages={"required": _("Choose how long.")}
    )
    due_day = forms.TypedChoiceField(
        label=_("Day of the month for payments (optional)"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[("", _("The day the money is paid out")), *((day, str(day)) for day in DUE_DAYS)],
    )

    product = forms.ChoiceField(
        label=_("Product"),
        required=False,
        error_messages={"invalid_choice": _("Choose a product from the list.")},
    )
    field_order = ("product",)

    def __init__(self, *args: Any, product: LoanProduct, products: Sequence[LoanProduct] = (), **kwargs: Any) -> None:
        """With several `products` the person may choose; limits and lengths are those of `product`."""
        self.for_product = product
        super().__init__(*args, **kwargs)
        if len(products) > 1:
            form_field(self, "product", forms.ChoiceField).choices = [(one.code, one.name) for one in products]
            self.initial["product"] = product.code
        else:
            self.fields.pop("product")
        amount = form_field(self, "requested_amount", MoneyFormField)
        amount.min_amount, amount.max_amount = product.min_amount, product.max_amount
        amount.help_text = _("From %(low)s to %(high)s, in steps of %(step)s.") % _limits(product)
        # Only a month has days to choose from. The calculator has left the question out already.
        if product.payment_unit != PeriodUnit.MONTH:
            self.fields.pop("due_day", None)
        if "due_day" in self.fields:
            self.fields["due_day"].help_text = _first_payment_words(product)
        form_field(self, "term_months", forms.ChoiceField).choices = [
            (months, str(months)) for months in term_choices(product)
        ]

    def clean_requested_amount(self) -> int:
        amount = self.cleaned_data["requested_amount"]
        if amount % self.for_product.amount_step:
            message = _("Enter an amount in steps of %(step)s.")
            raise forms.ValidationError(message, code="step", params=_limits(self.for_product))
        return amount


class QuoteForm(AmountForm):
    """The calculator of the public page: nothing is stored."""

    grade = forms.ChoiceField(label=_("If your grade is"), choices=Grade.choices)
    due_day = None  # type: ignore[assignment]  # how a form leaves out a field of its base


def _first_payment_words(product: LoanProduct) -> str:
    """When the first payment is due if the borrower chose its day of the month."""
    least, months = product.first_period_min_days, product.payment_every - 1
    if not months:
        words = _("The first payment is then %(least)s to %(most)s days after the money is paid out.")
        return words % {"least": least, "most": least + MOST_DAYS_TO_A_DAY}
    told = ngettext(
        "The first payment is then %(count)s month and %(least)s days after the pay-out, or up to a month later.",
        "The first payment is then %(count)s months and %(least)s days after the pay-out, or up to a month later.",
        months,
    )
    return told % {"count": months, "least": least}


class PurposeForm(forms.Form):
    """What it is for, in the words that lenders will read."""

    purpose = forms.ChoiceField(
        label=_("What it is for"),
        choices=Purpose.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what it is for.")},
    )
    title = OneLineField(
        label=_("Title"),
        max_length=80,
        help_text=_("A few words, for example: New windows for the north side."),
        error_messages={"required": _("Enter a title.")},
    )
    story = MultiLineField(
        label=_("Your story (optional)"),
        max_length=STORY_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 6}),
        help_text=_("Lenders read this. Leave out names, phone numbers, e-mail and account numbers."),
    )
    region = OneLineField(
        label=_("Region"),
        max_length=60,
        help_text=_("Lenders see the region, never your address."),
        error_messages={"required": _("Enter your region.")},
    )
    accepts_partial_funding = forms.BooleanField(
        label=_("If lenders offer at least 70%, I would like to decide about a smaller loan"), required=False
    )

    def clean_title(self) -> str:
        return self._public_text("title")

    def clean_story(self) -> str:
        return self._public_text("story")

    def _public_text(self, name: str) -> str:
        text = self.cleaned_data[name]
        if has_contact_details(text):
            message = _("Take phone numbers, e-mail addresses and account numbers out. Lenders will read this.")
            raise forms.ValidationError(message, code="contact_details")
        return text


class IncomeForm(forms.Form):
    """What comes in and goes out each month."""

    monthly_income = MoneyFormField(label=_("Income a month, after tax"))
    monthly_expenses = MoneyFormField(
        label=_("Costs a month"), min_amount=0, help_text=_("Rent, food, insurance, transport, everything regular.")
    )
    monthly_debt_service = MoneyFormField(
        label=_("Payments on other debts a month"), min_amount=0, help_text=_("Enter 0 if you have none.")
    )
    employment = forms.ChoiceField(
        label=_("Work"),
        choices=Employment.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what describes your work.")},
    )
    employment_months = forms.IntegerField(
        label=_("Months in this work"),
        min_value=0,
        max_value=720,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter how many months."),
            "invalid": _("Enter the months as a number, like 24."),
            "min_value": _("Enter the months as a number from 0 to 720."),
            "max_value": _("Enter the months as a number from 0 to 720."),
        },
    )
    dependants = forms.IntegerField(
        label=_("People who depend on you"),
        min_value=0,
        max_value=20,
        initial=0,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter how many people, 0 if none."),
            "invalid": _("Enter the people as a number, like 2."),
            "min_value": _("Enter a number from 0 to 20."),
            "max_value": _("Enter a number from 0 to 20."),
        },
    )
    is_homeowner = forms.BooleanField(label=_("I own my home"), required=False)


class SendForm(KeyedForm):
    """The three declarations."""

    answers_are_true = forms.BooleanField(
        label=_("My answers are true and complete."),
        error_messages={"required": _("Confirm that your answers are true and complete.")},
    )
    has_read_costs = forms.BooleanField(
        label=_("I have read what the loan would cost. The final rate comes with the offer."),
        error_messages={"required": _("Confirm that you have read what the loan would cost.")},
    )
    agrees_to_check = forms.BooleanField(
        label=_("You may check my answers and documents to decide about this loan."),
        error_messages={"required": _("Agree that we check your answers and documents.")},
    )


def _limits(product: LoanProduct) -> dict[str, str]:
    return {
        "low": format_money(product.min_amount),
        "high": format_money(product.max_amount),
        "step": format_money(product.amount_step),
    }

"""Form edge of text, money, rates and the one-time form key."""

from __future__ import annotations

import uuid
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from p2plending.lib.errors import Refused
from p2plending.lib.money import AmountError, format_plain, parse_amount
from p2plending.lib.text import UnfitText, check_lines, check_one_line, normal_text, one_line

AnyField = TypeVar("AnyField", bound=forms.Field)


def validate_one_line(text: str) -> None:
    """A validator for fields of packages, which can't be replaced by `OneLineField`. Raises ValidationError."""
    try:
        check_one_line(text)
    except UnfitText as error:
        raise ValidationError(error.words, code=error.code) from error


class OneLineField(forms.CharField):
    """Text in one line, with nothing in it that can't be seen (`p2plending.lib.text`)."""

    check_text = staticmethod(check_one_line)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text is None or text in self.empty_values:
            return text
        text = normal_text(text)
        try:
            self.check_text(text)
        except UnfitText as error:
            raise ValidationError(error.words, code=error.code) from error
        return text


class OneLineEmailField(OneLineField, forms.EmailField):
    """An e-mail address: the standard allows control characters in quotes, mail headers and people don't."""


class MultiLineField(OneLineField):
    """Text that may have line breaks, kept as newlines."""

    widget = forms.Textarea
    check_text = staticmethod(check_lines)


class CodeField(OneLineField):
    """A code that people paste, like an account or phone number: what can't be seen is left out, not refused."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value if value in self.empty_values else one_line(value))


def text_formfield(db_field: models.Field[Any, Any], **options: Any) -> forms.Field | None:
    """`Meta.formfield_callback` of model forms: their text columns get the fields above."""
    if isinstance(db_field, models.TextField):
        options.setdefault("form_class", MultiLineField)
    elif isinstance(db_field, models.CharField):
        options.setdefault("form_class", OneLineField)
    return db_field.formfield(**options)


class MoneyInput(forms.TextInput):
    """A text box with the currency in front; text, so that `1.234,50` can be typed and pasted."""

    template_name = "components/money_input.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off"} | (attrs or {}))

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, value, attrs) | {"currency_symbol": settings.CURRENCY_SYMBOL}


class MoneyFormField(forms.CharField):
    """Decimal text in, integer minor units out, with limits in the words of the label.

    `min_amount` and `max_amount` are minor units; the default range excludes zero and below.
    """

    widget = MoneyInput
    default_error_messages = {
        "required": _("Enter an amount."),
        "empty": _("Enter an amount."),
        "not_a_number": _("Enter the amount as a number, like %(example)s."),
        "too_many_decimals": _("Enter the amount with at most %(exponent)s decimals, like %(example)s."),
        "too_large": _("Enter a smaller amount."),
        "negative": _("Enter an amount above zero."),
        "range": _("Enter an amount from %(low)s to %(high)s."),
        "low": _("Enter an amount of %(low)s or more."),
        "high": _("Enter an amount of %(high)s or less."),
    }

    def __init__(self, *, min_amount: int | None = 1, max_amount: int | None = None, **kwargs: Any) -> None:
        self.min_amount = min_amount
        self.max_amount = max_amount
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """Minor units, or None; text fields of Django say that theirs is text."""
        if isinstance(value, int):
            return value
        text = super().to_python(value)
        if text is None or text in self.empty_values:
            return None
        exponent = settings.CURRENCY_EXPONENT
        try:
            return parse_amount(text, exponent)
        except AmountError as error:
            params = {"example": format_plain(240_000, exponent), "exponent": exponent}
            raise ValidationError(self.error_messages[error.code], code=error.code, params=params) from error

    def prepare_value(self, value: Any) -> Any:
        """Minor units as decimal text for any widget, hidden ones too; what was typed stays as it is."""
        return format_plain(value, settings.CURRENCY_EXPONENT) if isinstance(value, int) else value

    def validate(self, value: int | None) -> None:
        super().validate(value)
        if value is None:
            return
        exponent = settings.CURRENCY_EXPONENT
        low, high = self.min_amount, self.max_amount
        if (low is not None and value < low) or (high is not None and value > high):
            if value <= 0 and (low is None or low <= 1):
                key = "negative"
            elif high is not None and (low is None or low <= 1):
                key = "high"
            elif low is not None and high is not None:
                key = "range"
            else:
                key = "low"
            symbol = settings.CURRENCY_SYMBOL
            params = {
                "low": symbol + format_plain(low or 0, exponent),
                "high": symbol + format_plain(high or 0, exponent),
            }
            raise ValidationError(self.error_messages[key], code=key, params=params)

    def run_validators(self, value: Any) -> None:
        """No text validators: the value is a number by now."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(initial != self.to_python(data))
        except ValidationError:
            return True


class PercentFormField(forms.DecimalField):
    """Percent as people write it (`12.5`), a fraction for the services (`Decimal("0.125")`)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 7)
        kwargs.setdefault("decimal_places", 4)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.strip().removesuffix("%").strip().replace(",", ".")
        return super().to_python(value)

    def clean(self, value: Any) -> Decimal | None:
        percent = super().clean(value)
        return None if percent is None else percent / 100

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            try:
                percent = (value * 100).normalize()
                # Never fewer decimals than the rate has: a form that is sent back unchanged must change nothing.
                exponent = percent.as_tuple().exponent
                is_finer = isinstance(exponent, int) and exponent < -2
                return percent if is_finer else percent.quantize(Decimal("0.01"))
            except InvalidOperation:
                return value
        return value


def new_form_key() -> str:
    """A one-time key made when a form is shown; the service that it reaches runs at most once with it."""
    return uuid.uuid4().hex


def form_field(form: forms.BaseForm, name: str, kind: type[AnyField]) -> AnyField:
    """A field of a form that is of this kind, for setting what only this kind has. Raises TypeError otherwise."""
    field = form.fields[name]
    if not isinstance(field, kind):
        raise TypeError(f"{name} is a {type(field).__name__}")
    return field


def add_refusal(form: forms.BaseForm, refusal: Refused) -> None:
    """Show a refusal at the field that it is about, if the form shows that; else above the form."""
    is_shown = refusal.field in form.fields and not form[refusal.field].is_hidden
    form.add_error(refusal.field if is_shown else None, refusal.message)


def add_refusal_above(form: forms.Form, refusal: Refused) -> None:
    """Show a refusal above the form, whatever it is about: for pages on which no field can be changed."""
    form.add_error(None, refusal.message)


class KeyedForm(forms.Form):
    """A form that moves money or state: carries the hidden key that makes a second click harmless."""

    form_key = OneLineField(widget=forms.HiddenInput, min_length=8, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["form_key"].initial = new_form_key()
        self.fields["form_key"].error_messages = {
            "required": _("This page was out of date. Open it again."),
            "min_length": _("This page was out of date. Open it again."),
            "max_length": _("This page was out of date. Open it again."),
        }

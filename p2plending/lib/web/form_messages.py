"""Django's own sentences about wrong input, in the plain words of the site.

A form field says what its own case needs in `error_messages`. Everything that it leaves out is said by these, so no
page shows a sentence of the framework ("Select a valid choice", "Ensure this value is less than or equal to 3").
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import validators
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

ONE_OF_THE_LIST = _("Choose one of the answers in the list.")
A_DATE = _("Enter a date, like 2026-11-22.")
A_NUMBER = _("Enter a number, like 12.5.")

FIELD_WORDS: dict[type[forms.Field], dict[str, Any]] = {
    forms.Field: {"required": _("Fill this in.")},
    forms.IntegerField: {"invalid": _("Enter a whole number, like 3.")},
    forms.DecimalField: {"invalid": A_NUMBER},
    forms.DateField: {"invalid": A_DATE},
    forms.TimeField: {"invalid": _("Enter a time, like 08:30.")},
    forms.DateTimeField: {"invalid": _("Enter a date and a time, like 2026-11-22 08:30.")},
    forms.BooleanField: {"required": _("Tick this box to go on.")},
    forms.ChoiceField: {"required": _("Choose an answer."), "invalid_choice": ONE_OF_THE_LIST},
    forms.MultipleChoiceField: {"invalid_choice": ONE_OF_THE_LIST, "invalid_list": ONE_OF_THE_LIST},
    forms.ModelChoiceField: {"required": _("Choose an answer."), "invalid_choice": ONE_OF_THE_LIST},
    forms.ModelMultipleChoiceField: {
        "invalid_choice": ONE_OF_THE_LIST,
        "invalid_list": ONE_OF_THE_LIST,
        "invalid_pk_value": ONE_OF_THE_LIST,
    },
    forms.FileField: {
        "required": _("Choose a file."),
        "invalid": _("Choose a file."),
        "missing": _("Choose a file."),
        "empty": _("The file is empty. Choose another one."),
        "max_length": _("The name of the file is too long. Rename it and choose it again."),
        "contradiction": _("Choose a file or remove the one that is there, not both."),
    },
    forms.ImageField: {"invalid_image": _("This file is no picture that we can read. Choose another one.")},
    forms.URLField: {"invalid": _("Enter an address of a page, like https://example.org.")},
    forms.UUIDField: {"invalid": _("This page was out of date. Open it again.")},
    forms.JSONField: {"invalid": _("This is not valid JSON.")},
}
VALIDATOR_WORDS: dict[type[Any], Any] = {
    validators.EmailValidator: _("Enter an e-mail address, like name@example.org."),
    validators.URLValidator: _("Enter an address of a page, like https://example.org."),
    validators.RegexValidator: _("Check what you entered."),
    validators.MinValueValidator: _("Enter %(limit_value)s or more."),
    validators.MaxValueValidator: _("Enter %(limit_value)s or less."),
    validators.StepValueValidator: _("Enter a multiple of %(limit_value)s."),
    validators.MinLengthValidator: ngettext_lazy(
        "Enter at least %(limit_value)d character.", "Enter at least %(limit_value)d characters.", "limit_value"
    ),
    validators.MaxLengthValidator: ngettext_lazy(
        "Enter at most %(limit_value)d character. These are %(show_value)d.",
        "Enter at most %(limit_value)d characters. These are %(show_value)d.",
        "limit_value",
    ),
    validators.ProhibitNullCharactersValidator: _("Remove the characters that can't be seen."),
}
DECIMAL_WORDS: dict[str, Any] = {
    "invalid": A_NUMBER,
    "max_digits": ngettext_lazy("Enter at most %(max)s digit.", "Enter at most %(max)s digits.", "max"),
    "max_decimal_places": ngettext_lazy(
        "Enter at most %(max)s decimal place.", "Enter at most %(max)s decimal places.", "max"
    ),
    "max_whole_digits": ngettext_lazy(
        "Enter at most %(max)s digit before the decimal point.",
        "Enter at most %(max)s digits before the decimal point.",
        "max",
    ),
}


def use_plain_words() -> None:
    """Put them in place of Django's, on its classes. Called once, when the site starts."""
    for field, words in FIELD_WORDS.items():
        field.default_error_messages = getattr(field, "default_error_messages", {}) | words
    for validator, message in VALIDATOR_WORDS.items():
        validator.message = message
    validators.DecimalValidator.messages = validators.DecimalValidator.messages | DECIMAL_WORDS

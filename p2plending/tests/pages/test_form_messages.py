"""No page shows a sentence of the framework, whatever was typed."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

# How Django's own sentences begin.
FRAMEWORK = re.compile(
    r"This field|Select a valid|Ensure (this|that)|Enter a valid|Enter a list|Enter a whole number\.$|Enter a number\.$"
    r"|Value .* is not|No file was|The submitted|Upload a valid|Null characters|“.*” is not a valid|Enter a complete"
)
MODULES = (
    "accounts.forms",
    "ledger.forms",
    "matching.forms",
    "loans.forms",
    "adminpanel.forms",
    "p2plending.lib.web.forms",
)
WRONG = ("", "no such thing", "-1", "999999999999999999999", "1.123456789", "x" * 5000, "2026-99-99", "\x00")


def form_classes() -> Iterator[type[forms.BaseForm]]:
    """Every form of ours."""
    seen = set()
    for name in MODULES:
        package = importlib.import_module(name)
        folder = getattr(package, "__path__", None)
        modules = [package]
        if folder:
            names = sorted(path.stem for path in (settings.BASE_DIR / name.replace(".", "/")).glob("*.py"))
            modules += [importlib.import_module(f"{name}.{stem}") for stem in names if stem != "__init__"]
        for module in modules:
            for _name, found in inspect.getmembers(module, inspect.isclass):
                if issubclass(found, forms.BaseForm) and found.__module__ == module.__name__ and found not in seen:
                    seen.add(found)
                    yield found


def sentences(field: forms.Field, value: Any) -> list[str]:
    try:
        field.clean(value)
    except ValidationError as error:
        return error.messages
    except TypeError:  # a file or a list: text is no input that it could get
        return []
    return []


def test_every_field_of_every_form_says_it_in_our_words(db: None) -> None:
    told, fields = {}, 0
    for form in form_classes():
        for name, field in form.base_fields.items():
            fields += 1
            for value in WRONG:
                for sentence in sentences(field, value):
                    if FRAMEWORK.search(sentence):
                        told[f"{form.__name__}.{name}", value[:20]] = sentence
    assert told == {}
    assert fields > 100


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (forms.CharField(), "", "Fill this in."),
        (forms.CharField(max_length=3), "four", "Enter at most 3 characters. These are 4."),
        (forms.IntegerField(max_value=3), "4", "Enter 3 or less."),
        (forms.IntegerField(), "x", "Enter a whole number, like 3."),
        (forms.DecimalField(decimal_places=2, max_digits=5), "1.234", "Enter at most 2 decimal places."),
        (forms.DateField(), "soon", "Enter a date, like 2026-11-22."),
        (forms.EmailField(), "x", "Enter an e-mail address, like name@example.org."),
        (forms.ChoiceField(choices=[("a", "A")]), "b", "Choose one of the answers in the list."),
        (forms.BooleanField(), False, "Tick this box to go on."),
        (forms.FileField(), None, "Choose a file."),
    ],
)
def test_what_a_field_leaves_out_is_said_in_plain_words(field: forms.Field, value: Any, words: str) -> None:
    assert sentences(field, value) == [words]

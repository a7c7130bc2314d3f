"""Where a type knows less than the code: values that must be there, fields and columns of a kind."""

from __future__ import annotations

import pytest
from django import forms

from accounts.models import User
from p2plending.lib.errors import MissingValue, required
from p2plending.lib.models import column_of
from p2plending.lib.web.forms import KeyedForm, MoneyFormField, form_field


class AmountForm(KeyedForm):
    amount = MoneyFormField()


def test_a_value_that_is_there_comes_back_as_it_is() -> None:
    assert required(0, "fee") == 0
    assert required("", "note") == ""


def test_a_missing_value_is_an_error_that_names_it() -> None:
    with pytest.raises(MissingValue, match="disbursed_on is empty"):
        required(None, "disbursed_on")


def test_a_field_of_another_kind_is_an_error_that_names_it() -> None:
    form = AmountForm()
    assert form_field(form, "amount", MoneyFormField) is form.fields["amount"]
    with pytest.raises(TypeError, match="form_key is a OneLineField"):
        form_field(form, "form_key", forms.ChoiceField)


def test_a_relation_from_another_table_is_no_column() -> None:
    assert column_of(User, "email").name == "email"
    with pytest.raises(TypeError, match="notifications is no column of User"):
        column_of(User, "notifications")

"""The form edge of money."""

from __future__ import annotations

import pytest
from django import forms

from p2plending.lib.web.forms import MoneyFormField


@pytest.mark.parametrize("widget", [None, forms.HiddenInput])
def test_an_amount_is_written_as_it_is_read_seen_or_hidden(widget: type[forms.Widget] | None) -> None:
    field = MoneyFormField(widget=widget) if widget else MoneyFormField()

    class Asked(forms.Form):
        amount = field

    shown = Asked(initial={"amount": 6_000_05})
    assert 'value="6000.05"' in str(shown["amount"])
    sent = Asked({"amount": shown["amount"].value()})
    assert sent.is_valid()
    assert sent.cleaned_data["amount"] == 6_000_05


def test_what_was_typed_is_shown_again_as_it_was_typed() -> None:
    class Asked(forms.Form):
        amount = MoneyFormField()

    typed = Asked({"amount": "1.234,5x"})
    assert not typed.is_valid()
    assert 'value="1.234,5x"' in str(typed["amount"])

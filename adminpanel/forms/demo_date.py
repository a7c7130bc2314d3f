"""How far the date of the demo is moved."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from adminpanel.services.demo_date import MOST_DAYS
from p2plending.lib.web.forms import OneLineField

# Offered as buttons.
STEPS = (1, 7, 31, 90)


class DemoDateForm(forms.Form):
    """A number of days."""

    days = forms.IntegerField(
        label=_("Days to move forward"),
        min_value=1,
        max_value=MOST_DAYS,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), _("Enter a number of days from 1 to 90.")
        ),
    )


class NextPaymentForm(forms.Form):
    """The loan whose next payment the date is moved to."""

    loan = OneLineField(
        label=_("Reference of the loan"),
        max_length=16,
        error_messages={"required": _("Enter the reference of a loan that is being paid back.")},
    )


class ContinueForm(forms.Form):
    """Nothing to enter."""

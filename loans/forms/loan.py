"""What a borrower decides and answers on the page of a loan."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from p2plending.lib.web.forms import KeyedForm, MultiLineField, OneLineField


class AcceptOfferForm(KeyedForm):
    """Accepting is consent to be shown on the marketplace."""

    has_read_offer = forms.BooleanField(
        label=_("I have read the offer. My request may be shown to lenders under my member number."),
        error_messages={"required": _("Confirm that you have read the offer.")},
    )


class SignForm(KeyedForm):
    """The name typed in full, and the text agreed to."""

    typed_name = OneLineField(
        label=_("Your full name"),
        max_length=150,
        help_text=_("As it is on your identity document. Typing it is your signature."),
        widget=forms.TextInput({"autocomplete": "name", "spellcheck": "false"}),
        error_messages={"required": _("Enter your full name.")},
    )
    has_read_agreement = forms.BooleanField(
        label=_("I have read the agreement and agree to it."),
        error_messages={"required": _("Confirm that you have read the agreement and agree to it.")},
    )


class SmallerLoanForm(KeyedForm):
    """Take what lenders offered, or close the request."""

    decision = forms.ChoiceField(
        label=_("Your decision"),
        choices=[("accept", _("Take the smaller loan")), ("decline", _("Close the request at no cost"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what to do.")},
    )


class AnswerForm(forms.Form):
    """An answer to staff or, in public, to lenders."""

    answer = MultiLineField(
        label=_("Your answer"),
        max_length=1_000,
        widget=forms.Textarea({"rows": 4}),
        error_messages={"required": _("Enter your answer.")},
    )

"""allauth's forms in the words of the site."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import AddEmailForm, LoginForm, ResetPasswordForm
from django import forms
from django.utils.translation import gettext_lazy as _

from p2plending.lib.forms import validate_one_line


def _name_email(field: forms.Field) -> None:
    field.label = _("E-mail address")
    field.validators.append(validate_one_line)
    field.widget.attrs.pop("placeholder", None)
    field.error_messages |= {
        "required": _("Enter your e-mail address."),
        "invalid": _("Enter an e-mail address, like name@example.org."),
    }


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_email(self.fields["login"])
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].error_messages["required"] = _("Enter your password.")
        self.fields["remember"].label = _("Keep me signed in for 14 days")


class AddAddressForm(AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_email(self.fields["email"])


class ForgottenPasswordForm(ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_email(self.fields["email"])

"""allauth's forms in the words of the site."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import AddEmailForm, LoginForm, ResetPasswordForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms.address_fields import AddressField
from accounts.services.sign_in.trail import note, note_lock


def _address_field(form: forms.Form, name: str) -> None:
    """Our field in the place of allauth's, with what allauth asked the browser for."""
    field = AddressField(widget=form.fields[name].widget)
    field.widget.attrs.pop("placeholder", None)
    form.fields[name] = field


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _address_field(self, "login")
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].error_messages["required"] = _("Enter your password.")
        self.fields["remember"].label = _("Keep me signed in for 14 days")


class _Noted(BaseAuthenticateForm):
    """What became of a code is written down."""

    def clean_code(self) -> str:
        try:
            code: str = super().clean_code()
            return code
        except ValidationError as error:
            if error.code == "too_many_login_attempts":
                note_lock(f"second-step:{self.user.pk}", self.user, context.request)
            else:
                note("second_step.failed", self.user, context.request)
            raise

    def save(self) -> None:
        super().save()
        note("second_step.passed", self.user, context.request)


class SecondStepForm(_Noted, AuthenticateForm):
    """The code at the sign-in, of the page and of the API."""


class SecondStepAgainForm(_Noted, ReauthenticateForm):
    """The code once more, before something that is protected."""


class AddAddressForm(AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _address_field(self, "email")


class ForgottenPasswordForm(ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _address_field(self, "email")

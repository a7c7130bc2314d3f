"""The sign-in page: allauth's, which says with its status when an account is locked."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from django.forms import Form
from django.http import HttpResponse


class SignInView(LoginView):
    def form_invalid(self, form: Form) -> HttpResponse:
        response: Any = super().form_invalid(form)
        if form.has_error("__all__", "too_many_login_attempts"):
            response.status_code = 429
        return response


sign_in = SignInView.as_view()

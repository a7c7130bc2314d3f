"""A form that could not be sent comes back filled: after signing in again, or with a fresh protection key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _

from accounts.views.kept_answers import held_answers, hold_again, hold_form, owner_mark, take_held_form

# Tells whose browser this is after the session has ended, so that nobody else is shown what was typed.
OWNER_COOKIE = "form_owner"
OWNER_COOKIE_AGE = 30 * 24 * 3600
KEY_FIELD = "form_key"


class RefilledBoundField(forms.BoundField):
    """A field that shows the held answer in place of its first value."""

    def value(self) -> Any:
        held = held_answers.get()
        if held is None or self.form.is_bound or not _belongs_to(self.form, held):
            return super().value()
        answer = self.field.widget.value_from_datadict(held, {}, self.html_name)
        return self.field.prepare_value(self.initial if answer is None else answer)


class SiteFormRenderer(TemplatesSetting):
    """Django's renderer over our templates, with fields that can be filled again."""

    bound_field_class = RefilledBoundField


class HeldFormMiddleware:
    """Hold what a form sent when its sender has to sign in first, and fill the form when they come back to it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return self.get_response(request)
        response = self._filled(request) if request.method == "GET" else self.get_response(request)
        user = request.user
        if request.method == "POST" and not user.is_authenticated and _leads_to_sign_in(response):
            owner = request.COOKIES.get(OWNER_COOKIE, "")
            if owner and is_from_this_site(request):
                hold_form(request, owner)
        elif user.is_authenticated and request.COOKIES.get(OWNER_COOKIE) != owner_mark(user):
            response.set_cookie(
                OWNER_COOKIE,
                owner_mark(user),
                max_age=OWNER_COOKIE_AGE,
                httponly=True,
                secure=settings.HTTPS,
                samesite="Lax",
            )
        return response

    def _filled(self, request: HttpRequest) -> HttpResponse:
        owner = owner_mark(request.user) if request.user.is_authenticated else ""
        taken = take_held_form(request, owner)
        if taken is None:
            return self.get_response(request)
        if not taken.is_told:
            # Before the page is made, which shows it. When it leads on, the next page does.
            messages.warning(request, _message(taken.with_files))
        token = held_answers.set(taken.answers)
        try:
            response = self.get_response(request)
        finally:
            held_answers.reset(token)
        if response.status_code in (301, 302, 303):
            target = urlsplit(response["Location"])
            if not target.netloc and target.path != request.path:
                hold_again(request, taken, target.path)
        return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's protection key was lost: bring the form back filled, to be sent again. Nothing has moved.

    A form that another site sent is refused without being kept: it must not fill ours. So is one from a browser that
    takes no cookies, which would come back for ever.
    """
    is_ours = is_from_this_site(request) and settings.CSRF_COOKIE_NAME in request.COOKIES
    if request.method != "POST" or not is_ours or request.path.startswith("/api/"):
        return render(request, "csrf.html", {}, status=403)
    hold_form(request, owner_mark(request.user) if request.user.is_authenticated else "")
    return redirect(request.get_full_path())


def is_from_this_site(request: HttpRequest) -> bool:
    """Say whether the browser vouches that a page of ours sent this."""
    origin = request.headers.get("Origin", "")
    return origin in (f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS)


def _belongs_to(form: forms.BaseForm, held: QueryDict) -> bool:
    return any(form.add_prefix(name) in held for name in form.fields if name != KEY_FIELD)


def _leads_to_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and urlsplit(response["Location"]).path == resolve_url(settings.LOGIN_URL)


def _message(with_files: bool) -> str:
    words = _("Your session had ended, so nothing was sent. What you typed is back: check it and send it again.")
    return f"{words} {_('Choose your file again.')}" if with_files else words

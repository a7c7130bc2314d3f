"""The second step that staff must pass before anything of the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.services.sign_in.second_step import has_passed_second_step, has_second_step, needs_second_step
from p2plending.lib.errors import required

# What staff may open without it: how they sign in and out, where they turn the second step on, and what everybody sees.
# The API has its own check, of the token (`p2plending.lib.api.auth`).
OPEN_PREFIXES = ("account_", "mfa_", "usersessions_", "public:", "api-")
OPEN_NAMES = {"accounts:security", "accounts:profile", "theme", "healthz", "readyz"}


class SecondStepMiddleware:
    """Sends staff who have not passed the second step to it, whatever page they ask for but the open ones."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        user = request.user
        if (
            not user.is_authenticated
            or not needs_second_step(user)
            or _is_open(required(request.resolver_match, "resolver_match"))
        ):
            return None
        if has_passed_second_step(request):
            return None
        back = urlencode({"next": request.get_full_path() if request.method == "GET" else reverse("home")})
        if has_second_step(user):
            return redirect(f"{reverse('mfa_reauthenticate')}?{back}")
        messages.info(request, _("Staff sign in with two steps. Turn the second one on to go on."))
        return redirect(f"{reverse('mfa_activate_totp')}?{back}")


def _is_open(match: ResolverMatch) -> bool:
    return match.view_name in OPEN_NAMES or match.view_name.startswith(OPEN_PREFIXES)

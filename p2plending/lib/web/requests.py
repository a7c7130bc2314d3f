"""What requests carry once the middleware or a guard has seen them. Types only; no request is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    # AUTH_USER_MODEL by the name that the stubs have for it: this package stands below accounts.
    from django.contrib.auth.models import _User


class NumberedRequest(HttpRequest):
    """A request that has its number, which answers and log lines name."""

    request_id: str


class AuthenticatedRequest(NumberedRequest):
    """What a view behind `role_required` or `login_required` takes: `user` is a person, never a visitor."""

    user: _User

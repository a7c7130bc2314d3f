"""Bearer tokens, and the person they name."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from p2plending.lib.context import RequestContext, current_request, set_request


class TokenWithoutSecondStep(AuthenticationFailed):
    """A token of staff that was given for a password alone, before the site asked for more."""

    default_detail = "Staff need a token with a second step. Sign in again, with the code."
    default_code = "second_factor_required"


class TokenAuthentication(JWTAuthentication):
    """The signed-in person goes into the log context, which the middleware resets at the end of the request."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found: tuple[Any, Any] | None = super().authenticate(request)
        if found is not None:
            if settings.STAFF_SECOND_STEP and found[0].is_of_the_desk and not found[1].get("second_step"):
                raise TokenWithoutSecondStep
            context = current_request()
            set_request(RequestContext(context.request_id, found[0].member_number, context.ip_address))
        return found

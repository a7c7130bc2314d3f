"""Bearer tokens, and the person they name."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from p2plending.lib.context import RequestContext, current_request, set_request


class TokenAuthentication(JWTAuthentication):
    """The signed-in person goes into the log context, which the middleware resets at the end of the request."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        if found is not None:
            context = current_request()
            set_request(RequestContext(context.request_id, found[0].member_number, context.ip_address))
        return found

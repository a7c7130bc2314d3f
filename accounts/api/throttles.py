"""How often one client may ask. Clients are told apart by network (`rate_limits.network_of`), not by address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, BaseThrottle, ScopedRateThrottle

from accounts.services.rate_limits import network_of, take

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module, by the settings


class ByNetwork(BaseThrottle):
    def get_ident(self, request: Request) -> str:
        return network_of(super().get_ident(request))


class AnonymousThrottle(ByNetwork, AnonRateThrottle):
    """Requests without a token."""


class SignInThrottle(ByNetwork, ScopedRateThrottle):
    """The doors of the API, each with the budget of its `throttle_scope`, exact under many requests at one moment."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        scope: str = getattr(view, self.scope_attr)
        most, seconds = self.parse_rate(self.THROTTLE_RATES[scope])
        if most is None or seconds is None:
            return True
        key = f"api:{scope}:{self.get_ident(request)}"
        self.wait_seconds = take(key, most=most, seconds=seconds)
        return not self.wait_seconds

    def wait(self) -> int:
        return self.wait_seconds

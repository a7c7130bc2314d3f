"""Request id and context for logs, content policy of special pages, refusals that no view caught."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import resolve
from django.utils.translation import gettext_lazy

from p2plending.lib.context import RequestContext, reset_request, set_request
from p2plending.lib.database.transactions import is_away
from p2plending.lib.errors import RETRY_AFTER_SECONDS, Busy, NotPermitted, Refused
from p2plending.lib.web.requests import NumberedRequest

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]
PROBES = ("/healthz", "/readyz")
REQUEST_ID = re.compile(r"^[A-Za-z0-9-]{8,40}$")


def _client_address(request: HttpRequest) -> str | None:
    """Where the request came from: what our proxy saw, which it wrote last; no header counts without one."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR") or None


class BodyTooLarge(Refused):
    """More was sent than any page takes."""

    code = "too_large"
    status = 413
    default_message = gettext_lazy("What you sent is too large. Choose a smaller file.")


class RequestIdMiddleware:
    """Give each request an id (taken from `X-Request-ID` when sane) and answer with it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: NumberedRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if REQUEST_ID.match(given) else secrets.token_hex(8)
        token = set_request(RequestContext(request_id=request.request_id, ip_address=_client_address(request)))
        try:
            response = self.get_response(request)
        finally:
            reset_request(token)
        response["X-Request-ID"] = request.request_id
        return response


class ProbeMiddleware:
    """Answer `/healthz` and `/readyz` under any name: load balancers and container runtimes ask by address.

    They tell nothing about anybody, and no link is made of the name, so ALLOWED_HOSTS and HTTPS don't guard them.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            return resolve(request.path_info).func(request)
        return self.get_response(request)


class RequestContextMiddleware:
    """Add the signed-in person's member number to the context, and keep signed-in pages out of caches."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: NumberedRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            response = self.get_response(request)
            if request.path.startswith("/api/v1/"):  # whom a token names is not known here
                response.setdefault("Cache-Control", "no-store, private")
            return response
        context = RequestContext(request.request_id, request.user.member_number, _client_address(request))
        token = set_request(context)
        try:
            response = self.get_response(request)
        finally:
            reset_request(token)
        response.setdefault("Cache-Control", "no-store, private")
        return response


class BodySizeMiddleware:
    """Refuse a body that is larger than any form of ours before reading it: files would be written to the disk first,
    whoever sends them. Pages say themselves what is too large for them (`accounts.identity.uploads`), well below this.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) <= settings.MOST_BODY_BYTES:
            return self.get_response(request)
        logger.warning("body too large", extra={"length": length[:20]})
        if request.path.startswith("/api/"):
            problem = {"type": "about:blank", "title": "Too large", "status": 413, "code": "too_large"}
            return JsonResponse(problem, status=413, content_type="application/problem+json")
        return render(request, "refused.html", {"refusal": BodyTooLarge()}, status=413)


class ContentPolicyMiddleware:
    """The API documentation page is the only one with a policy of its own: Swagger UI writes inline styles."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/api/docs"):
            vars(response)["_csp_update"] = {"style-src": ["'unsafe-inline'"]}
        return response


class RefusalMiddleware:
    """A refusal that a view let through becomes a page with its words: nothing has moved."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused) or request.path.startswith("/api/"):
            return None
        if isinstance(exception, Busy) and is_away(exception.__cause__):
            return None  # the page of an outage says what is true
        level = logging.WARNING if isinstance(exception, Busy) else logging.INFO
        logger.log(level, "refused", extra={"code": exception.code})
        template = "403.html" if isinstance(exception, NotPermitted) else "refused.html"
        context = {"refusal": exception, "site_name": settings.SITE_NAME}
        response = render(request, template, context, status=exception.status)
        if isinstance(exception, Busy):
            response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response

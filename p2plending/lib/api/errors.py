"""One error shape for the whole API: RFC 9457 problem details with a stable code."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from p2plending.lib.errors import RETRY_AFTER_SECONDS, Refused

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    415: "Unsupported media type",
    422: "Refused",
    429: "Too many requests",
    503: "Busy",
}


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: refusals, validation errors and HTTP errors as problem details; bugs stay bugs."""
    request_id = getattr(context["request"]._request, "request_id", "")
    if isinstance(error, Refused):
        logger.info("refused", extra={"code": error.code})
        body = problem(error.status, error.code, error.message, request_id)
        if error.context:
            body["context"] = {name: _plain(value) for name, value in error.context.items()}
        if error.field:
            body["errors"] = [{"pointer": f"/{error.field}", "code": error.code, "detail": error.message}]
        headers = (
            {"Retry-After": str(RETRY_AFTER_SECONDS)} if error.status == status.HTTP_503_SERVICE_UNAVAILABLE else None
        )
        return Response(body, status=error.status, headers=headers, content_type=CONTENT_TYPE)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        body = problem(422, "invalid", "Some fields need another value.", request_id)
        body["errors"] = list(_field_errors(error.get_full_details(), ""))
        return Response(body, status=422, content_type=CONTENT_TYPE)
    body = problem(response.status_code, _code(error), _detail(response.data), request_id)
    headers = {name: response[name] for name in ("WWW-Authenticate", "Retry-After", "Allow") if name in response}
    return Response(body, status=response.status_code, headers=headers, content_type=CONTENT_TYPE)


def problem(status_code: int, code: str, detail: str, request_id: str) -> dict[str, Any]:
    """The members that every problem has."""
    return {
        "type": "about:blank",
        "title": TITLES.get(status_code, "Error"),
        "status": status_code,
        "code": code,
        "detail": detail,
        "request_id": request_id,
    }


def _code(error: Exception) -> str:
    if isinstance(error, Http404):
        return "not_found"
    if isinstance(error, PermissionDenied):
        return "permission_denied"
    code: str = getattr(error, "default_code", "error")
    codes = error.get_codes() if isinstance(error, exceptions.APIException) else code
    found = codes.get("code", code) if isinstance(codes, dict) else codes
    return found if isinstance(found, str) else code


def _detail(data: Any) -> str:
    if isinstance(data, dict) and "detail" in data:
        return str(data["detail"])
    return str(data)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | bool | list | dict) or value is None else str(value)


def _field_errors(details: Any, pointer: str) -> Any:
    """Flatten DRF's nested details to `{pointer, code, detail}`."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"pointer": pointer or "/", "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _field_errors(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    elif isinstance(details, list):
        for inner in details:
            yield from _field_errors(inner, pointer)

"""The `Idempotency-Key` header of POSTs that move money."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

KEY = re.compile(r"^[\x21-\x7e]{8,64}$")
IDEMPOTENCY_KEY_PARAMETER = OpenApiParameter(
    name="Idempotency-Key",
    type={"type": "string", "minLength": 8, "maxLength": 64, "pattern": KEY.pattern},
    location=OpenApiParameter.HEADER,
    required=True,
    description="Made by the client and kept for retries: the same key runs at most once.",
)
REPLAYED_HEADER = "Idempotent-Replayed"


def idempotency_key(request: Request) -> str:
    """The request's key. Raises ValidationError when it is missing or malformed."""
    key = request.headers.get("Idempotency-Key", "")
    if not KEY.fullmatch(key):
        raise ValidationError(
            {"Idempotency-Key": ["Send a header of 8 to 64 printable characters."]}, code="idempotency_key"
        )
    return key


def created_response(fact: Any, data: Any, status: int = 201) -> Response:
    """The answer to a keyed POST; says when it is the first answer again."""
    response = Response(data, status=status)
    if getattr(fact, "is_replay", False):
        response[REPLAYED_HEADER] = "true"
    return response

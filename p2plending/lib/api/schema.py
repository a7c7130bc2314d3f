"""What the OpenAPI document says beyond the serializers: how to sign in, and how each endpoint can refuse.

Every refusal has one shape (`p2plending.lib.api.errors`), so every endpoint points to the same few components.
"""

from __future__ import annotations

from http import HTTPMethod
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, build_bearer_security_scheme_object
from rest_framework import serializers
from rest_framework.permissions import AllowAny

from p2plending.lib.api.errors import CONTENT_TYPE
from p2plending.lib.api.idempotency import IDEMPOTENCY_KEY_PARAMETER, REPLAYED_HEADER

RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
REPLAYED = {
    REPLAYED_HEADER: {
        "description": "`true` when this is the first answer to the key again.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
# status: (component, what it means, headers)
PROBLEMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "400": ("BadRequest", "The body is not JSON, or the request is malformed.", {}),
    "401": ("NotSignedIn", "No token, or one that ended: refresh or sign in.", {}),
    "403": ("NotAllowed", "Not with this role, identity check or suspension; the code says which.", {}),
    "404": ("NotFound", "Not there, or not yours.", {}),
    "406": ("NotAcceptable", "Answers are JSON only.", {}),
    "409": ("Conflict", "The thing is not in a state for this; load it again. Nothing was changed.", {}),
    "415": ("UnsupportedMediaType", "The body is not of the type that the endpoint takes.", {}),
    "422": ("Refused", "A field, a query parameter or a rule says no. Nothing was changed.", {}),
    "429": ("TooManyRequests", "Too many requests.", RETRY_AFTER),
    "503": ("Busy", "Nothing has moved; try again with the same key.", RETRY_AFTER),
}


class FieldErrorSerializer(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="Where in the body, as a JSON pointer.")
    code = serializers.CharField()
    detail = serializers.CharField(help_text="For people.")


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; listed in the documentation.")
    detail = serializers.CharField(help_text="For people.")
    request_id = serializers.CharField(help_text="To be named when asking for help.")
    # Members with the names of a serializer's own attributes, which its metaclass moves out of their way.
    context = serializers.DictField(  # type: ignore[assignment]  # see above
        required=False, help_text="The figures behind a refusal; amounts in minor units."
    )
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment]  # see above


class TokenScheme(OpenApiAuthenticationExtension):
    """Found by drf-spectacular because it is a subclass."""

    target_class = "p2plending.lib.api.auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return build_bearer_security_scheme_object("Authorization", "Bearer", "JWT")


class ApiSchema(AutoSchema):
    """Adds the refusals that an endpoint can answer with, and what is said about repeated keys."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        if _is_keyed(operation):
            for answer in operation["responses"].values():
                answer["headers"] = answer.get("headers", {}) | REPLAYED
        for status in self._statuses(operation):
            operation["responses"].setdefault(status, self._problem(status))
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def _statuses(self, operation: dict[str, Any]) -> list[str]:
        """What can be refused: tokens and query parameters wherever sent; roles and owners behind a sign-in."""
        found = ["401", "406", "422", "429"]
        if AllowAny not in self.view.permission_classes:
            found += ["403", "404", "409"]
        if "requestBody" in operation:
            found += ["400", "415"]
        if self.method != HTTPMethod.GET:
            found += ["400", "503"]
        return found

    def _problem(self, status: str) -> dict[str, Any]:
        """A reference to the shared answer of a status, which is made at its first use."""
        name, meaning, headers = PROBLEMS[status]
        schema = self.resolve_serializer(ProblemSerializer(), "response").ref
        answer: dict[str, Any] = {"description": meaning, "content": {CONTENT_TYPE: {"schema": schema}}}
        if headers:
            answer["headers"] = headers
        component = ResolvedComponent(name=name, type="responses", object=ProblemSerializer, schema=answer)
        self.registry.register_on_missing(component)
        return component.ref


def _is_keyed(operation: dict[str, Any]) -> bool:
    return any(parameter["name"] == IDEMPOTENCY_KEY_PARAMETER.name for parameter in operation.get("parameters", []))

"""What every endpoint is made of: a view that refuses query parameters which it does not declare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import generics
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

if TYPE_CHECKING:
    # AUTH_USER_MODEL by the name that the stubs have for it: this package stands below accounts.
    from django.contrib.auth.models import _User

READS = ("GET", "HEAD")


class _DeclaredParametersOnly(APIView):
    """A filter that is misspelt must not answer with the unfiltered list: unknown names are a 422 that names ours."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in READS and hasattr(self, "get"):
            self._refuse_unknown_parameters(request)

    def _refuse_unknown_parameters(self, request: Request) -> None:
        known = self.known_parameters()
        unknown = [name for name in request.query_params if name not in known]
        if not unknown:
            return
        words = (
            _("There is no such parameter. There are: %(names)s.") % {"names": ", ".join(known)}
            if known
            else _("There is no such parameter. This endpoint takes none.")
        )
        raise ValidationError({name: [ErrorDetail(words, code="unknown_parameter")] for name in unknown})

    def known_parameters(self) -> list[str]:
        """Names of the query parameters that the schema declares for reading from this endpoint."""
        declared = getattr(getattr(self, "get", None), "kwargs", {}).get("schema")
        if declared is None:
            return []
        schema = declared()
        schema.view = self
        parameters = [one for one in schema.get_override_parameters() if isinstance(one, OpenApiParameter)]
        return [one.name for one in parameters if one.location == OpenApiParameter.QUERY]


class AuthenticatedApiRequest(Request):
    """What an endpoint that needs a sign-in takes: `user` is a person. A type only; no request is made of it."""

    user: _User
    auth: Any  # the token; its claims are looked up by name


class ApiView(_DeclaredParametersOnly, APIView):
    """The base of every endpoint."""


class ApiListView(_DeclaredParametersOnly, generics.GenericAPIView[Any]):
    """The base of every endpoint that reads in pages."""

    def known_parameters(self) -> list[str]:
        of_pages = self.paginator.get_schema_operation_parameters(self) if self.paginator else []
        return [*super().known_parameters(), *(one["name"] for one in of_pages)]

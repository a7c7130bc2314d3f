"""What a view accepts and who may enter, declared on the view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from p2plending.lib.web.requests import AuthenticatedRequest

View = Callable[..., HttpResponseBase]

READ_METHODS = ["GET", "HEAD"]
get_only = require_http_methods(READ_METHODS)
get_or_post = require_http_methods([*READ_METHODS, "POST"])


def post_only(view: View) -> View:
    """Only forms come here. Somebody who opens the address, after signing in again say, is told what to do."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in READ_METHODS:
            return HttpResponseNotAllowed(["POST"], render_to_string("405.html", request=request))
        return only_post(request, *args, **kwargs)

    only_post = require_http_methods(["POST"])(view)
    return guarded


def role_required(*roles: str) -> Callable[[View], View]:
    """Only signed-in people with one of these roles; others get the 403 page that says who may enter.

    The view carries `allowed_roles`, from which the access tests are generated.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def guarded(request: AuthenticatedRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.role not in roles:
                raise PermissionDenied(_wrong_role_message(roles))
            return view(request, *args, **kwargs)

        vars(guarded)["allowed_roles"] = roles
        return guarded

    return decorate


def _wrong_role_message(roles: tuple[str, ...]) -> str:
    if roles == ("lender",):
        return _("Only lenders can open this page.")
    if roles == ("borrower",):
        return _("Only borrowers can open this page.")
    if roles == ("staff",):
        return _("Only staff can open this page.")
    return _("Your account can't open this page.")

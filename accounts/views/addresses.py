"""The addresses of a person: allauth's page, with what belongs to somebody else refused before anything is written."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.views import EmailView
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.selectors.people import owner_of_address
from accounts.values.addresses import normalise_email
from p2plending.lib.web.requests import AuthenticatedRequest


class AddressesView(EmailView):
    """Only a confirmed address that no other account signs in with can become the one that we write to."""

    def post(self, request: AuthenticatedRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        reason = self._why_not_first(request) if "action_primary" in request.POST else ""
        if not reason:
            try:
                with transaction.atomic():
                    return super().post(request, *args, **kwargs)
            except IntegrityError:
                # Somebody else's account took the address between the look and the change.
                reason = _taken()
        messages.error(request, reason)
        return redirect("account_email")

    def _why_not_first(self, request: AuthenticatedRequest) -> str:
        address = EmailAddress.objects.filter(
            user=request.user, email=normalise_email(request.POST.get("email", ""))
        ).first()
        if address is None or address.primary:
            return ""
        if not address.verified:
            return _("Confirm this address first: open the link that we sent to it.")
        return _taken() if owner_of_address(address.email, besides=request.user) else ""


def _taken() -> str:
    return _("This address belongs to another account. Choose another one, or write to us.")


addresses = AddressesView.as_view()

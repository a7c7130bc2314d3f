"""Register, and what comes first after it."""

from __future__ import annotations

from allauth.core import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.authentication.adapter import JUST_REGISTERED
from accounts.enums.people import Role
from accounts.forms.people import RegisterForm
from accounts.services.people.registration import own_page, register_user
from p2plending.lib.context import current_request
from p2plending.lib.web.decorators import get_only, get_or_post

CONFIRM_URL = "registered_confirm_url"
# Where each role's own pages are: who comes from there need not be asked what they would like to do.
PLACES = {Role.BORROWER: ("/borrowing/",), Role.LENDER: ("/marketplace/", "/lending/", "/portfolio/", "/auto-invest/")}


@get_or_post
def register(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("home")
    following = own_page(request.POST.get("next", "") or request.GET.get("next", ""))
    role = request.GET.get("role", "") or _role_of(following)
    form = RegisterForm(request.POST or None, initial={"role": role})
    if request.method == "POST":
        if not ratelimit.consume(request, action="signup"):
            return ratelimit.respond_429(request)
        if form.is_valid():
            chosen = {name: form.cleaned_data[name] for name in ("email", "password", "role", "full_name")}
            address = current_request().ip_address
            registration = register_user(**chosen, ip_address=address, first_page=following)
            if registration.user is not None:
                # Whoever confirms the address in this browser is the one who chose the password: no need to ask again.
                request.session[JUST_REGISTERED] = registration.user.pk
            if settings.DEMO_MODE:
                request.session[CONFIRM_URL] = registration.confirm_url or ""
            return redirect("accounts:registered")
    context = {"form": form, "following": following}
    return render(request, "accounts/register.html", context, status=422 if form.errors else 200)


def _role_of(page: str) -> str:
    return next((str(role) for role, places in PLACES.items() if page.startswith(places)), "")


@get_only
def registered(request: HttpRequest) -> HttpResponse:
    context = {"demo_confirm_url": request.session.get(CONFIRM_URL, "") if settings.DEMO_MODE else ""}
    return render(request, "account/verification_sent.html", context)

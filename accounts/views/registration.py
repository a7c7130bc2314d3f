"""Register, and what comes first after it."""

from __future__ import annotations

import dataclasses

from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.enums import Role, VerificationStatus
from accounts.forms import RegisterForm
from accounts.gates import Action, blocking_refusal
from accounts.identity_validity import status_on
from accounts.models import IdentityVerification, User
from accounts.selectors import email_is_verified, verification_of
from accounts.services.mail import confirmation_path
from accounts.services.registration import register_user
from p2plending.lib.clock import business_date
from p2plending.lib.context import current_request
from p2plending.lib.decorators import get_only, get_or_post, role_required

CONFIRM_URL = "registered_confirm_url"


@get_or_post
def register(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("home")
    form = RegisterForm(request.POST or None, initial={"role": request.GET.get("role", "")})
    if request.method == "POST":
        if not ratelimit.consume(request, action="signup"):
            return ratelimit.respond_429(request)
        if form.is_valid():
            chosen = {name: form.cleaned_data[name] for name in ("email", "password", "role", "full_name")}
            registration = register_user(**chosen, ip_address=current_request().ip_address)
            if settings.DEMO_MODE:
                request.session[CONFIRM_URL] = registration.confirm_url or ""
            return redirect("accounts:registered")
    return render(request, "accounts/register.html", {"form": form}, status=422 if form.errors else 200)


@get_only
def registered(request: HttpRequest) -> HttpResponse:
    context = {"demo_confirm_url": request.session.get(CONFIRM_URL, "") if settings.DEMO_MODE else ""}
    return render(request, "account/verification_sent.html", context)


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One line of the list. `state` is done, open, checking or later; `reason` says why it is not open."""

    title: str
    text: str | Promise
    url: str
    label: str
    state: str = "open"
    reason: str = ""


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def getting_started(request: HttpRequest) -> HttpResponse:
    verification = verification_of(request.user)
    is_confirmed = email_is_verified(request.user)
    tasks = [_email_task(is_confirmed), _identity_task(verification), *_role_tasks(request.user)]
    first_open = next((task for task in tasks if task.state == "open"), None)
    context = {"tasks": tasks, "first_open": first_open, "demo_confirm_url": ""}
    if settings.DEMO_MODE and not is_confirmed:
        address = EmailAddress.objects.filter(user=request.user, email=request.user.email).first()
        context["demo_confirm_url"] = confirmation_path(address) if address else ""
    return render(request, "accounts/getting_started.html", context)


def _email_task(is_confirmed: bool) -> Task:
    return Task(
        _("Confirm your e-mail address"),
        _("Open the link that we sent you and press Confirm."),
        reverse("account_email"),
        _("Send a new link"),
        "done" if is_confirmed else "open",
    )


def _identity_task(verification: IdentityVerification) -> Task:
    state = "open"
    if status_on(verification, business_date()) == VerificationStatus.APPROVED:
        state = "done"
    elif verification.status in VerificationStatus.waiting():
        state = "checking"
    return Task(
        _("Identity check"),
        _("Your details and a picture of your identity document. About five minutes."),
        reverse("accounts:identity"),
        _("Open the identity check"),
        state,
    )


def _role_tasks(user: User) -> list[Task]:
    if user.role == Role.BORROWER:
        text = _("Choose amount, months and purpose, and see what it costs before you send anything.")
        return [_gated(user, Action.APPLY, _("Apply for a loan"), text, "loans:quote", _("See your rate"))]
    profile = Task(
        _("Say how much risk suits you"),
        _("A few questions. They decide which loans we suggest."),
        reverse("matching:risk_profile"),
        _("Answer the questions"),
    )
    money = _("Transfer money and tell us about it. It stays yours until you lend it.")
    return [profile, _gated(user, Action.DEPOSIT, _("Add money"), money, "ledger:add", _("Add money"))]


def _gated(user: User, action: Action, title: str, text: str, url_name: str, label: str) -> Task:
    refusal = blocking_refusal(user, action)
    state, reason = ("later", refusal.message) if refusal else ("open", "")
    return Task(title, text, reverse(url_name), label, state, reason)

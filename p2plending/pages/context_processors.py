"""What the frame of every page needs: names, navigation by role, wallet, unread count, colours."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.enums.people import Role
from accounts.selectors.people import unread_count
from ledger.selectors import wallet_summary
from p2plending import __version__
from p2plending.lib.clock import business_date

THEMES = ("light", "dark")


@dataclasses.dataclass(frozen=True, slots=True)
class NavItem:
    """A link of the main navigation; `tab` is its short name in the phone's tab bar, empty when it is not there."""

    label: str | Promise
    url: str
    icon: str
    tab: str | Promise = ""
    active: bool = False


_HOME = pgettext_lazy("navigation", "Home")
_NAV: dict[str, tuple[tuple[Any, str, str, Any], ...]] = {
    # label, URL name, icon, short name in the tab bar
    Role.BORROWER: (
        (_HOME, "loans:borrowing_home", "house", _HOME),
        (_("My loans"), "loans:loan_list", "bank", _("My loans")),
        (_("Wallet"), "ledger:wallet", "wallet2", _("Wallet")),
        (_("Borrow"), "loans:quote", "file-earmark-text", _("Borrow")),
    ),
    Role.LENDER: (
        (_HOME, "matching:lending_home", "house", _HOME),
        (_("Marketplace"), "matching:marketplace", "shop", pgettext_lazy("navigation", "Market")),
        (_("For you"), "matching:suggestions", "star", ""),
        (_("Portfolio"), "matching:portfolio", "pie-chart", _("Portfolio")),
        (_("Auto-invest"), "matching:auto_invest", "lightning-charge", ""),
        (_("Wallet"), "ledger:wallet", "wallet2", _("Wallet")),
    ),
    Role.STAFF: (
        (_("Staff desk"), "admin:index", "person-badge", _("Desk")),
        (_("Marketplace"), "matching:marketplace", "shop", pgettext_lazy("navigation", "Market")),
        (_("Help"), "public:help", "question-circle", _("Help")),
    ),
    "": (
        (_("Borrow"), "loans:quote", "file-earmark-text", _("Borrow")),
        (_("Lend"), "public:lend", "shop", _("Lend")),
        (_("How it works"), "public:how_it_works", "info-circle-fill", _("How")),
        (_("Rates and fees"), "public:fees", "receipt", ""),
        (_("Help"), "public:help", "question-circle", _("Help")),
    ),
}


def _navigation(role: str, path: str) -> list[NavItem]:
    items = [NavItem(label, reverse(name), icon, tab) for label, name, icon, tab in _NAV[role]]
    here = max((item for item in items if path.startswith(item.url)), key=lambda item: len(item.url), default=None)
    return [dataclasses.replace(item, active=item is here) for item in items]


def _initials(name: str) -> str:
    words = name.replace("@", " ").replace(".", " ").split()
    letters = [word[0] for word in words[:1] + words[1:][-1:]]
    return "".join(letters).upper()


def site(request: HttpRequest) -> dict[str, Any]:
    """Context of every page. What costs a query is asked only when the page shows it."""
    user: Any = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    role = str(user.role) if signed_in else ""
    theme = request.COOKIES.get("theme", "")
    match: Any = getattr(request, "resolver_match", None)
    lend_page = bool(match) and match.app_name == "matching"
    name = (user.full_name or user.email.split("@")[0]) if signed_in else ""
    available: Callable[[], int] = cache(lambda: wallet_summary(user).available)
    unread: Callable[[], int] = cache(lambda: unread_count(user))
    return {
        "site_name": settings.SITE_NAME,
        "site_version": __version__,
        "support_email": settings.SUPPORT_EMAIL,
        "currency_code": settings.CURRENCY,
        "currency_symbol": settings.CURRENCY_SYMBOL,
        "demo_mode": settings.DEMO_MODE,
        "business_date": cache(business_date),
        "theme": theme if theme in THEMES else "",
        "nav": cache(lambda: _navigation(role, request.path)),
        "account_name": name,
        "initials": _initials(name),
        "shows_wallet": role in {Role.BORROWER, Role.LENDER},
        "borrower_view": role == Role.BORROWER,
        "risk_strip": role == Role.LENDER or (role != Role.BORROWER and lend_page),
        "wallet_available": available,
        "unread_count": unread,
    }

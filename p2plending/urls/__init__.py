"""The site map: one include per app."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.views.addresses import addresses
from accounts.views.sign_in import sign_in
from p2plending.pages import home

urlpatterns = [
    path("", include("p2plending.urls.public")),
    path("home/", home.home, name="home"),
    path("getting-started/", home.getting_started, name="getting_started"),
    path("theme/", home.set_theme, name="theme"),
    path("healthz", home.healthz, name="healthz"),
    path("readyz", home.readyz, name="readyz"),
    # allauth's pages under our rules; its own routes of the same names come after and are never reached.
    path("accounts/email/", addresses, name="account_email"),
    path("accounts/signup/", RedirectView.as_view(pattern_name="accounts:register"), name="account_signup"),
    path("accounts/login/", sign_in, name="account_login"),
    path("accounts/", include("allauth.urls")),
    path("", include("accounts.urls")),
    path("wallet/", include("ledger.urls")),
    path("borrowing/", include("loans.urls")),
    path("", include("matching.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("p2plending.urls.api")),
]
if settings.DEBUG or settings.DEMO_MODE:
    urlpatterns.append(path("components/", home.components, name="components"))

handler403 = "p2plending.pages.home.permission_denied"
handler404 = "p2plending.pages.home.page_not_found"
handler500 = "p2plending.pages.home.server_error"

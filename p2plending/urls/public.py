"""Pages that need no account."""

from __future__ import annotations

from django.urls import path

from p2plending.pages import public

app_name = "public"
urlpatterns = [
    path("", public.welcome, name="welcome"),
    path("how-it-works/", public.how_it_works, name="how_it_works"),
    path("lend/", public.lend, name="lend"),
    path("fees/", public.fees, name="fees"),
    path("risks/", public.text_page, {"name": "risks"}, name="risks"),
    path("help/", public.text_page, {"name": "help"}, name="help"),
    path("complaints/", public.text_page, {"name": "complaints"}, name="complaints"),
    path("privacy/", public.text_page, {"name": "privacy"}, name="privacy"),
    path("terms/", public.text_page, {"name": "terms"}, name="terms"),
    path("accessibility/", public.text_page, {"name": "accessibility"}, name="accessibility"),
    path("matching-policy/", public.matching_policy, name="matching_policy"),
    path("statistics/", public.statistics, name="statistics"),
]

"""Pages of matching: the lender's side of the site."""

from __future__ import annotations

from django.urls import path

from matching.views import home, lend, market, portfolio, rules, suggestions

app_name = "matching"
urlpatterns = [
    path("lending/", home.lending_home, name="lending_home"),
    path("lending/risk/", rules.risk_profile, name="risk_profile"),
    path("marketplace/", market.marketplace, name="marketplace"),
    path("marketplace/<slug:reference>/", market.listing, name="listing"),
    path("marketplace/<slug:reference>/ask/", market.ask, name="ask"),
    path("marketplace/<slug:reference>/lend/", lend.lend, name="lend"),
    path("marketplace/<slug:reference>/lent/<slug:commitment_reference>/", lend.lent, name="lent"),
    path(
        "marketplace/<slug:reference>/lent/<slug:commitment_reference>/take-back/",
        lend.withdraw,
        name="withdraw_commitment",
    ),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("portfolio.csv", portfolio.portfolio_csv, name="portfolio_csv"),
    path("portfolio/<slug:reference>/", portfolio.note, name="note"),
    path("auto-invest/", rules.auto_invest, name="auto_invest"),
    path("auto-invest/edit/", rules.auto_invest_edit, name="auto_invest_edit"),
    path("auto-invest/activate/", rules.auto_invest_activate, name="auto_invest_activate"),
    path("auto-invest/pause/", rules.auto_invest_pause, name="auto_invest_pause"),
    path("auto-invest/log/", rules.auto_invest_log, name="auto_invest_log"),
    path("suggestions/", suggestions.suggestions, name="suggestions"),
    path("suggestions/<slug:reference>/dismiss/", suggestions.dismiss_suggestion, name="dismiss_suggestion"),
]

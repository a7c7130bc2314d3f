"""Pages of loans, under /borrowing/."""

from __future__ import annotations

from django.urls import path

from loans.views import loan

app_name = "loans"
urlpatterns = [
    path("references/<slug:reference>/", loan.by_reference, name="by_reference"),
]

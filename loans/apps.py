"""Django application: loans."""

from __future__ import annotations

from django.apps import AppConfig


class LoansConfig(AppConfig):
    name = "loans"

    def ready(self) -> None:
        from accounts.services.approvals.requests import register_effects  # models are ready only now
        from loans.services.decisions import EFFECTS

        register_effects(EFFECTS)

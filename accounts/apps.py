"""Django application: accounts."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.services.approvals.requests import register_effects
        from accounts.services.identity import suspicion  # models are ready only now
        from accounts.services.people import suspension

        register_effects(suspension.EFFECTS | suspicion.EFFECTS)

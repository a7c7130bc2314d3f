"""Django application: accounts."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.services import suspension, suspicion  # models are ready only now
        from accounts.services.approvals import register_effects

        register_effects(suspension.EFFECTS | suspicion.EFFECTS)

"""Django application: ledger."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from accounts.services.approvals.requests import register_effects  # models are ready only now
        from ledger.services.effects import EFFECTS

        register_effects(EFFECTS)

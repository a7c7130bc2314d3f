"""Django application: assembly, template tags, commands."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class P2PLendingConfig(AppConfig):
    name = "p2plending"

    def ready(self) -> None:
        from p2plending.reference_data import ensure_reference_data  # models are ready only now

        # After the last app has migrated; also after a test database was emptied.
        post_migrate.connect(ensure_reference_data, sender=self)

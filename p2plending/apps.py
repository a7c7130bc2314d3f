"""Django application: assembly, template tags, commands."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

from p2plending.lib.web.form_messages import use_plain_words

# Before any form is defined: a field takes its sentences when it is made.
use_plain_words()


class P2PLendingConfig(AppConfig):
    name = "p2plending"

    def ready(self) -> None:
        from p2plending.operations.reference_data import ensure_reference_data
        from p2plending.operations.scheduler import ensure_schedules  # models are ready only now

        # Sent for apps with models only, which this one has none of, and after every table is there; also after a
        # test database was emptied.
        last_of_ours = apps.get_app_config("loans")
        post_migrate.connect(ensure_reference_data, sender=last_of_ours)
        post_migrate.connect(ensure_schedules, sender=last_of_ours)

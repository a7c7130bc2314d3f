"""`manage.py rotate_keys`: write everything that is encrypted or digested anew with the newest keys."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.keys import KeyMissing, Rotated, rotate_keys


class Command(BaseCommand):
    help = (
        "Encrypt and digest with the newest of FIELD_KEYS and DIGEST_KEYS whatever was written with older ones. "
        "May be stopped and run again. Afterwards the older keys can be taken out of the settings."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rotate_keys(say=self._say)
        except KeyMissing as refusal:
            raise CommandError(f"{refusal.context['place']}: {refusal.message}") from refusal
        self.stdout.write("Everything is on the newest keys.")

    def _say(self, rotated: Rotated) -> None:
        self.stdout.write(f"{rotated.place}: {rotated.rewritten} of {rotated.looked_at} written anew")

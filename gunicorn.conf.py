"""Gunicorn reads this by itself where it starts: what is wrong with the settings ends it with one line."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "p2plending.settings")
# Gunicorn takes this for "the application can't be loaded" and stops, in place of trying again for ever.
CANT_LOAD = 4
try:
    settings.SECRET_KEY  # noqa: B018 - reads the settings
except ImproperlyConfigured as problem:
    sys.exit(f"ERROR: {problem}")

worker_class = "gthread"
graceful_timeout = 5


def post_worker_init(_worker: Any) -> None:
    """Don't serve books of another currency."""
    from p2plending.operations.start import require_sound_start  # models are there only now

    try:
        require_sound_start()
    except ImproperlyConfigured as problem:
        sys.stderr.write(f"ERROR: {problem}\n")
        sys.exit(CANT_LOAD)

"""What must hold before a program of the site starts to work."""

from __future__ import annotations

import logging

from django.core.exceptions import ImproperlyConfigured
from django.db import Error

from ledger.currency import currency_problem

logger = logging.getLogger(__name__)


def require_sound_start() -> None:
    """Refuse to start on books of another currency. Raises ImproperlyConfigured with one line that says what to do.

    A database that does not answer yet is no reason not to start: `/readyz` says so until it does, and asks this again.
    """
    try:
        problem = currency_problem()
    except Error:
        logger.warning("started without a look at the books: the database does not answer")
        return
    if problem:
        raise ImproperlyConfigured(problem)

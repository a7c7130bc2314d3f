"""A document as a PDF file: written by WeasyPrint in a process of its own, which has a time limit and no secrets.

The process reads one HTML text and writes one PDF (`pdf_writer`). Whatever the text holds, only our own static files
are read for it and nothing is fetched; what takes too long is ended, and the site goes on.
"""

from __future__ import annotations

import functools
import logging
import os
import subprocess
import sys
import threading

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from p2plending.lib.errors import Busy, Refused

logger = logging.getLogger(__name__)

# The process ends itself after 30 seconds of computing (`pdf_writer`); this is for one that waits for its turn at that.
TIME_LIMIT_SECONDS = 90
# Each takes a core for a second or two and some 100 MB; a page never waits longer than this for its turn.
MOST_AT_ONCE = 2
WAIT_SECONDS = 10
# What the process needs to find Python, fonts and their cache; no key and no database address is among it.
ENVIRONMENT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "XDG_CACHE_HOME", "LD_LIBRARY_PATH")
_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


class PdfUnavailable(Refused):
    """WeasyPrint or the system libraries that it needs are not installed here."""

    code = "pdf_unavailable"
    status = 503
    default_message = _("PDF files can't be made here. Print the page, and choose “Save as PDF” as the printer.")


class PdfFailed(Refused):
    """The document could not be written within the limits."""

    code = "pdf_failed"
    status = 503
    default_message = _("This PDF could not be made in time. Choose a shorter period, or print the page.")


def pdf_is_available() -> bool:
    """Whether PDF files can be made on this machine; found out once in the life of the process."""
    try:
        return find_libraries()
    except subprocess.TimeoutExpired:  # too busy to tell: asked again the next time
        return False


@functools.cache
def find_libraries() -> bool:
    """Ask the process whether it finds WeasyPrint and its libraries. Raises TimeoutExpired."""
    outcome = subprocess.run(  # noqa: S603 - our own module, by this Python
        _command("--check"), capture_output=True, env=_environment(), timeout=TIME_LIMIT_SECONDS, check=False
    )
    if outcome.returncode:
        logger.warning("no PDF files", extra={"reason": outcome.stderr.decode(errors="replace").strip()[-300:]})
    return outcome.returncode == 0


def write_pdf(html: str) -> bytes:
    """Return the document as PDF. Links in it are taken as names of static files.

    Raises PdfUnavailable, PdfFailed when it takes too long or can't be written, and Busy when others wait already.
    """
    if not pdf_is_available():
        raise PdfUnavailable
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise Busy
    try:
        outcome = subprocess.run(  # noqa: S603 - our own module, by this Python
            _command(), input=html.encode(), capture_output=True, env=_environment(), timeout=TIME_LIMIT_SECONDS,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        logger.warning("PDF took too long", extra={"length": len(html)})
        raise PdfFailed from error
    finally:
        _turns.release()
    if outcome.returncode or not outcome.stdout.startswith(b"%PDF-"):
        logger.error("PDF failed", extra={"reason": outcome.stderr.decode(errors="replace").strip()[-300:]})
        raise PdfFailed
    return outcome.stdout


def _command(*options: str) -> list[str]:
    return [sys.executable, "-m", "p2plending.lib.documents.pdf_writer", *options, str(settings.BASE_DIR / "static")]


def _environment() -> dict[str, str]:
    given = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    path = os.pathsep.join(filter(None, (given.get("PYTHONPATH"), str(settings.BASE_DIR))))
    return given | {"PYTHONPATH": path}

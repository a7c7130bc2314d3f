#!/usr/bin/env python
"""Django's command-line entry point."""

from __future__ import annotations

import os
import sys

from p2plending import __version__


def main() -> None:
    if sys.argv[1:] in (["version"], ["--version"]):
        # Django would print its own.
        sys.stdout.write(f"{__version__}\n")
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "p2plending.settings")
    from django.core.exceptions import ImproperlyConfigured  # after the settings module is named
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"ERROR: {problem}")


if __name__ == "__main__":
    main()

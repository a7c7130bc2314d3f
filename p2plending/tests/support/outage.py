"""A database that is really away: nobody listens at the address that this thread's connection is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections


@contextmanager
def no_database() -> Iterator[Any]:
    """A connection to a server that refuses, or to a file that can't be opened, in place of the one that works.

    Yields it: with its `settings_dict` set to that of the working one, the database is back.
    """
    real = connections["default"]
    away = connections.create_connection("default")
    settings = dict(away.settings_dict)
    if real.vendor == "mysql":
        options = {name: value for name, value in settings["OPTIONS"].items() if name != "unix_socket"}
        settings |= {"HOST": "127.0.0.1", "PORT": "1", "OPTIONS": options}
    else:
        settings |= {"NAME": "/nowhere/at/all.sqlite3"}
    away.settings_dict = settings
    connections["default"] = away
    try:
        yield away
    finally:
        away.close()
        connections["default"] = real

"""Migrations, cache table, static files and demo world in one interpreter, each skipped when nothing has changed."""

from __future__ import annotations

import hashlib
import sys
import time
from importlib.metadata import distributions
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from p2plending.scripts.console import CannotContinue, say, stop_with

DATABASE_PATIENCE_SECONDS = 30


def wait_for_database() -> None:
    """Wait for a database server that is still starting. Raises CannotContinue when it does not answer."""
    deadline = time.monotonic() + DATABASE_PATIENCE_SECONDS
    while True:
        try:
            connection.ensure_connection()
            return
        except OperationalError as error:
            if time.monotonic() > deadline or connection.vendor == "sqlite":
                raise CannotContinue(f"The database of DATABASE_URL does not answer: {error}") from None
            time.sleep(1)


def migrate() -> None:
    """Bring the tables up to date, saying so only when there is something to do."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("Bringing the database up to date.")
        call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)


def collect_static_files() -> None:
    """Collect static files unless none of them changed since the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    wanted = static_fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("Collecting static files.")
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(wanted)


def static_fingerprint() -> str:
    """Return what the collected files depend on: our own files by time and size, those of packages by version."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for package in sorted(f"{found.name}=={found.version}" for found in distributions()):
        digest.update(package.encode())
    for finder in get_finders():
        for path, storage in finder.list(ignore_patterns=None):
            if Path(storage.path(path)).is_relative_to(settings.BASE_DIR / "static"):
                seen = Path(storage.path(path)).stat()
                digest.update(f"{path}|{seen.st_mtime_ns}|{seen.st_size}".encode())
    return digest.hexdigest()


def main() -> None:
    """Prepare everything; exit code 1 and one line when something is in the way."""
    try:
        django.setup()
        wait_for_database()
        migrate()
        collect_static_files()
        if settings.DEMO_MODE:
            call_command("demo", *sys.argv[1:])
    except (CannotContinue, ImproperlyConfigured, CommandError) as problem:
        stop_with(CannotContinue(str(problem)))
    finally:
        sys.stdout.flush()


if __name__ == "__main__":
    main()

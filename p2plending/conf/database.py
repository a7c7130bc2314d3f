"""The one database: a SQLite file, or MariaDB and MySQL over `DATABASE_URL`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


def database_settings(env: environ.Env, *, var_dir: Path) -> dict[str, Any]:
    """Return Django's entry for the default database; raise ImproperlyConfigured for a URL of another kind."""
    database = env.db_url("DATABASE_URL", default=f"sqlite:///{var_dir / 'p2plending.sqlite3'}")
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database |= _sqlite(var_dir)
    elif database["ENGINE"] == "django.db.backends.mysql":
        database |= _mysql(database.get("OPTIONS", {}))
    else:
        raise ImproperlyConfigured("DATABASE_URL must be sqlite:///… or mysql://….")
    return database | {"ATOMIC_REQUESTS": False}


def _sqlite(var_dir: Path) -> dict[str, Any]:
    return {
        # One writer at a time, waiting its turn; every commit on the disk; REPLACE can't slip past the delete triggers.
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                "PRAGMA recursive_triggers=ON; PRAGMA cache_size=-65536;"
            ),
        },
        # A file, because threads of a test server can't share an in-memory database under locks.
        "TEST": {"NAME": str(var_dir / "test.sqlite3")},
    }


def _mysql(url_options: dict[str, Any]) -> dict[str, Any]:
    return {
        # Django's own, with fewer trips to the server (docs/performance.md).
        "ENGINE": "p2plending.lib.mysql",
        "OPTIONS": {
            "charset": "utf8mb4",
            "isolation_level": "read committed",
            "init_command": (
                "SET sql_mode='STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE',"
                " innodb_strict_mode=1, innodb_lock_wait_timeout=5"
            ),
            "connect_timeout": 5,
            "read_timeout": 60,
            "write_timeout": 60,
        }
        | url_options,
        "TEST": {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_ci"},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }

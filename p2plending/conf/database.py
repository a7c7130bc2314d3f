"""The one database: a SQLite file, or MariaDB and MySQL on one host or several, over `DATABASE_URL`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from p2plending.lib.database.mysql.nodes import Node

KINDS = (
    "DATABASE_URL must be sqlite:///… or mysql://user:password@host:3306/name, for a cluster "
    "mysql://user:password@host1,host2/name."
)
ONE_DATABASE = "The URLs of DATABASE_URL may differ by host only, not by user, password, name or options."
LONGEST_TIMEOUT = 86_400
DEFAULT_PORT = 3306


def database_settings(env: environ.Env, *, var_dir: Path) -> dict[str, Any]:
    """Return Django's entry for the default database; raise ImproperlyConfigured for what is not a database of ours."""
    text = env.str("DATABASE_URL", default="").strip() or f"sqlite:///{var_dir / 'p2plending.sqlite3'}"
    scheme = text.partition("://")[0]
    if scheme == "sqlite":
        database = env.db_url_config(text) | _sqlite(var_dir)
    elif scheme == "mysql":
        database = _mysql(env, *_nodes_of(env, text))
    else:
        raise ImproperlyConfigured(KINDS)
    return database | {"ATOMIC_REQUESTS": False}


def _nodes_of(env: environ.Env, text: str) -> tuple[dict[str, Any], list[Node]]:
    """One entry, and all hosts in their order, of "mysql://u:p@h1:3306,h2/name" or "mysql://…@h1/name,mysql://…@h2/name"."""
    entries: list[dict[str, Any]] = []
    nodes: list[Node] = []
    for url in re.split(r",\s*(?=mysql://)", text):
        found = re.fullmatch(r"(mysql://(?:[^@/]*@)?)([^@/?]*)(.*)", url.strip())
        if found is None:
            raise ImproperlyConfigured(KINDS)
        before, hosts, after = found.groups()
        for host in hosts.split(","):
            try:
                entry = env.db_url_config(before + host.strip() + after)
                nodes.append(Node(entry["HOST"], int(entry["PORT"] or DEFAULT_PORT)))
            except ValueError as error:
                raise ImproperlyConfigured(KINDS) from error
            entries.append(entry)
    differing = [entry | {"HOST": "", "PORT": ""} for entry in entries]
    if any(entry != differing[0] for entry in differing):
        raise ImproperlyConfigured(ONE_DATABASE)
    if not entries[0]["NAME"] or (len(nodes) > 1 and not all(node.host for node in nodes)):
        raise ImproperlyConfigured(KINDS)
    return entries[0], nodes


def _seconds(name: str, text: str) -> int:
    """A time-out in whole seconds. Raises ImproperlyConfigured for anything else."""
    if not (re.fullmatch(r"[0-9]{1,6}", text.strip()) and 1 <= int(text) <= LONGEST_TIMEOUT):
        raise ImproperlyConfigured(f"{name}={text} must be a whole number of seconds from 1 to {LONGEST_TIMEOUT}.")
    return int(text)


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


def _mysql(env: environ.Env, entry: dict[str, Any], nodes: list[Node]) -> dict[str, Any]:
    return entry | {
        # Django's own, for several hosts (docs/cluster.md).
        "ENGINE": "p2plending.lib.database.mysql",
        "OPTIONS": {
            "charset": "utf8mb4",
            "isolation_level": "read committed",
            "init_command": (
                "SET sql_mode='STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE',"
                " innodb_strict_mode=1, innodb_lock_wait_timeout=5"
            ),
            "connect_timeout": _seconds("DATABASE_CONNECT_TIMEOUT", env.str("DATABASE_CONNECT_TIMEOUT", default="3")),
            "read_timeout": _seconds("DATABASE_READ_TIMEOUT", env.str("DATABASE_READ_TIMEOUT", default="30")),
            "write_timeout": _seconds("DATABASE_WRITE_TIMEOUT", env.str("DATABASE_WRITE_TIMEOUT", default="30")),
        }
        | ({"nodes": nodes} if len(nodes) > 1 else {})
        | entry.get("OPTIONS", {}),
        "TEST": {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_ci"},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }

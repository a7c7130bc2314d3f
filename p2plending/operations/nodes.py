"""The servers behind the connection, and what they say about themselves: for `/readyz`, the desk and check_books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connection, connections

from p2plending.lib.database.mysql.nodes import Node, NodeState, node_at, read_state

MEMBERS = "SHOW GLOBAL STATUS LIKE 'wsrep_incoming_addresses'"
# Every statement of the connection waits until the node has applied what the cluster has committed.
READ_WHAT_IS_COMMITTED = "SET SESSION wsrep_sync_wait = 7"


def database_node() -> NodeState | None:
    """The server behind the connection; None for a SQLite file, which has none. Raises what the database raises."""
    if connection.vendor != "mysql":
        return None
    with connection.cursor() as cursor:

        def fetch(query: str) -> list[tuple[str, str]]:
            cursor.execute(query)
            return cursor.fetchall()

        return read_state(fetch)


def node_report(node: NodeState | None) -> dict[str, str | int | bool]:
    """What `/readyz` shows of the server: its name, and in a cluster whether it is ready, its status and the size."""
    if node is None:
        return {}
    report: dict[str, str | int | bool] = {"node": node.name}
    if node.is_in_cluster:
        report |= {
            "wsrep_ready": node.is_ready,
            "cluster_status": node.status,
            "node_state": node.state,
            "cluster_size": node.size,
        }
    return report


def database_nodes() -> list[Node]:
    """All servers of the database: members of the cluster and hosts of DATABASE_URL. Empty for a single one."""
    if connection.vendor != "mysql":
        return []
    listed = list(connection.settings_dict["OPTIONS"].get("nodes", ()))
    with connection.cursor() as cursor:
        cursor.execute(MEMBERS)
        found = cursor.fetchone()
    members = [node_at(text) for text in (found[1] if found else "").split(",") if text and text != "AUTO"]
    return sorted({*listed, *members}, key=str)


@contextmanager
def connected_to(node: Node) -> Iterator[None]:
    """While the block runs, the default connection is one to this server. Nothing may be open on the usual one."""
    usual = connections[DEFAULT_DB_ALIAS]
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    options = {name: value for name, value in usual.settings_dict["OPTIONS"].items() if name != "nodes"}
    other.settings_dict = usual.settings_dict | {"HOST": node.host, "PORT": str(node.port), "OPTIONS": options}
    connections[DEFAULT_DB_ALIAS] = other
    try:
        state = database_node()
        if state is not None and state.is_in_cluster:
            with other.cursor() as cursor:
                cursor.execute(READ_WHAT_IS_COMMITTED)
        yield
    finally:
        other.close()
        connections[DEFAULT_DB_ALIAS] = usual

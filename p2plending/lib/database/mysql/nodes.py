"""The servers that a database may consist of, and what each says about itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

USUAL_PORT = 3306
# SHOW, because a node that has lost its cluster refuses every SELECT.
QUERIES = (
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('hostname', 'port', 'read_only', 'wsrep_on', 'wsrep_node_name')",
    "SHOW GLOBAL STATUS WHERE Variable_name IN"
    " ('wsrep_ready', 'wsrep_cluster_status', 'wsrep_local_state_comment', 'wsrep_cluster_size')",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """Where a server listens."""

    host: str
    port: int = USUAL_PORT

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def node_at(text: str) -> Node:
    """The node of "host:port", as a cluster names its members; without a port, or with 0 for it, the usual one."""
    host, colon, port = text.strip().rpartition(":")
    return Node(host.strip("[]"), int(port) or USUAL_PORT) if colon and port.isdigit() else Node(text.strip())


@dataclasses.dataclass(frozen=True, slots=True)
class NodeState:
    """What a server says about itself; the words of Galera in a cluster."""

    name: str
    is_read_only: bool = False
    is_in_cluster: bool = False
    is_ready: bool = True
    status: str = ""
    state: str = ""
    size: int = 1

    @property
    def is_fit(self) -> bool:
        """Whether it takes writes: ready and part of the majority in a cluster, and not a replica."""
        return not self.is_read_only and (not self.is_in_cluster or (self.is_ready and self.status == "Primary"))

    @property
    def words(self) -> str:
        """The state in one line."""
        words = [gettext("takes no writes")] if self.is_read_only else []
        if self.is_in_cluster:
            words += [gettext("ready") if self.is_ready else gettext("not ready"), self.status, self.state]
            words.append(gettext("%(size)s in the cluster") % {"size": self.size})
        return ", ".join(words) or gettext("a single server")


def read_state(fetch: Callable[[str], Sequence[Sequence[Any]]]) -> NodeState:
    """Ask a server about itself; `fetch` runs a query and returns its rows of texts."""
    found = {str(name).lower(): str(value) for query in QUERIES for name, value in fetch(query)}
    return state_of(found)


def state_of(found: Mapping[str, str]) -> NodeState:
    """The state that these variables of a server describe."""
    read_only = found.get("read_only", "OFF") not in {"OFF", "0"}
    address = f"{found.get('hostname', '')}:{found.get('port', '')}"
    if found.get("wsrep_on", "OFF") not in {"ON", "1"}:
        return NodeState(address, is_read_only=read_only)
    return NodeState(
        name=found.get("wsrep_node_name") or address,
        is_read_only=read_only,
        is_in_cluster=True,
        is_ready=found.get("wsrep_ready") == "ON",
        status=found.get("wsrep_cluster_status", ""),
        state=found.get("wsrep_local_state_comment", ""),
        size=int(found.get("wsrep_cluster_size") or 0),
    )

"""Which database the environment names: one host, several, and what is refused with a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured

from p2plending.conf.database import database_settings
from p2plending.lib.database.mysql.nodes import Node, NodeState, node_at, state_of

pytestmark = pytest.mark.one_database


def settings_of(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, Any]:
    for name in ("URL", "CONNECT_TIMEOUT", "READ_TIMEOUT", "WRITE_TIMEOUT"):
        monkeypatch.delenv(f"DATABASE_{name}", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(f"DATABASE_{name}", value)
    return database_settings(environ.Env(), var_dir=Path("/var/lib/lending"))


@pytest.mark.parametrize("url", ["", "  "])
def test_no_url_is_a_file(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert settings_of(monkeypatch, URL=url)["NAME"] == "/var/lib/lending/p2plending.sqlite3"


def test_one_host_has_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings_of(monkeypatch, URL="mysql://p2p:secret@db1:3307/lending")
    assert (found["HOST"], found["PORT"], found["NAME"], found["USER"]) == ("db1", 3307, "lending", "p2p")
    assert "nodes" not in found["OPTIONS"]
    times = [found["OPTIONS"][f"{name}_timeout"] for name in ("connect", "read", "write")]
    assert times == [3, 30, 30]


@pytest.mark.parametrize(
    "url",
    [
        "mysql://p2p:a%2Cb@db1,db2:3307,[::1]:3308/lending?ssl_mode=REQUIRED",
        "mysql://p2p:a%2Cb@db1/lending?ssl_mode=REQUIRED, mysql://p2p:a%2Cb@db2:3307,[::1]:3308/lending?ssl_mode=REQUIRED",
    ],
)
def test_several_hosts_are_a_list_in_their_order(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    found = settings_of(monkeypatch, URL=url)
    assert found["OPTIONS"]["nodes"] == [Node("db1"), Node("db2", 3307), Node("::1", 3308)]
    assert (found["PASSWORD"], found["NAME"], found["OPTIONS"]["ssl_mode"]) == ("a,b", "lending", "REQUIRED")


@pytest.mark.parametrize(
    "url",
    [
        "postgres://p2p@db/lending",
        "mysql:/db/lending",
        "lending",
        "mysql://p2p@db1,db2",
        "mysql://p2p@db1,,db2/lending",
        "mysql://p2p@db1:many/lending",
    ],
)
def test_what_is_no_database_of_ours_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must be"):
        settings_of(monkeypatch, URL=url)


@pytest.mark.parametrize("other", ["q:s@db2/lending", "p:t@db2/lending", "p:s@db2/other", "p:s@db2/lending?charset=x"])
def test_hosts_of_two_databases_are_refused(monkeypatch: pytest.MonkeyPatch, other: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="may differ by host only"):
        settings_of(monkeypatch, URL=f"mysql://p:s@db1/lending,mysql://{other}")


@pytest.mark.parametrize("name", ["CONNECT_TIMEOUT", "READ_TIMEOUT", "WRITE_TIMEOUT"])
@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "ten", "86401", "٣"])
def test_a_time_out_is_a_whole_number_of_seconds(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"DATABASE_{name}={text} must be a whole number of seconds"):
        settings_of(monkeypatch, URL="mysql://p2p@db/lending", **{name: text})


def test_time_outs_are_those_that_were_set(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings_of(monkeypatch, URL="mysql://p2p@db/lending", CONNECT_TIMEOUT="1", READ_TIMEOUT="3600")
    assert (found["OPTIONS"]["connect_timeout"], found["OPTIONS"]["read_timeout"]) == (1, 3600)


# --- what a server says about itself ----------------------------------------------------------------------------------
MEMBER = {
    "hostname": "db1",
    "port": "3306",
    "read_only": "OFF",
    "wsrep_on": "ON",
    "wsrep_node_name": "n1",
    "wsrep_ready": "ON",
    "wsrep_cluster_status": "Primary",
    "wsrep_local_state_comment": "Synced",
    "wsrep_cluster_size": "3",
}


@pytest.mark.parametrize(
    ("said", "is_fit", "words"),
    [
        ({}, True, "ready, Primary, Synced, 3 in the cluster"),
        ({"wsrep_ready": "OFF"}, False, "not ready, Primary, Synced, 3 in the cluster"),
        ({"wsrep_cluster_status": "non-Primary", "wsrep_cluster_size": "1"}, False, "ready, non-Primary, Synced, 1 in"),
        ({"read_only": "ON"}, False, "takes no writes, ready, Primary"),
        ({"wsrep_on": "OFF", "wsrep_ready": "OFF"}, True, "a single server"),
        ({"wsrep_on": "OFF", "read_only": "ON"}, False, "takes no writes"),
    ],
)
def test_a_server_is_fit_when_it_takes_writes_for_the_majority(said: dict[str, str], is_fit: bool, words: str) -> None:
    state = state_of(MEMBER | said)
    assert state.is_fit is is_fit
    assert state.words.startswith(words)


def test_a_server_without_a_cluster_is_named_by_its_address() -> None:
    assert state_of({"hostname": "db1", "port": "3306", "read_only": "0"}) == NodeState("db1:3306")


def test_members_are_read_as_a_cluster_names_them() -> None:
    found = [node_at(text) for text in ("10.77.0.1:0", " db2:3307", "[::1]:3308", "db3")]
    assert found == [Node("10.77.0.1"), Node("db2", 3307), Node("::1", 3308), Node("db3")]

"""The servers behind the database: what readiness, the desk and check_books say of them."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from adminpanel.selectors import database_indicator
from ledger.selectors.digest import digest_of_books
from p2plending.lib import clock
from p2plending.lib.database.mysql.nodes import Node, NodeState
from p2plending.operations.nodes import connected_to, database_node, database_nodes, node_report
from p2plending.tests.support.cast import sign_in_fully
from p2plending.tests.support.world import fund_wallet

MEMBER = NodeState("n2", is_in_cluster=True, status="Primary", state="Synced", size=3)


def server() -> Node:
    settings = connection.settings_dict
    return Node(settings["HOST"] or "localhost", int(settings["PORT"] or 3306))


@pytest.mark.one_database
def test_readiness_reports_what_galera_calls_it() -> None:
    assert node_report(MEMBER) == {
        "node": "n2", "wsrep_ready": True, "cluster_status": "Primary", "node_state": "Synced", "cluster_size": 3,
    }  # fmt: skip
    assert node_report(NodeState("db:3306")) == {"node": "db:3306"}
    assert node_report(None) == {}


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        (MEMBER, "success", "n2: ready, Primary, Synced, 3 in the cluster"),
        (NodeState("n2", is_in_cluster=True, status="Primary", state="Donor/Desynced", size=3), "warning", "n2: ready"),
        (NodeState("n2", is_in_cluster=True, is_ready=False, status="non-Primary"), "danger", "n2: not ready, non-P"),
        (NodeState("db:3306", is_read_only=True), "danger", "db:3306: takes no writes"),
        (NodeState("db:3306"), "success", "db:3306: a single server"),
    ],
)
def test_the_desk_is_red_when_the_server_takes_no_writes(state: NodeState, kind: str, words: str) -> None:
    light = database_indicator(state)
    assert light.kind == kind
    assert light.words.startswith(words)


@pytest.mark.django_db
def test_books_on_all_nodes_need_several_nodes() -> None:
    with pytest.raises(CommandError, match="a single server: run check_books without --all-nodes"):
        call_command("check_books", "--all-nodes", stdout=StringIO())


@pytest.mark.django_db
@pytest.mark.mariadb
def test_today_and_readiness_name_the_server(dora: User) -> None:
    node = database_node()
    assert node is not None
    client = Client()
    assert client.get("/readyz").json()["node"] == {"node": node.name}
    sign_in_fully(client, dora)
    assert f"{node.name}: a single server" in client.get("/admin/").content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.mariadb
def test_a_server_that_takes_no_writes_is_not_ready() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
    try:
        answer = Client().get("/readyz")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET GLOBAL read_only = 0")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "takes no writes" in answer.json()["missing"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.mariadb
def test_books_are_checked_on_each_server_and_compared(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    fund_wallet(bob, 10_00)
    nodes = [server(), server()]
    options = connection.settings_dict["OPTIONS"] | {"nodes": nodes}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    assert database_nodes() == nodes[:1]
    out = StringIO()
    call_command("check_books", "--all-nodes", stdout=out)
    assert "0 checks failed; 0 postings, digest 0" in out.getvalue()
    assert "The books are sound, and the same on 1 nodes." in out.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.mariadb
def test_a_server_that_does_not_answer_fails_the_proof(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    options = connection.settings_dict["OPTIONS"] | {"nodes": [server(), Node("127.0.0.1", 1)]}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    with pytest.raises(CommandError, match=r"not sound on every node: 127\.0\.0\.1:1 does not answer"):
        call_command("check_books", "--all-nodes", stdout=StringIO())


@pytest.mark.django_db(transaction=True)
@pytest.mark.mariadb
def test_the_digest_of_the_books_changes_with_every_fact(bob: User, carol: User) -> None:
    fund_wallet(bob, 10_00)
    first = digest_of_books(clock.now())
    with connected_to(server()):
        assert digest_of_books(clock.now()) == first
    fund_wallet(carol, 10_00)
    second = digest_of_books(clock.now())
    assert first.startswith("2 postings")
    assert second.startswith("4 postings")
    assert first.split()[-1] != second.split()[-1]

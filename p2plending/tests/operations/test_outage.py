"""The database is away: every door says 503 and when to try again, and the cache finds nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.db import IntegrityError, InterfaceError, OperationalError, ProgrammingError
from django.http import HttpResponse
from django.test import Client
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.models import User
from p2plending.lib.database.transactions import is_outage
from p2plending.tests.support.outage import no_database
from p2plending.tests.support.places import owner_of, path_to, url_names
from p2plending.tests.support.scene import Scene

pytestmark = pytest.mark.django_db
# What answers without a database. Everything else must say that it can't.
NEEDS_NONE = {"session": {"healthz"}, "token": {"api-docs"}}


@pytest.fixture
def _cache_in_database(settings: Any) -> None:
    """As outside the tests: both in the database."""
    settings.CACHES = {
        "default": {"BACKEND": "accounts.services.rate_limits.KeptCache"},
        "pages": {"BACKEND": "p2plending.lib.database.cache.ForgivingDatabaseCache", "LOCATION": "p2plending_cache"},
    }


def asked(client: Client, path: str, refresh: str, **headers: str) -> list[HttpResponse]:
    """The answers to reading a page and to sending something to it."""
    sent = {"form_key": "k", "email": "bob@example.org", "password": "wrong", "refresh": refresh, "token": refresh}
    json = client.post(path, sent, content_type="application/json", HTTP_IDEMPOTENCY_KEY="a" * 16, **headers)
    return [client.get(path, **headers), client.post(path, sent, **headers), json]


# Over one database: a server that is away is waited for at each address, which takes a quarter of an hour in all.
@pytest.mark.one_database
@pytest.mark.slow
@pytest.mark.usefixtures("_cache_in_database")
@pytest.mark.parametrize("door", ["nobody", "session", "token"])
def test_every_url_says_503_and_when_to_try_again_while_the_database_is_away(scene: Scene, door: str) -> None:
    calls: list[tuple[str, str, Client, dict[str, str]]] = []
    refresh = str(RefreshToken.for_user(scene.lender))
    for name in url_names():
        client, headers = Client(raise_request_exception=False), {}
        owner = owner_of(name, scene)
        if door == "session":
            client.force_login(owner)
        elif door == "token":
            headers["HTTP_AUTHORIZATION"] = f"Bearer {RefreshToken.for_user(owner).access_token}"
        calls.append((name, path_to(name, scene), client, headers))
    wrong, served = [], set()
    with no_database():
        for name, path, client, headers in calls:
            for answer in asked(client, path, refresh, **headers):
                if answer.status_code == 503:
                    served.add(name)
                    if not answer.headers.get("Retry-After"):
                        wrong.append((path, "no Retry-After"))
                elif answer.status_code >= 500:
                    wrong.append((path, answer.status_code))
    assert wrong == []
    ours = {name for name, *_call in calls if name.startswith("api-") == (door == "token")}
    if door != "nobody":
        assert ours - served == NEEDS_NONE[door]


@pytest.mark.usefixtures("_cache_in_database")
def test_signing_in_is_503_while_the_database_is_away(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2plending.lib.database.transactions.DEADLINE_SECONDS", 1.0)
    form = {"login": bob.email, "password": "wrong"}
    client = Client(raise_request_exception=False)
    with no_database():
        page = client.post("/accounts/login/", form)
        token = client.post("/api/v1/auth/token/", form | {"email": bob.email}, content_type="application/json")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "Our database does not answer" in page.content.decode()
    assert (token.status_code, token.json()["code"], token.headers["Retry-After"]) == (503, "busy", "5")


@pytest.mark.usefixtures("_cache_in_database")
def test_a_cache_without_a_database_finds_nothing_and_stores_nothing() -> None:
    cache = caches["pages"]
    with no_database():
        assert cache.get("key", "missed") == "missed"
        assert cache.get_many(["key"]) == {}
        assert cache.has_key("key") is False
        assert cache.add("key", 1) is True
        assert cache.touch("key") is False
        assert cache.delete("key") is False
        cache.set("key", 1)
        cache.set_many({"key": 1})
        cache.delete_many(["key"])
        cache.clear()
        assert cache.get_or_set("key", 7) == 7


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperationalError(2003, "Can't connect"), True),
        (OperationalError(1047, "WSREP has not yet prepared node"), True),
        (OperationalError(1213, "Deadlock found"), True),
        (OperationalError(1290, "running with the --read-only option"), True),
        (InterfaceError(0, ""), True),
        (OperationalError("database is locked"), True),
        (OperationalError(1054, "Unknown column"), False),
        (OperationalError("no such table: x"), False),
        (ProgrammingError(1146, "Table doesn't exist"), False),
        (IntegrityError(1062, "Duplicate entry"), False),
        (ValueError(2003), False),
        (None, False),
    ],
)
def test_an_outage_is_told_from_a_bug(error: Exception | None, expected: bool) -> None:
    assert is_outage(error) is expected


@pytest.mark.one_database
def test_what_came_of_an_outage_is_one() -> None:
    late = AttributeError("no such attribute")
    late.__context__ = OperationalError(2006, "gone away")
    assert is_outage(late)

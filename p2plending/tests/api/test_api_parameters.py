"""An endpoint that does not have a query parameter says so: a misspelt filter never answers with the whole list."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.urls import URLPattern, URLResolver
from rest_framework.test import APIClient

from accounts.models import User
from p2plending.lib.api.views import ApiListView, ApiView
from p2plending.tests.support.places import owner_of, path_to, url_names
from p2plending.tests.support.scene import Scene
from p2plending.urls.api import version_1

ApiOf = Callable[[User], APIClient]
LISTING_FILTERS = (
    "grade, rate_min, rate_max, term, purpose, amount_min, amount_max, needed, history, ends, new, hide_mine, sort, "
    "page, limit"
)


def views_of(patterns: list[URLPattern | URLResolver]) -> list[type]:
    found = []
    for entry in patterns:
        found += views_of(entry.url_patterns) if isinstance(entry, URLResolver) else [entry.callback.view_class]
    return found


@pytest.mark.one_database
def test_every_endpoint_stands_on_the_base_that_checks_its_parameters() -> None:
    assert [view for view in views_of(version_1) if not issubclass(view, ApiView | ApiListView)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["grades=A", "grade=A&grades=A", "grades=", "Grade=A", "grade%00=A", "page_size=5"])
def test_a_filter_that_does_not_exist_is_refused_and_names_those_that_do(
    query: str, scene: Scene, api_of: ApiOf
) -> None:
    cache.clear()
    answer = api_of(scene.lender).get(f"/api/v1/listings/?{query}")
    name = query.split("&")[-1].split("=")[0].replace("%00", "\0")
    assert (answer.status_code, answer.data["code"]) == (422, "invalid")
    words = f"There is no such parameter. There are: {LISTING_FILTERS}."
    assert answer.data["errors"] == [{"pointer": f"/{name}", "code": "unknown_parameter", "detail": words}]


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.django_db
def test_every_endpoint_refuses_a_parameter_that_it_does_not_declare(scene: Scene, api_of: ApiOf) -> None:
    """Asked of everything that opens for its owner, lists and single things."""
    asked = 0
    for name in url_names():
        if not name.startswith("api-") or name in ("api-schema", "api-docs"):
            continue
        client, path = api_of(owner_of(name, scene)), path_to(name, scene)
        cache.clear()
        if client.get(path).status_code != 200:
            continue
        answer = client.get(path, {"grades": "A"})
        assert (answer.status_code, answer.data["errors"][0]["code"]) == (422, "unknown_parameter"), name
        asked += 1
    assert asked > 25

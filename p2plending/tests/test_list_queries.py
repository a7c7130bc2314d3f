"""What lists answer to addresses that nobody's link makes: the whole list with words, never a row more and never a 500.

Generated over the registry: every list × every field within two relations × hostile look-ups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import models
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from adminpanel.registry.base import ReadOnlyAdmin
from p2plending.tests.support.cast import cast_dora
from p2plending.tests.support.places import url_names
from p2plending.tests.support.scene import Scene

HOSTILE = (
    "regex", "iregex", "contains", "icontains", "startswith", "endswith", "gt", "lte", "in", "range", "len", "pk",
    "nonsense", "week_day",
)  # fmt: skip
LOOKUPS = ("", "exact", "isnull", "gte", "lt", "year", "month", "day", "date", "time", "hour", "year__gt", *HOSTILE)
REGISTRY = list(admin.site._registry.items())
SAID = "This list has no such page, filter or order."
NOISE = (
    "p=0", "p=-1", "p=abc", "p=1&p=2", "p=٣", "p=9999999999999999999999", "p=1.5", "p=%00",
    "o=abc", "o=1.x", "o=99999999999999999999", "o=1..2", "o=-", f"o={'1.' * 500}1",
    "all=1", "all=", "_facets=True", "_popup=1", "_to_field=password", "_to_field=id", "e=1", "next=//evil.example",
    "q=%00", "q=a%00b", f"q={'a' * 60_000}", f"q={'%25_' * 20_000}", "q=a&q=b", "q=%0a", f"q={'x+' * 200}",
    "password__regex=^a", "pk=1", "id__in=1,2", "id=1", "__class__=x", "__=1", "%00=1", "a%00b=1",
    f"{'a' * 5_000}=1", f"{'user__' * 300}id=1", "csrfmiddlewaretoken=x",
)  # fmt: skip
# Every parameter that any page reads, together: pages, filters, amounts and dates that can't be meant.
PARAMETERS = (
    "page", "p", "o", "q", "tab", "grade", "rate_min", "rate_max", "term", "purpose", "amount", "amount_min",
    "amount_max", "needed", "history", "ends", "new", "hide_mine", "sort", "start", "end", "from", "to", "date",
    "as_of", "kind", "code", "type", "pick", "reason", "requested_amount", "term_months", "due_day", "method", "role",
    "via", "next", "product",
)  # fmt: skip
VALUES = (
    "", "0", "-1", "abc", "%00", "a%00b", "NaN", "1e400", "9" * 400, "٣", "%25", "'", "9999-12-31", "0001-01-01",
    "0000-00-00", "2026-02-30", "https://evil.example/", "%0d%0aX-Header:+1", "a" * 20_000, "1&page=2&grade=A&grade=A",
)  # fmt: skip


def pages_without_arguments() -> set[str]:
    """Our own pages that need nothing but their address; lists of the admin have their own test."""
    found = set()
    for name in url_names():
        if name.startswith(("account_", "mfa_", "usersessions_", "api-", "healthz", "readyz")):
            continue
        try:
            reverse(name)
        except NoReverseMatch:
            continue
        found.add(name)
    return {name for name in found if not name.endswith("_changelist")}


PAGES = pages_without_arguments()

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.one_database]


@pytest.fixture
def staff(client_of: Callable[[User], Client]) -> Client:
    client = client_of(cast_dora())
    client.raise_request_exception = False
    return client


def paths_within(model: type[models.Model], depth: int) -> Iterator[tuple[str, models.Field]]:
    """Every field reachable through forward and backward relations, with the way to it."""
    for field in model._meta.get_fields():
        name = field.name
        if field.is_relation and depth and field.related_model:
            yield from ((f"{name}__{way}", end) for way, end in paths_within(field.related_model, depth - 1))
        yield name, field


@pytest.mark.parametrize(("model", "model_admin"), REGISTRY, ids=lambda value: getattr(value, "__name__", ""))
def test_a_list_takes_the_look_ups_that_its_filters_show_and_no_other(
    model: type[models.Model], model_admin: ReadOnlyAdmin
) -> None:
    """`lookup_allowed` is what Django itself asks, whatever our own check of the address lets through."""
    shown = (*model_admin.list_filter, model_admin.date_hierarchy or "-")
    ways = {way for way, _field in paths_within(model, 2)}
    asked = [f"{way}__{lookup}" if lookup else way for way in sorted(ways) for lookup in LOOKUPS]
    taken = [one for one in asked if model_admin.lookup_allowed(one, "a")]
    assert [one for one in taken if not one.startswith(shown)] == []
    assert [one for one in taken if one.rsplit("__", 1)[-1] in HOSTILE] == []
    assert not model_admin.lookup_allowed("password__regex", "^a")


@pytest.mark.parametrize(("model", "model_admin"), REGISTRY, ids=lambda value: getattr(value, "__name__", ""))
def test_a_list_answers_noise_with_itself_and_a_word(
    scene: Scene, staff: Client, model: type[models.Model], model_admin: ReadOnlyAdmin
) -> None:
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    # One relation away is where the hashes are; two are covered without a request above.
    hostile = [f"{way}__regex=%5E(a%2B)%2B%24" for way, _field in paths_within(model, 1)]
    for query in (*NOISE, *hostile):
        cache.clear()
        answer = staff.get(f"{path}?{query}")
        assert (answer.status_code, answer.headers.get("Location")) == (302, path), query
    # A page that could be is looked for first: a list of one page shows it, others say so in one step more.
    assert staff.get(f"{path}?p=99999999").status_code in (200, 302)
    staff.get(f"{path}?password__regex=^a")
    assert SAID in staff.get(path).content.decode()


@pytest.mark.parametrize(("model", "model_admin"), REGISTRY, ids=lambda value: getattr(value, "__name__", ""))
def test_a_list_takes_every_link_of_its_own(
    scene: Scene, staff: Client, model: type[models.Model], model_admin: ReadOnlyAdmin
) -> None:
    """The check of addresses lets every filter, column, page and day through that the list itself offers."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    listed = staff.get(path).context["cl"]
    links = {choice["query_string"] for spec in listed.filter_specs for choice in spec.choices(listed)}
    links |= {f"?o={number}" for number in range(1, len(listed.list_display) + 1)} | {
        "?p=1",
        "?q=a" if listed.search_fields else "",
    }
    if model_admin.date_hierarchy:
        links.add(f"?{model_admin.date_hierarchy}__year=2026&{model_admin.date_hierarchy}__month=1")
    for link in sorted(links):
        assert staff.get(f"{path}{link}").status_code == 200, link


@pytest.mark.parametrize(("model", "model_admin"), REGISTRY, ids=lambda value: getattr(value, "__name__", ""))
def test_a_row_that_can_not_be_is_not_found(
    scene: Scene, staff: Client, model: type[models.Model], model_admin: ReadOnlyAdmin
) -> None:
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for row in (
        "abc",
        "0",
        "-1",
        "1" * 400,
        "%00",
        "1%00",
        "1e5",
        "٣",
        "1/../2",
        "_5F",
        "a" * 3000,
        "history",
        "1/delete",
    ):
        assert staff.get(f"{path}{row}/").status_code == 404, row


def test_the_audit_file_takes_what_its_list_takes(scene: Scene, staff: Client) -> None:
    path = reverse("admin:audit_csv")
    assert staff.get(path).headers["Content-Type"].startswith("text/csv")
    for query in NOISE:
        assert staff.get(f"{path}?{query}").status_code == 302, query


def test_no_page_breaks_on_any_query(scene: Scene, staff: Client, client_of: Callable[[User], Client]) -> None:
    """Every page without arguments, for a member of each role and staff: whatever stands behind the question mark."""
    queries = ["&".join(f"{name}={value}" for name in PARAMETERS) for value in VALUES]
    broken, seen = [], set()
    for person in (scene.lender, scene.active.borrower, scene.staff):
        client = client_of(person)
        client.raise_request_exception = False
        for name in sorted(PAGES - seen):
            path = reverse(name)
            if client.get(path).status_code != 200:
                continue
            seen.add(name)
            for query in queries:
                cache.clear()
                status = client.get(f"{path}?{query}").status_code
                if status >= 500:
                    broken.append((path, query[:40], status))
    assert broken == []
    assert len(seen) > 50

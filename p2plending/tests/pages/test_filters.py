"""Filters offer only what is in the list: in every list of the registry, the wallet and the market."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.contrib.admin import DateFieldListFilter
from django.contrib.admin import site as desk
from django.test import Client
from django.urls import reverse

from accounts.models import User
from ledger.enums.books import LineCode
from ledger.models import Posting
from loans.enums.loan import Purpose
from p2plending.tests.support.scene import Scene

ClientOf = Callable[[User], Client]


def registry() -> list[str]:
    return sorted(f"{model._meta.app_label}_{model._meta.model_name}" for model in desk._registry)


@pytest.mark.slow
@pytest.mark.django_db
def test_every_filter_of_every_list_of_the_registry_finds_something(scene: Scene, client_of: ClientOf) -> None:
    browser, empty, tried = client_of(scene.staff), [], 0
    for name in registry():
        page = browser.get(reverse(f"admin:{name}_changelist"))
        assert page.status_code == 200, name
        changelist = page.context["cl"]
        for one in changelist.filter_specs:
            if isinstance(one, DateFieldListFilter):
                continue  # spans of time, which people know without looking
            for choice in one.choices(changelist):
                tried += 1
                shown = browser.get(reverse(f"admin:{name}_changelist") + choice["query_string"])
                if shown.context["cl"].result_count == 0 and changelist.result_count:
                    empty.append((name, one.title, str(choice["display"])))
    assert empty == []
    assert tried > 60


@pytest.mark.django_db
def test_a_filter_that_is_chosen_stays_even_when_it_finds_nothing(scene: Scene, client_of: ClientOf) -> None:
    answer = client_of(scene.staff).get(reverse("admin:ledger_deposit_changelist"), {"status__exact": "reversed"})
    [spec] = [one for one in answer.context["cl"].filter_specs if one.title == "state"]
    chosen = [choice["display"] for choice in spec.choices(answer.context["cl"]) if choice["selected"]]
    assert (answer.context["cl"].result_count, chosen) == (0, ["Came back"])


@pytest.mark.django_db
def test_the_wallet_offers_the_kinds_of_lines_that_it_has(scene: Scene, client_of: ClientOf) -> None:
    lender, browser = scene.lender, client_of(scene.lender)
    codes = set(Posting.objects.filter(account__owner=lender, account__code="C2100").values_list("code", flat=True))
    form = browser.get(reverse("ledger:wallet")).context["form"]
    offered = [value for value, _words in form.fields["type"].choices if value]
    assert offered == [code for code in LineCode.values if code in codes]
    for code in offered:
        assert browser.get(reverse("ledger:wallet"), {"type": code}).context["lines"]
    # An old address asks for what is not there: nothing is found, and it says what was asked.
    answer = browser.get(reverse("ledger:wallet"), {"type": LineCode.COLLECTION_FEE})
    assert (answer.context["lines"], answer.context["form"].errors) == ([], {})
    assert "No lines match" in answer.content.decode()


@pytest.mark.django_db
def test_the_market_offers_what_finds_loans_and_says_how_many(scene: Scene, client_of: ClientOf) -> None:
    browser, market = client_of(scene.lender), reverse("matching:marketplace")
    form = browser.get(market).context["form"]
    for name in ("purpose", "history", "ends"):
        for value, words in form.fields[name].choices:
            if value:
                found = browser.get(f"{market}?{urlencode({name: value})}").context["counts"].matching
                assert found > 0
                assert words.endswith(f"({found})")
    chosen = browser.get(market, {"purpose": Purpose.EDUCATION}).context["form"]
    assert f"{Purpose.EDUCATION.label} (0)" in dict(chosen.fields["purpose"].choices).values()

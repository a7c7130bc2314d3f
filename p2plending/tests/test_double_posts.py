"""Every form with a one-time key, posted twice at the same moment: one effect, and both see the first result.

The race of fifty lenders for the last part of a loan is in `loans/tests/test_borrowing_races.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from accounts.enums.people import Role
from accounts.models import OperationKey, User
from ledger.models import JournalEntry
from loans.models import Loan
from loans.services.servicing.bring_forward import bring_loan_forward
from p2plending.tests.pages.test_wrong_input import NOT_OURS, forms_of
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.places import owner_of, path_to, url_names
from p2plending.tests.support.scene import Scene, build_scene
from p2plending.tests.support.twins import at_once
from p2plending.tests.support.world import commit, listed_loan, new_key, verified
from p2plending.tests.test_double_posts_in_trouble import IN_TROUBLE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.mariadb]

# URL name, the good answers beside the key, and how many journal entries one effect makes.
Form = tuple[str, dict[str, Any], int]
# Forms whose twin can't do anything twice, because the first page of several only shows the next one.
WITHOUT_EFFECT = {"ledger:add", "ledger:take_out", "loans:pay", "loans:help"}


def forward(scene: Scene) -> list[Form]:
    """In an order in which each is still possible after those before."""
    today = scene.today.isoformat()
    found = {"value_date": today}
    account = {"account_holder": "Lena", "iban": "DE89 3704 0044 0532 0130 00"}
    rule = {"grades": ["A", "B"], "min_rate": "6", "max_term_months": "24", "amount_per_loan": "50"}
    return [
        ("ledger:add_check", {"amount": "12.34", "sent_on": today, "method": "bank_transfer"}, 0),
        ("ledger:take_out_check", {"amount": "12.34", **account}, 1),
        ("matching:lend", {"amount": "25", "understood": "on"}, 1),
        ("matching:withdraw_commitment", {}, 1),
        ("matching:auto_invest_edit", {"keep_available": "0", **rule}, 0),
        ("matching:auto_invest_activate", {"consent": "on"}, 0),
        ("matching:auto_invest_pause", {}, 0),
        ("loans:apply_check", dict.fromkeys(("answers_are_true", "has_read_costs", "agrees_to_check"), "on"), 0),
        ("loans:accept_offer", {"has_read_offer": "on"}, 0),
        ("loans:pay_check", {"amount": "20", "method": "wallet", **found}, 1),
        ("admin:repayment_confirm", found, 1),
        ("admin:deposit_confirm", found, 1),
        ("admin:withdrawal_approve", {}, 0),
        ("admin:withdrawal_pay", {"paid_on": today}, 1),
        ("admin:loan_offer", {"grade": scene.reviewed.assessment.grade}, 0),
        ("loans:sign", {"typed_name": scene.funded.borrower.full_name, "has_read_agreement": "on"}, 0),
        ("admin:pay_out", {}, 1),
        ("admin:loan_close", {"reason": "the purpose has changed."}, 1),
    ]


def back(_scene: Scene) -> list[Form]:
    """The other decisions about the same things, and a loan in trouble."""
    pause = {"option": "holiday", "payments": "2"}
    return [
        ("ledger:cancel_deposit", {}, 0),
        ("ledger:cancel_withdrawal", {}, 1),
        ("admin:repayment_reject", {"note": "Not found."}, 0),
        ("admin:reverse_payment", {"reason": "The bank took it back."}, 0),
        ("loans:help_send", {"cause": "income", "expected_months": "3", "affordable_amount": "20", **pause}, 0),
        ("admin:case_step", {"cause": "fraud", "reason": "Gone.", "confirmed": "on"}, 0),
        ("admin:loan_decline", {"reasons": ["STORY"], "note": "", "confirmed": "on"}, 0),
        ("loans:decide_smaller", {"decision": "decline"}, 1),
        ("loans:withdraw", {}, 1),
    ]


def refused(_scene: Scene) -> list[Form]:
    """What staff say no to."""
    return [
        ("admin:deposit_reject", {"note": "Not found."}, 0),
        ("admin:withdrawal_reject", {"note": "Wrong account."}, 1),
    ]


@pytest.fixture
def scene(dora: User) -> Scene:
    return build_scene()


@pytest.fixture
def partly_funded(scene: Scene) -> Loan:
    """A listing that has ended with three quarters of the money."""
    loan = listed_loan(verified("Partial", Role.BORROWER), today=scene.today, accepts_partial_funding=True)
    commit(loan, scene.lender, 750_00, today=scene.today)
    return bring_loan_forward(loan_id=loan.pk, today=loan.listing_ends_on.replace(year=loan.listing_ends_on.year + 1))


@pytest.mark.parametrize("forms", [forward, back, refused])
def test_each_form_posted_twice_at_once_has_one_effect(
    forms: Callable[[Scene], list[Form]], scene: Scene, partly_funded: Loan, client_of: Callable[[User], Client]
) -> None:
    for name, answers, entries in forms(scene):
        smaller = name == "loans:decide_smaller"
        person = partly_funded.borrower if smaller else owner_of(name, scene)
        path = f"/borrowing/loans/{partly_funded.reference}/smaller/" if smaller else path_to(name, scene)
        key, before = new_key(), JournalEntry.objects.count()

        results = at_once(lambda person=person: client_of(person), path, answers | {"form_key": key})

        shown = [(result.status_code, result.headers.get("Location")) for result in results]
        assert len(shown) == 2, name
        assert shown[0] == shown[1], name
        assert shown[0][0] == 302, (name, results[0].content.decode()[:3000])
        assert OperationKey.objects.filter(key=key).count() == 1, name
        assert JournalEntry.objects.count() == before + entries, name
    assert_sound_books()


def keyed_forms(scene: Scene, client_of: Callable[[User], Client]) -> Iterator[str]:
    """Names of the URLs to which the pages of the scene send a form with a key."""
    for name in url_names():
        if not name.startswith(("api-", "components", *NOT_OURS)):
            for action, fields in forms_of(client_of(owner_of(name, scene)), path_to(name, scene)).items():
                if "form_key" in fields:
                    yield resolve(action.partition("?")[0]).view_name


def test_no_form_with_a_key_is_forgotten(scene: Scene, client_of: Callable[[User], Client]) -> None:
    known = {name for forms in (forward, back, refused) for name, _answers, _entries in forms(scene)}
    assert set(keyed_forms(scene, client_of)) - known - IN_TROUBLE - WITHOUT_EFFECT == set()

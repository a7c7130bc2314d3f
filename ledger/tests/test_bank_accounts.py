"""Where money is sent: IBANs as people paste them, and accounts where the currency's banks have none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from ledger.bank_details.accounts import (
    BankAccount,
    InvalidBankAccount,
    InvalidIban,
    checked_account,
    client_account,
    uses_iban,
)
from ledger.bank_details.iban import bank_of, is_valid_iban, normal_iban
from ledger.models import Withdrawal
from p2plending.lib.clock import business_date
from p2plending.tests.support.world import fund_wallet, new_key

ClientOf = Callable[[User], Client]
ApiOf = Callable[[User], APIClient]
CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "ibans.json").read_text(encoding="utf-8"))
IBAN = "DE89370400440532013000"
LOCAL = {"bank_name": "First Example Bank", "account_number": "0001 2345-678", "routing_code": "021-000-021"}


@pytest.fixture
def rich_bob(bob: User) -> User:
    fund_wallet(bob, 500_00, today=business_date())
    return bob


@pytest.fixture
def dollars(settings: Any) -> None:
    """A deployment in a currency whose banks have no IBANs. Asked for first: books keep their currency."""
    settings.CURRENCY, settings.CURRENCY_SYMBOL = "USD", "$"


def asked_by_api(api: APIClient, **account: str) -> Any:
    body = {"amount": "50.00", "account_holder": "Bob Example"} | account
    return api.post("/api/v1/withdrawals/", body, format="json", HTTP_IDEMPOTENCY_KEY=new_key())


def asked_by_page(client: Client, **account: str) -> Any:
    told = {"amount": "50.00", "account_holder": "Bob Example", "form_key": new_key()} | account
    checked = client.post("/wallet/take-out/", told)
    return client.post("/wallet/take-out/check/", told) if checked.status_code == 302 else checked


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
@pytest.mark.django_db
def test_an_iban_by_api_is_stored_plainly_or_refused_at_its_field(
    rich_bob: User, api_of: ApiOf, case: dict[str, Any]
) -> None:
    answer = asked_by_api(api_of(rich_bob), iban=case["input"])
    if case["right"]["valid"]:
        assert answer.status_code == 201, answer.json()
        assert Withdrawal.objects.get().iban == case["right"].get("stored", case["input"])
    else:
        assert answer.status_code == 422
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/iban", "invalid_iban")]
        assert not Withdrawal.objects.exists()


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
@pytest.mark.django_db
def test_an_iban_by_page_is_stored_plainly_or_refused_at_its_field(
    rich_bob: User, client_of: ClientOf, case: dict[str, Any]
) -> None:
    answer = asked_by_page(client_of(rich_bob), iban=case["input"])
    if case["right"]["valid"]:
        assert answer.status_code == 302
        assert Withdrawal.objects.get().iban == case["right"].get("stored", case["input"])
    else:
        assert answer.status_code == 422
        assert "iban" in answer.context["form"].errors
        assert not Withdrawal.objects.exists()


@pytest.mark.one_database
@pytest.mark.parametrize(
    "between", ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202f", "\t", "\n", "‐", "–", ".", "/"]
)
@pytest.mark.parametrize("before", ["", "\u202d", "IBAN ", "iban: ", "IBAN\u00a0"])
def test_what_comes_along_when_a_number_is_copied_does_not_matter(before: str, between: str) -> None:
    pasted = before + between.join((IBAN[:4], IBAN[4:8], IBAN[8:])) + "\u202c"
    assert normal_iban(pasted) == IBAN
    assert normal_iban("ｄｅ８９３７０４００４４０５３２０１３０００") == IBAN


@pytest.mark.one_database
@pytest.mark.parametrize(
    "number",
    [
        *("GB29NWBK60161331926819", "FR1420041010050500013M02606", "NL91ABNA0417164300", "IE29AIBK93115212345678"),
        *("BR1800360305000010009795493C1", "AE070331234567890123456", "TR330006100519786457841326"),
        *("BE68539007547034", "IT60X0542811101000000123456", "ES9121000418450200051332", "CH9300762011623852957"),
    ],
)
def test_the_examples_of_the_registry_are_valid_and_no_other_number_near_them(number: str) -> None:
    assert is_valid_iban(number)
    for wrong in (
        number[:-1],
        number + "0",
        number[:4] + "#" + number[5:],
        "ZZ" + number[2:],
        number[:2] + "00" + number[4:],
        "",
    ):
        assert not is_valid_iban(wrong)


@pytest.mark.one_database
def test_the_bank_of_a_number_is_named_where_it_is_known() -> None:
    assert bank_of(IBAN) == "Commerzbank, COBADEFFXXX"
    assert bank_of("XX00") == ""


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("currency", "iban"), [("EUR", True), ("GBP", True), ("CHF", True), ("USD", False), ("INR", False)]
)
def test_a_currency_has_ibans_or_not(currency: str, iban: bool) -> None:
    assert uses_iban(currency) is iban


# --- where the currency has no IBANs ----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_an_account_without_iban_is_asked_for_stored_encrypted_and_shown_to_staff(
    dollars: None, rich_bob: User, dora: User, client_of: ClientOf
) -> None:
    client = client_of(rich_bob)
    form = client.get("/wallet/take-out/").context["form"]
    assert [name for name in form.fields if name in ("iban", *LOCAL)] == list(LOCAL)
    assert asked_by_page(client, **LOCAL).status_code == 302
    withdrawal = Withdrawal.objects.get()
    assert (withdrawal.bank_name, withdrawal.account_number, withdrawal.routing_code, withdrawal.iban) == (
        *("First Example Bank", "00012345678", "021000021", ""),
    )
    assert withdrawal.iban_last4 == "5678"
    page = client.get(f"/wallet/withdrawals/{withdrawal.reference}/").content.decode()
    assert "First Example Bank" in page
    assert "00012345678" not in page
    desk = client_of(dora).get(reverse("admin:withdrawal", args=[withdrawal.reference])).content.decode()
    assert "00012345678, 021000021, First Example Bank" in desk


@pytest.mark.django_db
def test_an_account_without_iban_is_taken_by_api_once_per_key(dollars: None, rich_bob: User, api_of: ApiOf) -> None:
    api, key = api_of(rich_bob), new_key()
    body = {"amount": "50.00", "account_holder": "Bob Example"} | LOCAL
    answers = [api.post("/api/v1/withdrawals/", body, format="json", HTTP_IDEMPOTENCY_KEY=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["reference"] == answers[1].json()["reference"]
    assert answers[0].json()["bank_name"] == "First Example Bank"
    assert "00012345678" not in str(answers[0].json())
    assert Withdrawal.objects.count() == 1


WRONG = {
    "no bank": ({"bank_name": " "}, "bank_name"),
    "an invisible bank": ({"bank_name": "First\u202eBank"}, "bank_name"),
    "a long bank": ({"bank_name": "B" * 101}, "bank_name"),
    "no number": ({"account_number": "-"}, "account_number"),
    "a short number": ({"account_number": "123"}, "account_number"),
    "letters only": ({"account_number": "ABCDEFGH"}, "account_number"),
    "a long number": ({"account_number": "1" * 35}, "account_number"),
    "signs": ({"account_number": "1234#5678"}, "account_number"),
    "a short code": ({"routing_code": "12"}, "routing_code"),
    "a long code": ({"routing_code": "1" * 16}, "routing_code"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", WRONG)
def test_an_account_that_can_not_be_one_is_refused_at_its_field(
    dollars: None, rich_bob: User, api_of: ApiOf, client_of: ClientOf, name: str
) -> None:
    wrong, field = WRONG[name]
    by_api = asked_by_api(api_of(rich_bob), **(LOCAL | wrong))
    assert by_api.status_code == 422
    assert [error["pointer"] for error in by_api.json()["errors"]] == [f"/{field}"]
    by_page = asked_by_page(client_of(rich_bob), **(LOCAL | wrong))
    assert by_page.status_code == 422
    assert list(by_page.context["form"].errors) == [field]
    assert not Withdrawal.objects.exists()


@pytest.mark.django_db
def test_the_shape_of_the_other_currencies_is_refused(rich_bob: User, api_of: ApiOf, settings: Any) -> None:
    api = api_of(rich_bob)
    assert asked_by_api(api, **LOCAL).json()["errors"][0]["pointer"] == "/iban"
    with_both = asked_by_api(api, iban=IBAN, bank_name="First").json()["errors"]
    assert [(error["pointer"], error["code"]) for error in with_both] == [("/bank_name", "not_here")]
    settings.CURRENCY = "USD"
    codes = {error["pointer"]: error["code"] for error in asked_by_api(api, iban=IBAN).json()["errors"]}
    assert codes == {"/account_number": "required", "/bank_name": "required", "/iban": "not_here"}
    assert not Withdrawal.objects.exists()
    with pytest.raises(InvalidBankAccount):
        checked_account(BankAccount(iban=IBAN))
    settings.CURRENCY = "EUR"
    with pytest.raises(InvalidIban):
        checked_account(BankAccount(**LOCAL))


@pytest.mark.django_db
def test_our_own_account_is_shown_in_the_shape_of_the_currency(
    dollars: None, rich_bob: User, client_of: ClientOf, settings: Any
) -> None:
    assert client_account() == []
    settings.CLIENT_ACCOUNT_BANK, settings.CLIENT_ACCOUNT_NUMBER = "Our Bank", "987654321"
    assert client_account()[1:] == [("Bank", "Our Bank"), ("Account number", "987654321")]
    page = client_of(rich_bob).get("/wallet/add/").content.decode()
    assert "987654321" in page
    assert settings.CLIENT_ACCOUNT_IBAN not in page

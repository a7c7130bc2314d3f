"""Inputs that break parsers, numbers and databases: every one is a clear 4xx, and nothing moves."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import RequestFactory
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.enums.people import Role
from accounts.models import User
from ledger.models import Deposit, JournalEntry, Withdrawal
from loans.models import Commitment, Loan, Repayment
from p2plending.lib.api.parsers import StrictJSONParser
from p2plending.lib.clock import business_date
from p2plending.tests.support.cast import cast, cast_dora
from p2plending.tests.support.shared import shared_scene
from p2plending.tests.support.world import active_loan, draft_loan, fund_wallet, listed_loan, new_key
from p2plending.wsgi import application

ApiOf = Callable[[User], APIClient]
IBAN = "DE89370400440532013000"
NOT_JSON = {
    "nothing": "",
    "text": "hello",
    "half": '{"amount": ',
    "deep": '{"amount": ' + "[" * 100_000,
    "not a number": '{"amount": NaN}',
    "infinite": '{"amount": -Infinity}',
    "beyond a float": '{"amount": 1e400}',
    "5,000 digits": '{"amount": ' + "9" * 5_000 + "}",
    "a list": '[{"amount": "1.00"}]',
    "a number": "1",
    "null": "null",
    "an amount twice": '{"amount": "1.00", "amount": "2.00"}',
    "a NUL": '{"amount": "1.00\\u0000"}',
    "half a character": '{"amount": "\\ud800"}',
    "a name with a NUL": '{"amount": "1.00", "\\u0000": 1}',
    "not UTF-8": b'{"amount": "\xff"}',
}
NO_AMOUNT = {
    "negative": "-5.00",
    "zero": "0.00",
    "a third decimal": "1.001",
    "an exponent": "1e3",
    "2**63 cents": "92233720368547758.08",
    "30 digits": "9" * 30,
    "5,000 digits": "9" * 5_000,
    "not a number": "NaN",
    "a number": 5,
    "a fraction": 5.5,
    "a truth": True,
    "null": None,
    "a list": ["5.00"],
    "an object": {"amount": "5.00"},
    "empty": "",
    "words": "five",
    "Arabic digits": "٥٠",
    "wide digits": "５０",
    "from right to left": "\u202e50.00",
    "spaces around": " 50.00 ",
    "thousands": "1,050.00",
    "German": "1.050,00",
    "a decimal comma": "50,00",
    "no whole part": ".50",
    "a final line break": "50.00\n",
    "an emoji": "💶",
}
NO_DAY = (
    "0000-00-00",
    "2026-02-30",
    "31/12/2026",
    "+99999-01-01",
    "0001-01-01",
    "9999-12-31",
    "2026-W01-5",
    "20260102",
    "２０２６-01-02",
    "2026-1-2",
    "2026-01-02T00:00:00Z",
)
KEYS = {
    "none": None,
    "too short": "a" * 7,
    "too long": "a" * 65,
    "a space": "a key with spaces",
    "a line break": "abcdefgh\r\nX-Evil: 1",
    "a final line break": "abcdefgh\n",
    "not ASCII": "schlüssel-1",
}


class Scene:
    """Bob has 500.00 and may lend it to a loan of Alice's; she pays back another."""

    def __init__(self, borrower: User, other: User, lender: User) -> None:
        today = business_date()
        self.paying = active_loan(borrower, {lender: 1_000_00}, today=today)
        self.listed = listed_loan(other, today=today)
        self.people = {"borrower": borrower, "lender": lender}
        fund_wallet(lender, 500_00, today=today)

    def endpoint(self, name: str) -> tuple[User, str, dict[str, Any]]:
        """Who sends it, where to, and a body that would be taken."""
        today = business_date().isoformat()
        lender, borrower = self.people["lender"], self.people["borrower"]
        return {
            "deposit": (lender, "/api/v1/deposits/", {"amount": "50.00", "sent_on": today}),
            "withdraw": (
                lender, "/api/v1/withdrawals/", {"amount": "50.00", "account_holder": "Bob Example", "iban": IBAN},
            ),
            "lend": (lender, f"/api/v1/listings/{self.listed.reference}/commitments/", {"amount": "50.00"}),
            "repay": (
                borrower,
                f"/api/v1/loans/{self.paying.reference}/repayments/",
                {"amount": "50.00", "method": "declared", "value_date": today},
            ),
        }[name]  # fmt: skip


@shared_scene
def two_loans() -> Scene:
    officer = cast_dora()
    alice, carol = (cast(name, Role.BORROWER, officer) for name in ("Alice", "Carol"))
    return Scene(alice, carol, cast("Bob", Role.LENDER, officer))


@pytest.fixture
def scene(two_loans: Scene) -> Scene:
    cache.clear()
    return two_loans


@pytest.fixture(params=["deposit", "withdraw", "lend", "repay"])
def endpoint(request: pytest.FixtureRequest, scene: Scene) -> tuple[User, str, dict[str, Any]]:
    return scene.endpoint(request.param)


def facts() -> tuple[int, ...]:
    models = (JournalEntry, Deposit, Withdrawal, Commitment, Repayment)
    return tuple(model.objects.count() for model in models)


def problem_of(answer: Any) -> tuple[int, str]:
    """Status and code of an answer in the one error shape."""
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer["X-Request-ID"]
    return body["status"], body["code"]


def test_a_body_that_is_no_object_of_distinct_names_is_a_bad_request(endpoint: Any, api_of: ApiOf) -> None:
    person, path, _body = endpoint
    before, api, answers = facts(), api_of(person), {}
    for name, body in NOT_JSON.items():
        cache.clear()
        answers[name] = problem_of(
            api.generic("POST", path, body, content_type="application/json", headers={"Idempotency-Key": new_key()})
        )
    # An empty body is an empty object: its fields are missing.
    assert answers.pop("nothing") == (422, "invalid")
    assert answers == dict.fromkeys(answers, (400, "parse_error"))
    assert facts() == before


def test_what_is_no_amount_is_pointed_at(endpoint: Any, api_of: ApiOf) -> None:
    person, path, body = endpoint
    before, api, pointers = facts(), api_of(person), {}
    for name, amount in NO_AMOUNT.items():
        cache.clear()
        answer = api.post(path, body | {"amount": amount}, headers={"Idempotency-Key": new_key()})
        assert problem_of(answer) == (422, "invalid"), name
        pointers[name] = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == {name: ["/amount"] for name in NO_AMOUNT}
    assert facts() == before


def test_a_key_that_is_none_is_refused(endpoint: Any, api_of: ApiOf) -> None:
    person, path, body = endpoint
    before, api, codes = facts(), api_of(person), {}
    for name, key in KEYS.items():
        answer = api.post(path, body, headers={"Idempotency-Key": key} if key else {})
        assert problem_of(answer) == (422, "invalid"), name
        codes[name] = [error["code"] for error in answer.json()["errors"]]
    assert codes == {name: ["idempotency_key"] for name in KEYS}
    assert facts() == before


@pytest.mark.parametrize("day", NO_DAY)
def test_a_day_that_cannot_be_is_refused(day: str, scene: Scene, api_of: ApiOf) -> None:
    before = facts()
    sent = {}
    for name, field in (("deposit", "sent_on"), ("repay", "value_date")):
        person, path, body = scene.endpoint(name)
        answer = api_of(person).post(path, body | {field: day}, headers={"Idempotency-Key": new_key()})
        sent[name] = problem_of(answer)[0]
    quote = api_of(scene.people["borrower"]).get(f"/api/v1/loans/{scene.paying.reference}/payoff-quote/?date={day}")
    assert sent | {"quote": problem_of(quote)[0]} == {"deposit": 422, "repay": 422, "quote": 422}
    assert facts() == before


@pytest.mark.parametrize("value", ["maybe", "ja", 2, -1, [], {}])
def test_what_is_neither_true_nor_false_is_refused(value: Any, alice: User, api_of: ApiOf) -> None:
    loan = draft_loan(alice, today=business_date())
    answer = api_of(alice).patch(f"/api/v1/loans/{loan.reference}/", {"is_homeowner": value})
    assert (problem_of(answer), answer.json()["errors"][0]["pointer"]) == ((422, "invalid"), "/is_homeowner")
    assert Loan.objects.get(pk=loan.pk).is_homeowner is True


@pytest.mark.parametrize("name", ["Zoë 👩‍🚀 Example", "עליזה לוי", "李小龍", "O’Neill-Smith"])
def test_every_script_comes_back_as_it_was_sent(name: str, bob: User, api_of: ApiOf) -> None:
    assert api_of(bob).patch("/api/v1/me/", {"full_name": name}).json()["full_name"] == name


@pytest.mark.parametrize(
    "path",
    [
        "wallet/transactions/JE-0000000000/99999999999999999999999/",
        "wallet/transactions/JE-0000000000/9223372036854775808/",
        f"deposits/{'D' * 300}/",
        "loans/%00/",
        "loans/%0d%0aX-Evil:1/",
        "listings/%F0%9F%92%B6/",
        "nothing-here/",
        "loans/?page=99999999999999999999999",
        "loans/?page=0",
        "loans/?page=one",
    ],
)
def test_what_is_nowhere_is_not_found(path: str, bob: User, api_of: ApiOf) -> None:
    assert problem_of(api_of(bob).get(f"/api/v1/{path}")) == (404, "not_found")


@pytest.mark.parametrize("limit", ["0", "-1", "101", "ten", "", "1e2", "5&limit=6", "99999999999999999999", "٥"])
def test_a_limit_that_cannot_be_is_refused(limit: str, bob: User, api_of: ApiOf) -> None:
    answer = api_of(bob).get(f"/api/v1/commitments/?limit={limit}")
    assert (problem_of(answer), answer.json()["errors"][0]["pointer"]) == ((422, "invalid"), "/limit")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("listings/?rate_min=NaN", "/rate_min"),
        ("listings/?rate_max=1e400", "/rate_max"),
        ("listings/?amount_min=-1", "/amount_min"),
        ("listings/?needed=٥٠", "/needed"),
        ("listings/?sort=password", "/sort"),
        ("listings/?grade=%00", "/grade"),
        ("statements/?from=2026-13-01&to=2026-12-31", "/start"),
        ("statements/?from=9999-12-31&to=0001-01-01", "/to"),
        ("wallet/transactions/?code=%27%20OR%201%3D1", "/code"),
    ],
)
def test_a_question_that_cannot_be_asked_is_pointed_at(path: str, pointer: str, bob: User, api_of: ApiOf) -> None:
    answer = api_of(bob).get(f"/api/v1/{path}")
    assert (problem_of(answer)[0], answer.json()["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.parametrize("charset", ["zlib", "rot13", "utf-16", "punycode", "no-such-thing"])
def test_a_claimed_charset_changes_nothing(charset: str) -> None:
    body = '{"full_name": "Bob Ümläut"}'.encode()
    claim = {"QUERY_STRING": "a=%C3%A4", "CONTENT_TYPE": f"application/json; charset={charset}"}
    request = application.request_class(RequestFactory()._base_environ(**claim))
    assert (request.GET["a"], request.content_type, request.encoding) == ("ä", "application/json", None)
    parsed = StrictJSONParser().parse(io.BytesIO(body), parser_context={"encoding": charset})
    assert parsed == {"full_name": "Bob Ümläut"}


def forged(alice: User) -> dict[str, str]:
    token = AccessToken.for_user(alice)
    claims = dict(token.payload)
    key = settings.SIMPLE_JWT["SIGNING_KEY"]
    long_ago = int((dt.datetime.now(dt.UTC) - dt.timedelta(days=1)).timestamp())
    return {
        "no algorithm": jwt.encode(claims, "", algorithm="none"),
        "another key": jwt.encode(claims, "x" * 64, algorithm="HS256"),
        "another algorithm": jwt.encode(claims, key * 2, algorithm="HS512"),
        "another audience": jwt.encode(claims | {"aud": "elsewhere"}, key, algorithm="HS256"),
        "another issuer": jwt.encode(claims | {"iss": "elsewhere"}, key, algorithm="HS256"),
        "ended": jwt.encode(claims | {"exp": long_ago}, key, algorithm="HS256"),
        "nobody": jwt.encode(claims | {"user_id": "2147483647"}, key, algorithm="HS256"),
        "a huge person": jwt.encode(claims | {"user_id": "9" * 23}, key, algorithm="HS256"),
        "not a person": jwt.encode(claims | {"user_id": "alice"}, key, algorithm="HS256"),
        "a refresh token": str(RefreshToken.for_user(alice)),
        "words": "words",
    }


def test_a_token_that_we_did_not_give_out_lets_nobody_in(alice: User) -> None:
    answers = {}
    for name, token in forged(alice).items():
        cache.clear()
        api = APIClient()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        answers[name] = problem_of(api.get("/api/v1/me/"))[0]
    assert answers == dict.fromkeys(answers, 401)

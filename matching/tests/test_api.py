"""The lender's side over the API: the same rules, refusals and cents as the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from ledger.selectors import wallet_summary
from loans.models import Commitment, Loan
from matching.enums.mandates import MandateStatus, Occasion
from matching.models import LendingMandate, RiskProfile
from matching.services.allocation import run_mandates
from matching.services.profiles import set_risk_profile
from p2plending.tests.support import world

ApiOf = Callable[[User], APIClient]
Market = Callable[..., Loan]
V1 = "/api/v1"
RULE = {
    "grades": ["A", "B"],
    "min_rate": "0.060000",
    "max_term_months": 36,
    "amount_per_loan": "50.00",
    "keep_available": "100.00",
}


def key() -> dict[str, str]:
    return {"HTTP_IDEMPOTENCY_KEY": world.new_key()}


@pytest.mark.parametrize(
    "path",
    ["listings", "commitments", "notes", "matches", "risk-profile", "mandate", "mandate/decisions"],
)
def test_nothing_is_told_without_a_token(path: str, db: None) -> None:
    assert APIClient().get(f"{V1}/{path}/").status_code == 401


@pytest.mark.parametrize("path", ["matches", "risk-profile", "mandate"])
def test_a_borrower_finds_no_lender_things(path: str, alice: User, api_of: ApiOf) -> None:
    assert api_of(alice).get(f"{V1}/{path}/").status_code in (403, 404)


def test_listings_are_filtered_and_sorted_like_the_page(market: Market, bob: User, api_of: ApiOf) -> None:
    market("Nora", title="Boat", amount=2_000_00, purpose="other")
    market("Olga", title="Van", amount=1_000_00, purpose="vehicle")
    client = api_of(bob)
    assert [one["title"] for one in client.get(f"{V1}/listings/").data["results"]] == ["Boat", "Van"]
    assert [one["title"] for one in client.get(f"{V1}/listings/?purpose=vehicle").data["results"]] == ["Van"]
    assert [one["title"] for one in client.get(f"{V1}/listings/?sort=newest").data["results"]] == ["Van", "Boat"]


def test_a_wrong_filter_is_a_problem_with_a_pointer(market: Market, bob: User, api_of: ApiOf) -> None:
    answer = api_of(bob).get(f"{V1}/listings/?rate_min=abc")
    assert answer.status_code == 422
    assert answer.data["errors"][0]["pointer"] == "/rate_min"
    assert answer.data["errors"][0]["detail"] == "Enter the rate as a number, like 12.5."


def test_a_listing_tells_bands_and_earnings_and_no_names(market: Market, bob: User, api_of: ApiOf) -> None:
    world.set_price(Decimal("0.12"))
    loan = market("Nora", amount=10_000_00)
    answer = api_of(bob).get(f"{V1}/listings/{loan.reference}/?amount=100")
    assert answer.data["listing"]["annual_rate"] == "0.120000"
    assert answer.data["earnings"] == {
        "amount": "100.00",
        "interest": "6.61",
        "fee": "0.28",
        "expected_loss": str(answer.data["earnings"]["expected_loss"]),
        "back_if_all_goes_well": "106.33",
        "back_after_losses": str(answer.data["earnings"]["back_after_losses"]),
    }
    assert answer.data["limits"]["maximum"] == "0.00"
    assert "€0.00 available" in answer.data["limits"]["reason"]
    assert "Nora" not in str(answer.data)
    assert loan.borrower.email not in str(answer.data)


@pytest.fixture
def boat(market: Market) -> Loan:
    return market("Nora", amount=1_000_00)


def place(client: APIClient, loan: Loan, amount: Any, headers: dict[str, str] | None = None) -> Any:
    return client.post(f"{V1}/listings/{loan.reference}/commitments/", {"amount": amount}, **(headers or key()))


def test_a_commitment_is_placed_once_per_key(boat: Loan, bob: User, api_of: ApiOf, now_day: dt.date) -> None:
    world.fund_wallet(bob, 500_00, today=now_day)
    headers = key()
    first, second = place(api_of(bob), boat, "100.00", headers), place(api_of(bob), boat, "100.00", headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data["reference"] == second.data["reference"]
    assert second["Idempotent-Replayed"] == "true"
    assert first.data["amount"] == "100.00"
    assert wallet_summary(bob).reserved == 100_00


@pytest.mark.parametrize(
    ("amount", "status", "code"),
    [
        ("20.00", 422, "below_minimum"),
        ("26.00", 422, "not_a_step"),
        ("300.00", 422, "loan_share_cap"),
        ("5000.00", 409, "more_than_remaining"),
        ("abc", 422, "invalid"),
        ("0.00", 422, "invalid"),
        ("-5.00", 422, "invalid"),
        (100, 422, "invalid"),
        (None, 422, "invalid"),
    ],
)
def test_a_refused_commitment_names_its_rule_and_moves_nothing(
    amount: Any, status: int, code: str, boat: Loan, bob: User, api_of: ApiOf, now_day: dt.date
) -> None:
    world.fund_wallet(bob, 500_00, today=now_day)
    answer = place(api_of(bob), boat, amount)
    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert Commitment.objects.count() == 0
    assert wallet_summary(bob).available == 500_00


def test_a_commitment_needs_a_key_a_role_and_a_loan(
    boat: Loan, alice: User, bob: User, eve: User, api_of: ApiOf
) -> None:
    path = f"{V1}/listings/{boat.reference}/commitments/"
    assert api_of(bob).post(path, {"amount": "100.00"}).status_code == 422
    assert place(api_of(alice), boat, "100.00").data["code"] == "wrong_role"
    assert place(api_of(eve), boat, "100.00").data["code"] == "email_not_verified"
    answer = api_of(bob).post(f"{V1}/listings/LN-00000000/commitments/", {"amount": "100.00"}, **key())
    assert answer.status_code == 404
    assert Commitment.objects.count() == 0


def test_only_the_lender_withdraws_a_commitment(
    boat: Loan, bob: User, carol: User, api_of: ApiOf, now_day: dt.date
) -> None:
    world.commit(boat, bob, 100_00, today=now_day)
    reference = Commitment.objects.get().reference
    path = f"{V1}/commitments/{reference}/withdraw/"
    assert api_of(carol).post(path, **key()).status_code == 404
    assert api_of(carol).get(f"{V1}/commitments/").data["count"] == 0
    answer = api_of(bob).post(path, **key())
    assert (answer.status_code, answer.data["status"]) == (200, "withdrawn")
    assert wallet_summary(bob).available == 100_00


def test_notes_are_the_lenders_own(alice: User, bob: User, carol: User, api_of: ApiOf, now_day: dt.date) -> None:
    world.active_loan(alice, {bob: 600_00, carol: 400_00}, today=now_day)
    answer = api_of(bob).get(f"{V1}/notes/").data
    assert answer["count"] == 1
    own = answer["results"][0]
    assert (own["principal"], own["principal_outstanding"], own["status"]) == ("600.00", "600.00", "active")
    assert api_of(bob).get(f"{V1}/notes/{own['reference']}/").data["loan"] == own["loan"]
    assert api_of(carol).get(f"{V1}/notes/{own['reference']}/").status_code == 404


def test_a_risk_profile_is_set_and_read(bob: User, alice: User, api_of: ApiOf) -> None:
    client = api_of(bob)
    assert client.get(f"{V1}/risk-profile/").status_code == 404
    assert client.put(f"{V1}/risk-profile/", {"tolerance": "reckless"}).status_code == 422
    answer = client.put(f"{V1}/risk-profile/", {"tolerance": "conservative"})
    assert answer.data == {"tolerance": "conservative", "target_mix": {"A": "0.60", "B": "0.40"}}
    assert api_of(alice).put(f"{V1}/risk-profile/", {"tolerance": "growth"}).data["code"] == "lenders_only"
    assert RiskProfile.objects.count() == 1


def test_matches_come_with_their_reasons_and_can_be_dismissed(
    boat: Loan, bob: User, carol: User, api_of: ApiOf
) -> None:
    set_risk_profile(lender=bob, tolerance="growth", actor=bob)
    answer = api_of(bob).get(f"{V1}/matches/").data
    assert answer["count"] == 1
    found = answer["results"][0]
    assert found["listing"]["reference"] == boat.reference
    assert 1 <= len(found["reasons"]) <= 3
    path = f"{V1}/matches/{found['reference']}/dismiss/"
    assert api_of(carol).post(path).status_code == 404
    assert api_of(bob).post(path).data["status"] == "dismissed"
    assert api_of(bob).get(f"{V1}/matches/").data["count"] == 0


def test_a_rule_is_written_turned_on_with_its_own_consent_and_paused(bob: User, api_of: ApiOf) -> None:
    client = api_of(bob)
    assert client.get(f"{V1}/mandate/").status_code == 404
    saved = client.put(f"{V1}/mandate/", RULE, **key())
    assert (saved.status_code, saved.data["status"], saved.data["grades"]) == (200, "draft", ["A", "B"])
    wrong = client.post(f"{V1}/mandate/activate/", {"consent_text": "yes"}, **key())
    assert wrong.data["code"] == "consent_missing"
    on = client.post(f"{V1}/mandate/activate/", {"consent_text": saved.data["consent_text"]}, **key())
    assert on.data["status"] == "active"
    paused = client.post(f"{V1}/mandate/pause/", **key())
    assert paused.data["status"] == "paused"
    assert client.post(f"{V1}/mandate/pause/", **key()).data["code"] == "invalid_transition"


def test_a_consent_to_old_figures_turns_nothing_on(bob: User, api_of: ApiOf) -> None:
    client = api_of(bob)
    old = client.put(f"{V1}/mandate/", RULE, **key()).data["consent_text"]
    client.put(f"{V1}/mandate/", RULE | {"amount_per_loan": "500.00"}, **key())
    answer = client.post(f"{V1}/mandate/activate/", {"consent_text": old}, **key())
    assert answer.data["code"] == "consent_missing"
    assert LendingMandate.objects.get().status == MandateStatus.DRAFT


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"grades": []}, "no_grade_chosen"),
        ({"grades": ["Z"]}, "invalid"),
        ({"min_rate": "2"}, "invalid"),
        ({"max_term_months": 0}, "invalid"),
        ({"amount_per_loan": "24.00"}, "rule_amount_out_of_range"),
        ({"amount_per_loan": "27.50"}, "rule_amount_out_of_range"),
        ({"keep_available": "-1.00"}, "invalid"),
    ],
)
def test_a_wrong_rule_is_refused_and_not_kept(change: dict[str, Any], code: str, bob: User, api_of: ApiOf) -> None:
    answer = api_of(bob).put(f"{V1}/mandate/", RULE | change, **key())
    assert (answer.status_code, answer.data["code"]) == (422, code)
    assert LendingMandate.objects.count() == 0


def test_decisions_are_the_lenders_own_and_say_why(
    boat: Loan, bob: User, carol: User, rule: Callable[..., LendingMandate], api_of: ApiOf, now_day: dt.date
) -> None:
    world.fund_wallet(bob, 100_00, today=now_day)
    rule(bob)
    rule(carol)
    run_mandates(loan_id=boat.pk, occasion=Occasion.LISTED, today=now_day)
    mine = api_of(bob).get(f"{V1}/mandate/decisions/").data["results"]
    theirs = api_of(carol).get(f"{V1}/mandate/decisions/").data["results"]
    assert [(one["reason"], one["amount"]) for one in mine] == [("LENT", "50.00")]
    assert mine[0]["commitment"] == Commitment.objects.get().reference
    assert [(one["reason"], one["words"]) for one in theirs] == [
        ("NO_CASH", "You did not have enough money available.")
    ]

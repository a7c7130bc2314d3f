"""Tokens obey the same rules as the sign-in page."""

from __future__ import annotations

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.models import AuditEvent, RefreshedToken, User
from accounts.services.sign_in.tokens import purge_expired
from p2plending.tests.support.cast import PASSWORD, turn_on_second_step

TOKEN, REFRESH, VERIFY, LOGOUT = (f"/api/v1/auth/{name}/" for name in ("token", "refresh", "verify", "logout"))
ANYTHING_SIGNED_IN = "/api/v1/me/"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def api() -> APIClient:
    return APIClient()


def sign_in(api: APIClient, email: str = "alice@example.org", password: str = PASSWORD, **more: str) -> dict:
    return api.post(TOKEN, {"email": email, "password": password, **more})


def test_a_wrong_password_and_an_unknown_address_get_the_same_words(api: APIClient, alice: User) -> None:
    wrong = sign_in(api, password="not the password").json()
    unknown = sign_in(api, email="nobody@example.org").json()
    assert wrong["code"] == unknown["code"] == "wrong_credentials"
    assert wrong["detail"] == unknown["detail"]
    assert wrong["status"] == 401


def test_the_address_may_be_typed_in_capitals(api: APIClient, alice: User) -> None:
    assert set(sign_in(api, email=" ALICE@Example.org ").json()) == {"access", "refresh"}


def test_somebody_who_may_not_sign_in_gets_no_token(api: APIClient, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert sign_in(api).json()["code"] == "wrong_credentials"


def test_five_wrong_passwords_pause_the_account_even_for_the_right_one(api: APIClient, alice: User) -> None:
    for _ in range(5):
        assert sign_in(api, password="not the password").status_code == 401
    answer = sign_in(api)
    assert answer.status_code == 429
    assert answer.json()["code"] == "too_many_tries"


def test_a_second_step_is_asked_for_and_a_backup_code_works_once(api: APIClient, alice: User) -> None:
    turn_on_second_step(alice)
    codes = RecoveryCodes.activate(alice).get_unused_codes()
    assert sign_in(api).json()["code"] == "second_factor_required"
    assert sign_in(api, otp="000000").json()["code"] == "wrong_credentials"
    assert "access" in sign_in(api, otp=codes[0]).json()
    assert sign_in(api, otp=codes[0]).json()["code"] == "wrong_credentials"


def test_five_wrong_codes_pause_the_account_even_for_the_right_one(api: APIClient, alice: User) -> None:
    turn_on_second_step(alice)
    codes = RecoveryCodes.activate(alice).get_unused_codes()
    for number in range(5):
        assert sign_in(api, otp=f"00000{number}").json()["code"] == "wrong_credentials"
    refused = sign_in(api, otp=codes[0])
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tries")
    assert codes[0] in RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()


def test_a_made_up_forwarding_header_does_not_get_around_the_limit_of_an_address(api: APIClient, alice: User) -> None:
    answers = [
        api.post(REFRESH, {"refresh": "x"}, headers={"X-Forwarded-For": f"203.0.113.{number}"}).status_code
        for number in range(31)
    ]
    assert answers == [401] * 30 + [429]


def test_a_refresh_token_is_used_up(api: APIClient, alice: User) -> None:
    first = sign_in(api).json()
    second = api.post(REFRESH, {"refresh": first["refresh"]}).json()
    assert second["refresh"] != first["refresh"]
    assert api.post(REFRESH, {"refresh": second["refresh"]}).status_code == 200


def test_a_refresh_repeated_at_once_gives_the_same_pair(api: APIClient, alice: User) -> None:
    with time_machine.travel("2026-01-15T10:00:00Z", tick=False) as traveller:
        first = sign_in(api).json()
        second = api.post(REFRESH, {"refresh": first["refresh"]}).json()
        for seconds in (0, 10, 10):
            traveller.shift(seconds)
            assert api.post(REFRESH, {"refresh": first["refresh"]}).json() == second
        assert api.post(REFRESH, {"refresh": second["refresh"]}).status_code == 200


@pytest.mark.parametrize("seconds", [21, 3600])
def test_a_refresh_token_used_again_later_ends_its_device_and_no_other(
    api: APIClient, alice: User, seconds: int
) -> None:
    with time_machine.travel("2026-01-15T10:00:00Z", tick=False) as traveller:
        elsewhere, here = sign_in(api).json(), sign_in(api).json()
        second = api.post(REFRESH, {"refresh": here["refresh"]}).json()
        third = api.post(REFRESH, {"refresh": second["refresh"]}).json()
        traveller.shift(seconds)
        for used in (here, second, third):
            assert api.post(REFRESH, {"refresh": used["refresh"]}).json()["code"] == "token_not_valid"
        assert api.post(REFRESH, {"refresh": elsewhere["refresh"]}).status_code == 200
    assert AuditEvent.objects.filter(action="accounts.sign_in.token_reused").count() == 2


def test_a_copy_used_after_the_owner_went_on_is_reuse_even_at_once(api: APIClient, alice: User) -> None:
    first = sign_in(api).json()
    second = api.post(REFRESH, {"refresh": first["refresh"]}).json()
    third = api.post(REFRESH, {"refresh": second["refresh"]}).json()
    assert api.post(REFRESH, {"refresh": first["refresh"]}).status_code == 401
    assert api.post(REFRESH, {"refresh": third["refresh"]}).status_code == 401


def test_pairs_kept_for_a_lost_answer_are_forgotten_and_chains_end_with_their_tokens(
    api: APIClient, alice: User
) -> None:
    with time_machine.travel("2026-01-15T10:00:00Z", tick=False) as traveller:
        first = sign_in(api).json()
        api.post(REFRESH, {"refresh": first["refresh"]})
        traveller.shift(21)
        assert purge_expired() == 0
        assert RefreshedToken.objects.get().answer is None
        traveller.shift(7 * 24 * 3600)
        assert purge_expired() == 1


def test_no_token_in_the_database_signs_anybody_in(api: APIClient, alice: User) -> None:
    pair = sign_in(api).json()
    api.post(REFRESH, {"refresh": pair["refresh"]})
    assert set(OutstandingToken.objects.values_list("token", flat=True)) == {""}


def test_a_signed_out_token_gives_no_pair_however_soon(api: APIClient, alice: User) -> None:
    first = sign_in(api).json()
    second = api.post(REFRESH, {"refresh": first["refresh"]}).json()
    api.post(LOGOUT, {"refresh": second["refresh"]})
    assert api.post(REFRESH, {"refresh": first["refresh"]}).status_code == 401


def test_logout_ends_the_session(api: APIClient, alice: User) -> None:
    pair = sign_in(api).json()
    assert api.post(LOGOUT, {"refresh": pair["refresh"]}).status_code == 204
    assert api.post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401
    assert api.post(VERIFY, {"token": pair["refresh"]}).status_code == 401


def test_a_changed_password_ends_access_and_refresh(api: APIClient, alice: User) -> None:
    pair = sign_in(api).json()
    alice.set_password("another long password")
    alice.save()
    assert api.post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    assert api.get(ANYTHING_SIGNED_IN).status_code == 401


def test_a_token_of_somebody_deleted_is_refused_and_no_crash(api: APIClient, db: None) -> None:
    ghost = User.objects.create_user("ghost@example.org", PASSWORD, role="lender")
    token = RefreshToken.for_user(ghost)
    ghost.delete()
    assert api.post(REFRESH, {"refresh": str(token)}).status_code == 401


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJqdGkiOiIxIn0."])
def test_nonsense_is_refused(api: APIClient, db: None, text: str) -> None:
    assert api.post(REFRESH, {"refresh": text}).status_code in (401, 422)
    assert api.post(LOGOUT, {"refresh": text}).status_code in (401, 422)


def test_a_forged_signature_is_refused(api: APIClient, alice: User) -> None:
    head, body, _signature = str(RefreshToken.for_user(alice)).split(".")
    assert api.post(REFRESH, {"refresh": f"{head}.{body}.{'A' * 43}"}).json()["code"] == "token_not_valid"


def test_an_access_token_refreshes_nothing(api: APIClient, alice: User) -> None:
    assert api.post(REFRESH, {"refresh": str(AccessToken.for_user(alice))}).json()["code"] == "token_not_valid"


def test_an_expired_refresh_token_is_refused(api: APIClient, alice: User) -> None:
    token = RefreshToken.for_user(alice)
    token.set_exp(from_time=timezone.now() - timezone.timedelta(days=30))
    assert api.post(REFRESH, {"refresh": str(token)}).json()["code"] == "token_not_valid"


def test_a_body_nested_100000_deep_is_a_bad_request(api: APIClient, db: None) -> None:
    answer = api.generic("POST", TOKEN, "[" * 100_000, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] == "parse_error"

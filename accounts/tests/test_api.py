from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import transaction
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.enums.people import DocumentKind, Role, VerificationStatus
from accounts.models import IdentityVerification, Notification, TermsAcceptance, User
from accounts.services.identity.submission import add_document
from accounts.services.mail.notifications import notify
from accounts.tests.samples import DETAILS, picture, sent_file, submitted
from p2plending.tests.support.cast import make_user

ApiOf = Callable[[User], APIClient]
REGISTER = "/api/v1/auth/register/"
IDENTITY = "/api/v1/me/identity/"
BODY = {
    "email": "frank@example.org",
    "password": "a quiet river at noon",
    "role": "lender",
    "full_name": "Frank Example",
    "accept_terms": True,
}
JSON_DETAILS = {name: value if isinstance(value, bool) else str(value) for name, value in DETAILS.items()}


@pytest.fixture(autouse=True)
def fresh_start(db: None, settings: object, tmp_path: Path) -> Iterator[None]:
    settings.PRIVATE_DIR = tmp_path
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def frank() -> User:
    return make_user("Frank", Role.LENDER)


@pytest.mark.parametrize(("behind_proxy", "address"), [(False, "127.0.0.1"), (True, "203.0.113.9")])
def test_only_the_address_that_our_own_proxy_saw_is_kept(settings: object, behind_proxy: bool, address: str) -> None:
    settings.BEHIND_PROXY = behind_proxy
    APIClient().post(REGISTER, BODY, headers={"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
    assert set(TermsAcceptance.objects.values_list("ip_address", flat=True)) == {address}


@pytest.mark.parametrize("path", ["", "identity/", "notifications/"])
def test_nothing_of_a_person_without_a_token(path: str) -> None:
    response = APIClient().get(f"/api/v1/me/{path}")
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("path", ["identity/documents/", "identity/submit/", "notifications/read/"])
def test_nothing_is_changed_without_a_token(path: str) -> None:
    assert APIClient().post(f"/api/v1/me/{path}").status_code == 401


def test_registering_answers_the_same_for_new_and_known_addresses(alice: User) -> None:
    count = User.objects.count()
    answers = [APIClient().post(REGISTER, BODY | {"email": email}) for email in ("alice@example.org", BODY["email"])]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json() == {"detail": "Check your e-mail and confirm the address."}
    assert User.objects.count() == count + 1
    assert TermsAcceptance.objects.filter(user__email="frank@example.org").count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "frank"),
        ("password", "short"),
        ("password", "frank@example.org"),
        ("role", "staff"),
        ("full_name", ""),
        ("accept_terms", False),
    ],
)
def test_registering_names_the_field_that_is_wrong(field: str, value: object) -> None:
    response = APIClient().post(REGISTER, BODY | {field: value})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/{field}"]
    assert not User.objects.exists()


def test_me_says_who_and_how_far(api_of: ApiOf, eve: User, bob: User) -> None:
    assert api_of(eve).get("/api/v1/me/").json() == {
        "member_number": eve.member_number,
        "email": "eve@example.org",
        "role": "lender",
        "full_name": "Eve Example",
        "is_suspended": False,
        "email_verified": False,
        "identity_status": "not_started",
        "unread_notifications": 0,
    }
    assert api_of(bob).get("/api/v1/me/").json()["identity_status"] == "approved"


def test_only_the_name_of_me_can_be_changed(api_of: ApiOf, frank: User) -> None:
    response = api_of(frank).patch("/api/v1/me/", {"full_name": "Frank Neu", "role": "staff", "is_suspended": True})
    assert response.json()["full_name"] == "Frank Neu"
    frank.refresh_from_db()
    assert (frank.full_name, frank.role) == ("Frank Neu", Role.LENDER)


def test_a_whole_identity_check_through_the_api(api_of: ApiOf, frank: User) -> None:
    api = api_of(frank)
    missing = api.get(IDENTITY).json()
    assert (missing["status"], missing["missing_documents"]) == ("not_started", ["id_front"])
    saved = api.put(IDENTITY, JSON_DETAILS).json()
    assert (saved["status"], saved["missing_fields"], saved["id_number_last4"]) == ("draft", [], "006H")
    assert "C01X" not in str(saved)
    refused = api.post(IDENTITY + "submit/")
    assert (refused.status_code, refused.json()["code"]) == (422, "identity_documents_missing")
    sent = api.post(IDENTITY + "documents/", {"kind": "id_front", "file": sent_file()}, format="multipart")
    assert (sent.status_code, sent.json()["kind"], sent.json()["status"]) == (201, "id_front", "waiting")
    done = api.post(IDENTITY + "submit/").json()
    assert (done["status"], [one["reference"] for one in done["documents"]]) == (
        "submitted",
        [sent.json()["reference"]],
    )
    again = api.post(IDENTITY + "submit/")
    assert (again.status_code, again.json()["code"]) == (409, "identity_step_not_possible")


def test_the_details_of_a_check_that_staff_look_at_stay_as_they_are(api_of: ApiOf, frank: User) -> None:
    submitted(frank)
    response = api_of(frank).put(IDENTITY, JSON_DETAILS | {"city": "Bonn"})
    assert (response.status_code, response.json()["code"]) == (409, "identity_step_not_possible")
    assert IdentityVerification.objects.get(user=frank).city == "Berlin"


@pytest.mark.parametrize(
    ("field", "value"), [("country", "ZZ"), ("date_of_birth", "soon"), ("id_type", "library"), ("legal_name", "")]
)
def test_wrong_details_are_named(api_of: ApiOf, frank: User, field: str, value: str) -> None:
    response = api_of(frank).put(IDENTITY, JSON_DETAILS | {field: value})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/{field}"]
    assert not IdentityVerification.objects.exists()


def test_a_file_that_is_no_picture_is_refused_with_its_code(api_of: ApiOf, frank: User) -> None:
    upload = sent_file(b"<svg onload=alert(1)>", "a.svg")
    response = api_of(frank).post(IDENTITY + "documents/", {"kind": "id_front", "file": upload}, format="multipart")
    assert (response.status_code, response.json()["code"]) == (422, "file_type_not_accepted")


def test_staff_have_no_identity_check(api_of: ApiOf, dora: User) -> None:
    assert api_of(dora).put(IDENTITY, JSON_DETAILS).status_code == 403
    assert not IdentityVerification.objects.filter(user=dora).exists()


def test_notifications_are_mine_and_are_marked_as_read(
    api_of: ApiOf, frank: User, eve: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def tell(user: User, number: int) -> None:
        with transaction.atomic():
            notify(user=user, key=f"{user.pk}:{number}", event="offer", title=f"Title {number}", body="Text.")

    tell(frank, 1)
    tell(eve, 1)
    api = api_of(frank)
    with django_assert_num_queries(3):
        first = api.get("/api/v1/me/notifications/").json()
    assert (first["count"], first["results"][0]["title"]) == (1, "Title 1")
    tell(frank, 2)
    tell(frank, 3)
    with django_assert_num_queries(3):
        assert api.get("/api/v1/me/notifications/").json()["count"] == 3
    theirs = Notification.objects.get(user=eve)
    read = "/api/v1/me/notifications/read/"
    assert api.post(read, {"ids": [theirs.pk, first["results"][0]["id"]]}).json() == {"marked": 1}
    assert api.post(read, {}).json() == {"marked": 2}
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_a_picture_is_kept_once_when_it_is_sent_twice(api_of: ApiOf, frank: User) -> None:
    first = add_document(user=frank, kind=DocumentKind.ID_FRONT, upload=sent_file(picture()), actor=frank)
    body = {"kind": "id_front", "file": sent_file(picture())}
    response = api_of(frank).post(IDENTITY + "documents/", body, format="multipart")
    assert response.json()["reference"] == first.reference
    assert IdentityVerification.objects.get().status == VerificationStatus.DRAFT

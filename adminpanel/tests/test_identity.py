"""The identity desk: what the officer sees, decides, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums.people import DocumentReason, DocumentStatus, Role, StaffGroup, VerificationStatus
from accounts.models import AuditEvent, IdentityVerification, Notification, User
from accounts.services.identity.review import claim_identity
from adminpanel.tests import scenes
from p2plending.tests.support import world
from p2plending.tests.support.markup import title_of

ClientOf = Callable[[User], Client]


@pytest.fixture
def officer(db: None) -> User:
    return scenes.staff_of(StaffGroup.IDENTITY)


@pytest.fixture
def check(eve: User, officer: User) -> IdentityVerification:
    """Eve's check, taken by the officer."""
    sent = scenes.sent_identity(eve)
    return claim_identity(verification_id=sent.pk, actor=officer)


def at(name: str, check: IdentityVerification) -> str:
    return reverse(f"admin:{name}", args=[check.user.member_number])


def test_the_queue_shows_who_waits_and_leads_to_the_check(
    check: IdentityVerification, officer: User, client_of: ClientOf
) -> None:
    page = client_of(officer).get(reverse("admin:identity_queue")).content.decode()
    assert "Eve Example" in page
    assert at("identity_review", check) in page


def test_the_page_shows_details_and_the_picture_by_the_guarded_address(
    check: IdentityVerification, officer: User, client_of: ClientOf
) -> None:
    page = client_of(officer).get(at("identity_review", check)).content.decode()
    document = check.documents.get()
    assert "L01X00T47" in page
    assert f'src="{reverse("accounts:identity_file", args=[document.reference])}?reason=identity-review"' in page
    assert document.stored_name not in page


def test_without_the_right_to_read_documents_neither_picture_nor_number_shows(
    check: IdentityVerification, client_of: ClientOf
) -> None:
    support = scenes.staff_of(StaffGroup.SUPPORT)
    page = client_of(support).get(at("identity_review", check)).content.decode()
    assert "Your group may not read identity documents." in page
    assert "L01X00T47" not in page
    assert "0T47" in page
    assert "Approve identity" not in page


def test_looking_at_the_picture_is_written_down(
    check: IdentityVerification, officer: User, client_of: ClientOf
) -> None:
    url = reverse("accounts:identity_file", args=[check.documents.get().reference])
    assert client_of(officer).get(url).status_code == 200
    event = AuditEvent.objects.get(action="accounts.identity.document_read")
    assert (event.actor, event.subject_reference) == (officer, check.user.member_number)


def test_the_checks_name_people_with_the_same_address_and_picture(
    check: IdentityVerification, officer: User, client_of: ClientOf
) -> None:
    twin = world.make_user("Twin", Role.LENDER)
    other = scenes.sent_identity(twin, id_number="OTHER123", colour="navy")
    IdentityVerification.objects.filter(pk=other.pk).update(address=check.address, phone=check.phone)
    findings = client_of(officer).get(at("identity_review", check)).context["findings"]
    shared = {finding.words: finding.detail for finding in findings if not finding.is_fine}
    assert shared == {
        "Picture or file: others have the same": twin.member_number,
        "Phone number: others have the same": twin.member_number,
        "Address: others have the same": twin.member_number,
    }


def test_approving_leads_to_the_next_check(check: IdentityVerification, officer: User, client_of: ClientOf) -> None:
    following = scenes.sent_identity(world.make_user("Next", Role.LENDER), id_number="N1", colour="teal")
    answer = client_of(officer).post(at("identity_approve", check), {"note": ""}, follow=True)
    check.refresh_from_db()
    assert (check.status, check.decided_by) == (VerificationStatus.APPROVED, officer)
    assert answer.redirect_chain == [(at("identity_review", following), 302)]
    assert f"Identity of {check.user.member_number} approved." in answer.content.decode()


def test_a_second_click_changes_nothing_and_says_why(
    check: IdentityVerification, officer: User, client_of: ClientOf
) -> None:
    client = client_of(officer)
    client.post(at("identity_approve", check), {"note": ""})
    told, events = Notification.objects.count(), AuditEvent.objects.count()
    answer = client.post(at("identity_approve", check), {"note": ""})
    assert answer.status_code == 422
    assert "The page was out of date." in answer.content.decode()
    assert (Notification.objects.count(), AuditEvent.objects.count()) == (told, events)


def test_asking_again_needs_a_reason_for_a_document(
    check: IdentityVerification, officer: User, client_of: ClientOf
) -> None:
    answer = client_of(officer).post(at("identity_ask", check), {"note": "Please"})
    check.refresh_from_db()
    assert answer.status_code == 422
    assert "Choose a reason for at least one document." in answer.content.decode()
    assert check.status == VerificationStatus.IN_REVIEW


def test_asking_again_refuses_the_document_with_its_reason(
    check: IdentityVerification, officer: User, client_of: ClientOf
) -> None:
    document = check.documents.get()
    data = {"note": "", f"reason_{document.reference}": DocumentReason.BLURRED.value}
    assert client_of(officer).post(at("identity_ask", check), data).status_code == 302
    document.refresh_from_db()
    check.refresh_from_db()
    assert check.status == VerificationStatus.MORE_INFO
    assert (document.status, document.reason) == (DocumentStatus.REFUSED, DocumentReason.BLURRED)


def test_refusing_a_person_needs_words_for_them(
    check: IdentityVerification, officer: User, client_of: ClientOf
) -> None:
    answer = client_of(officer).post(at("identity_reject", check), {"note": " "})
    page = answer.content.decode()
    check.refresh_from_db()
    assert answer.status_code == 422
    assert title_of(page).startswith("Error: ")
    assert page.count("Enter what the person should know.") == 2
    assert check.status == VerificationStatus.IN_REVIEW


def test_a_colleague_s_check_is_not_taken_over(check: IdentityVerification, dora: User, client_of: ClientOf) -> None:
    answer = client_of(dora).post(at("identity_claim", check))
    check.refresh_from_db()
    assert answer.status_code == 422
    assert "A colleague is looking at this identity check." in answer.content.decode()
    assert check.claimed_by != dora


def test_one_s_own_check_shows_no_decision(officer: User, client_of: ClientOf) -> None:
    own = IdentityVerification.objects.create(user=officer, legal_name="Own")
    page = client_of(officer).get(at("identity_review", own)).content.decode()
    assert "Somebody else must decide." in page
    assert "Approve identity" not in page


def test_an_unknown_person_is_not_found(officer: User, client_of: ClientOf) -> None:
    assert client_of(officer).get(reverse("admin:identity_review", args=["M-NOBODY00"])).status_code == 404


def test_the_queue_asks_as_often_for_three_as_for_one(
    check: IdentityVerification,
    officer: User,
    client_of: ClientOf,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    client = client_of(officer)
    url = reverse("admin:identity_queue")
    client.get(url)
    with django_assert_max_num_queries(15) as once:
        client.get(url)
    for number in range(2):
        scenes.sent_identity(world.make_user(f"More{number}", Role.LENDER), id_number=f"M{number}")
    with django_assert_max_num_queries(15) as often:
        client.get(url)
    assert len(often.captured_queries) == len(once.captured_queries)

"""The same thing twice at the same moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core import mail

from accounts.enums.people import DocumentKind, Role, VerificationStatus
from accounts.models import IdentityDocument, IdentityVerification, Notification, User
from accounts.services.identity.review import ClaimedByColleague
from accounts.services.identity.states import IdentityStepNotPossible
from accounts.services.identity.submission import (
    DocumentNumberNotAccepted,
    add_document,
    approve_identity,
    claim_identity,
    save_identity_details,
    submit_identity,
)
from accounts.services.mail.notifications import notify
from accounts.services.people.registration import register_user
from accounts.tasks import send_notification_email
from accounts.tests.samples import DETAILS, TODAY, make_officer, picture, sent_file, submitted
from p2plending.lib.database.transactions import run_money
from p2plending.lib.tests.test_db import at_once
from p2plending.tests.support.cast import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def private_dir(settings: object, tmp_path: Path) -> Path:
    settings.PRIVATE_DIR = tmp_path
    return tmp_path


def test_one_address_makes_one_account_however_often_the_button_is_pressed() -> None:
    def register(_index: int) -> bool:
        made = register_user(
            email="frank@example.org", password="p", role=Role.LENDER, full_name="Frank", ip_address=None
        )
        return made.user is not None

    assert sorted(at_once(6, register)) == [False] * 5 + [True]
    assert User.objects.count() == 1


def test_one_event_is_told_once_and_sent_once() -> None:
    frank = make_user("Frank", Role.LENDER)

    def tell(_index: int) -> int:
        return run_money(lambda: notify(user=frank, key="k", event="e", title="T", body="B")).pk

    assert len(set(at_once(6, tell))) == 1
    number = Notification.objects.get().pk
    assert sorted(at_once(6, lambda _index: send_notification_email(number))) == ["nothing"] * 5 + ["sent"]
    assert len(mail.outbox) == 1


def test_a_check_sent_six_times_at_once_is_sent_once() -> None:
    frank = make_user("Frank", Role.LENDER)
    save_identity_details(user=frank, details=DETAILS, actor=frank)
    add_document(user=frank, kind=DocumentKind.ID_FRONT, upload=sent_file(), actor=frank)
    ends = at_once(6, lambda _index: submit_identity(user=frank, actor=frank, today=TODAY))
    assert [type(end) for end in ends].count(IdentityStepNotPossible) == 5
    assert IdentityVerification.objects.get().submission_count == 1


def test_two_people_with_one_number_never_both_get_approved() -> None:
    people = [make_user(name, Role.LENDER) for name in ("Frank", "Greta")]
    for number, person in enumerate(people):
        save_identity_details(user=person, details=DETAILS, actor=person)
        upload = sent_file(picture(colour=("red", "blue")[number]))
        add_document(user=person, kind=DocumentKind.ID_FRONT, upload=upload, actor=person)
    officers = [make_officer(name) for name in ("Olga", "Oscar")]
    ends = at_once(2, lambda index: submit_identity(user=people[index], actor=people[index], today=TODAY))
    sent = [end for end in ends if isinstance(end, IdentityVerification)]
    assert all(isinstance(end, (IdentityVerification, DocumentNumberNotAccepted)) for end in ends)

    def decide(index: int) -> None:
        claim_identity(verification_id=sent[index].pk, actor=officers[index])
        approve_identity(verification_id=sent[index].pk, actor=officers[index])

    at_once(len(sent), decide)
    assert IdentityVerification.objects.filter(status=VerificationStatus.APPROVED).count() == 1


def test_two_officers_reach_for_one_check_and_one_gets_it() -> None:
    verification = submitted(make_user("Frank", Role.LENDER))
    officers = [make_officer(name) for name in ("Olga", "Oscar")]
    ends = at_once(2, lambda index: claim_identity(verification_id=verification.pk, actor=officers[index]))
    assert sorted(type(end).__name__ for end in ends) == [ClaimedByColleague.__name__, IdentityVerification.__name__]


def test_a_file_sent_six_times_at_once_is_kept_once(private_dir: Path) -> None:
    frank = make_user("Frank", Role.LENDER)

    def send(_index: int) -> int:
        return add_document(user=frank, kind=DocumentKind.ID_FRONT, upload=sent_file(), actor=frank).pk

    assert len(set(at_once(6, send))) == 1
    assert IdentityDocument.objects.count() == 1
    assert len([path for path in private_dir.rglob("*") if path.is_file()]) == 1

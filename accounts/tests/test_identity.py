from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from accounts.enums.people import (
    VERIFICATION_TRANSITIONS,
    DocumentKind,
    DocumentReason,
    DocumentStatus,
    Role,
    VerificationEvent,
    VerificationStatus,
)
from accounts.identity.answers import DocumentExpired, TooYoung, age_on
from accounts.models import AuditEvent, IdentityVerification, Notification, User
from accounts.selectors.people import audit_trail, current_documents, identity_queue
from accounts.services.identity.expiry import run_identity_expiry
from accounts.services.identity.review import (
    CheckerNeeded,
    ClaimedByColleague,
    DocumentsNotAcceptable,
    NoteMissing,
    NotYourOwnCheck,
    NumberBelongsToAnother,
    ReasonsMissing,
)
from accounts.services.identity.states import IdentityStepNotPossible, move_verification
from accounts.services.identity.submission import (
    DetailsMissing,
    DocumentNumberNotAccepted,
    DocumentsMissing,
    NoMoreTries,
    TooManyTries,
    add_document,
    approve_identity,
    ask_again,
    claim_identity,
    reject_identity,
    save_identity_details,
    submit_identity,
)
from accounts.tests.samples import DETAILS, TODAY, make_officer, picture, sent_file, submitted
from p2plending.lib.clock import business_date
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import NotPermitted
from p2plending.tests.support.cast import make_user
from p2plending.tests.support.figures import assert_links_open


@pytest.fixture(autouse=True)
def private_dir(settings: object, tmp_path: Path) -> Path:
    settings.PRIVATE_DIR = tmp_path
    return tmp_path


@pytest.fixture
def frank(db: None) -> User:
    return make_user("Frank", Role.LENDER)


@pytest.fixture
def olga(db: None) -> User:
    return make_officer()


def state_of(user: User) -> str:
    return IdentityVerification.objects.get(user=user).status


@pytest.mark.parametrize("event", VerificationEvent)
@pytest.mark.parametrize("state", VerificationStatus)
def test_every_step_from_every_state_leads_where_the_table_says(
    frank: User, olga: User, state: VerificationStatus, event: VerificationEvent
) -> None:
    moment = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)
    verification = IdentityVerification.objects.create(
        user=frank, status=state, submitted_at=moment, decided_by=olga, decided_at=moment
    )
    expected = VERIFICATION_TRANSITIONS.get((state, event))
    if expected is None:
        with pytest.raises(IdentityStepNotPossible) as refusal:
            run_money(lambda: move_verification(verification, event, actor=olga))
        assert refusal.value.context == {"state": state.value, "step": event.value}
        assert state_of(frank) == state
        assert AuditEvent.objects.count() == 0
    else:
        run_money(lambda: move_verification(verification, event, actor=olga))
        assert state_of(frank) == expected
        assert audit_trail("identity", frank.member_number).get().data == {"from": state.value, "to": expected.value}


# --- who may not -----------------------------------------------------------------------------------------------------
def test_nobody_touches_the_check_of_somebody_else(frank: User, eve: User) -> None:
    with pytest.raises(NotPermitted):
        save_identity_details(user=frank, details=DETAILS, actor=eve)
    with pytest.raises(NotPermitted):
        add_document(user=frank, kind=DocumentKind.ID_FRONT, upload=sent_file(), actor=eve)
    with pytest.raises(NotPermitted):
        submit_identity(user=frank, actor=eve, today=TODAY)
    assert IdentityVerification.objects.count() == 0


def test_people_without_the_permission_decide_nothing(frank: User, alice: User) -> None:
    verification = submitted(frank)
    plain_staff = make_user("Paul", Role.STAFF)
    for actor in (frank, alice, plain_staff):
        for decide in (
            lambda actor: claim_identity(verification_id=verification.pk, actor=actor),
            lambda actor: approve_identity(verification_id=verification.pk, actor=actor),
            lambda actor: ask_again(verification_id=verification.pk, reasons={}, actor=actor),
            lambda actor: reject_identity(verification_id=verification.pk, note="No", is_final=True, actor=actor),
        ):
            with pytest.raises(NotPermitted):
                decide(actor)
    assert state_of(frank) == VerificationStatus.SUBMITTED


def test_an_officer_never_decides_about_herself(olga: User) -> None:
    own = IdentityVerification.objects.create(
        user=olga, status=VerificationStatus.SUBMITTED, submitted_at=dt.datetime(2026, 1, 10, tzinfo=dt.UTC)
    )
    with pytest.raises(NotYourOwnCheck):
        claim_identity(verification_id=own.pk, actor=olga)
    assert state_of(olga) == VerificationStatus.SUBMITTED


# --- sending ---------------------------------------------------------------------------------------------------------
def test_details_are_kept_with_the_number_encrypted_and_only_its_end_readable(frank: User, settings: Any) -> None:
    verification = save_identity_details(user=frank, details=DETAILS, actor=frank)
    assert verification.status == VerificationStatus.DRAFT
    assert (verification.id_number, verification.id_number_last4) == ("C01X 0006H", "006H")
    newest = settings.FIELD_KEYS[0].partition(":")[0]
    assert verification.id_number_digest.startswith(f"field-{newest}:")
    event = audit_trail("identity", frank.member_number).get()
    assert event.data["fields"] == [name for name in DETAILS if name != "is_politically_exposed"]
    assert "C01X" not in str(event.data)


def test_a_check_goes_to_staff_only_when_it_is_complete(frank: User) -> None:
    with pytest.raises(DetailsMissing):
        submit_identity(user=frank, actor=frank, today=TODAY)
    save_identity_details(user=frank, details=DETAILS | {"source_of_funds": ""}, actor=frank)
    with pytest.raises(DetailsMissing) as refusal:
        submit_identity(user=frank, actor=frank, today=TODAY)
    assert refusal.value.context["fields"] == ["source_of_funds"]
    save_identity_details(user=frank, details=DETAILS, actor=frank)
    with pytest.raises(DocumentsMissing):
        submit_identity(user=frank, actor=frank, today=TODAY)
    assert state_of(frank) == VerificationStatus.DRAFT
    add_document(user=frank, kind=DocumentKind.ID_FRONT, upload=sent_file(), actor=frank)
    verification = submit_identity(user=frank, actor=frank, today=TODAY)
    assert (verification.status, verification.submission_count) == (VerificationStatus.SUBMITTED, 1)
    assert Notification.objects.get(user=frank).title == "We have your documents"
    with pytest.raises(IdentityStepNotPossible):
        submit_identity(user=frank, actor=frank, today=TODAY)
    assert Notification.objects.count() == 1


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (dt.date(2008, 1, 15), dt.date(2026, 1, 14), 17),
        (dt.date(2008, 1, 15), dt.date(2026, 1, 15), 18),
        (dt.date(2008, 2, 29), dt.date(2026, 2, 28), 17),
        (dt.date(2008, 2, 29), dt.date(2026, 3, 1), 18),
    ],
)
def test_age_counts_full_years(born: dt.date, day: dt.date, age: int) -> None:
    assert age_on(born, day) == age


def test_somebody_one_day_short_of_eighteen_has_to_wait_for_that_day(frank: User) -> None:
    save_identity_details(user=frank, details=DETAILS | {"date_of_birth": dt.date(2008, 1, 16)}, actor=frank)
    add_document(user=frank, kind=DocumentKind.ID_FRONT, upload=sent_file(), actor=frank)
    with pytest.raises(TooYoung):
        submit_identity(user=frank, actor=frank, today=TODAY)
    assert submit_identity(user=frank, actor=frank, today=dt.date(2026, 1, 16)).status == VerificationStatus.SUBMITTED


def test_a_document_that_expired_yesterday_is_not_taken(frank: User) -> None:
    with pytest.raises(DocumentExpired):
        submitted(frank, id_expires_on=dt.date(2026, 1, 14))
    assert submitted(frank, id_expires_on=dt.date(2026, 1, 15)).status == VerificationStatus.SUBMITTED


def test_the_document_number_of_somebody_else_is_blocked_neutrally_and_leaves_a_trace(frank: User) -> None:
    submitted(frank)
    twin = make_user("Greta", Role.BORROWER)
    with pytest.raises(DocumentNumberNotAccepted) as refusal:
        submitted(twin, id_number="c01x0006h")
    assert refusal.value.message == "We can't accept this document number. Write to us and a person will help."
    assert refusal.value.context == {}
    assert state_of(twin) == VerificationStatus.DRAFT
    assert audit_trail("identity", twin.member_number)[0].action == "accounts.identity.duplicate_number"


def test_a_draft_blocks_nobody(frank: User) -> None:
    twin = make_user("Greta", Role.BORROWER)
    save_identity_details(user=twin, details=DETAILS, actor=twin)
    assert submitted(frank).status == VerificationStatus.SUBMITTED


def test_the_sixth_try_in_thirty_days_is_refused(frank: User, olga: User) -> None:
    verification = submitted(frank)
    for _again in range(4):
        claim_identity(verification_id=verification.pk, actor=olga)
        reject_identity(verification_id=verification.pk, note="Not you.", is_final=False, actor=olga)
        submit_identity(user=frank, actor=frank, today=TODAY)
    claim_identity(verification_id=verification.pk, actor=olga)
    reject_identity(verification_id=verification.pk, note="Not you.", is_final=False, actor=olga)
    with pytest.raises(TooManyTries):
        submit_identity(user=frank, actor=frank, today=TODAY)
    assert state_of(frank) == VerificationStatus.REJECTED


# --- deciding --------------------------------------------------------------------------------------------------------
def test_an_approval_accepts_the_documents_and_tells_the_person(frank: User, olga: User) -> None:
    verification = submitted(frank)
    with pytest.raises(IdentityStepNotPossible):
        approve_identity(verification_id=verification.pk, actor=olga)
    claim_identity(verification_id=verification.pk, actor=olga)
    approved = approve_identity(verification_id=verification.pk, actor=olga)
    assert (approved.status, approved.decided_by) == (VerificationStatus.APPROVED, olga)
    assert [one.status for one in current_documents(approved)] == [DocumentStatus.ACCEPTED]
    told = Notification.objects.get(event="identity.approved")
    assert (told.title, told.body) == ("Your identity check is done", "You can now add money and lend.")
    assert list(identity_queue()) == []


def test_a_claim_keeps_colleagues_out_for_half_an_hour(frank: User, olga: User) -> None:
    other = make_officer("Oscar")
    verification = submitted(frank)
    claimed = claim_identity(verification_id=verification.pk, actor=olga)
    with pytest.raises(ClaimedByColleague):
        claim_identity(verification_id=verification.pk, actor=other)
    with pytest.raises(ClaimedByColleague):
        approve_identity(verification_id=verification.pk, actor=other)
    IdentityVerification.objects.update(claimed_at=claimed.claimed_at - dt.timedelta(minutes=31))
    assert claim_identity(verification_id=verification.pk, actor=other).claimed_by == other


def test_a_politically_exposed_person_needs_two_officers(frank: User, olga: User) -> None:
    verification = submitted(frank, is_politically_exposed=True)
    claim_identity(verification_id=verification.pk, actor=olga)
    with pytest.raises(CheckerNeeded):
        approve_identity(verification_id=verification.pk, actor=olga)
    assert state_of(frank) == VerificationStatus.IN_REVIEW
    approve_identity(verification_id=verification.pk, actor=make_officer("Oscar"))
    assert state_of(frank) == VerificationStatus.APPROVED


def test_asking_again_names_what_is_wrong_and_wants_only_that_document(frank: User, olga: User) -> None:
    verification = submitted(frank)
    claim_identity(verification_id=verification.pk, actor=olga)
    with pytest.raises(ReasonsMissing):
        ask_again(verification_id=verification.pk, reasons={}, actor=olga)
    with pytest.raises(ReasonsMissing):
        ask_again(verification_id=verification.pk, reasons={"DOC-UNKNOWN": DocumentReason.BLURRED}, actor=olga)
    assert state_of(frank) == VerificationStatus.IN_REVIEW
    (front,) = current_documents(verification)
    ask_again(verification_id=verification.pk, reasons={front.reference: DocumentReason.CROPPED}, actor=olga)
    assert state_of(frank) == VerificationStatus.MORE_INFO
    assert Notification.objects.get(event="identity.asked").body == (
        "Identity document, front: A part is cut off. All four corners must be visible."
    )
    with pytest.raises(DocumentsMissing) as refusal:
        submit_identity(user=frank, actor=frank, today=TODAY)
    assert refusal.value.context["kinds"] == ["id_front"]
    add_document(user=frank, kind=DocumentKind.ID_FRONT, upload=sent_file(picture(colour="blue")), actor=frank)
    assert submit_identity(user=frank, actor=frank, today=TODAY).submission_count == 2


def test_a_final_refusal_ends_all_tries(frank: User, olga: User) -> None:
    verification = submitted(frank)
    claim_identity(verification_id=verification.pk, actor=olga)
    with pytest.raises(NoteMissing):
        reject_identity(verification_id=verification.pk, note=" ", is_final=True, actor=olga)
    reject_identity(verification_id=verification.pk, note="Forged.", is_final=True, actor=olga)
    for again in (
        lambda: submit_identity(user=frank, actor=frank, today=TODAY),
        lambda: save_identity_details(user=frank, details={"city": "Bonn"}, actor=frank),
        lambda: add_document(user=frank, kind=DocumentKind.ID_FRONT, upload=sent_file(), actor=frank),
    ):
        with pytest.raises(NoMoreTries):
            again()
    assert Notification.objects.get(event="identity.rejected").body == (
        "Reason: Forged.\n\nYou can write to us, and a person will look again."
    )
    assert_links_open("identity.rejected")


def test_a_missing_document_or_a_known_number_stops_the_approval(frank: User, olga: User, alice: User) -> None:
    verification = submitted(frank)
    claim_identity(verification_id=verification.pk, actor=olga)
    IdentityVerification.objects.filter(user=alice).update(id_number_digest=verification.id_number_digest)
    with pytest.raises(NumberBelongsToAnother):
        approve_identity(verification_id=verification.pk, actor=olga)
    verification.documents.update(is_current=False)
    with pytest.raises(DocumentsNotAcceptable):
        approve_identity(verification_id=verification.pk, actor=olga)
    assert state_of(frank) == VerificationStatus.IN_REVIEW


# --- after the approval ----------------------------------------------------------------------------------------------
def test_a_new_address_is_saved_at_once_but_a_new_name_goes_back_to_staff(frank: User, olga: User) -> None:
    verification = submitted(frank)
    claim_identity(verification_id=verification.pk, actor=olga)
    approve_identity(verification_id=verification.pk, actor=olga)
    save_identity_details(user=frank, details={"city": "Bonn"}, actor=frank)
    assert state_of(frank) == VerificationStatus.APPROVED
    changed = save_identity_details(user=frank, details={"legal_name": "Frank Newname"}, actor=frank)
    assert (changed.status, changed.city, changed.submission_count) == (VerificationStatus.SUBMITTED, "Bonn", 2)
    assert [one.status for one in current_documents(changed)] == [DocumentStatus.WAITING]


def test_a_check_runs_out_the_day_after_its_document_and_can_be_renewed(frank: User, olga: User) -> None:
    verification = submitted(frank)
    claim_identity(verification_id=verification.pk, actor=olga)
    approve_identity(verification_id=verification.pk, actor=olga)
    last_day = business_date() + dt.timedelta(days=100)
    IdentityVerification.objects.filter(pk=verification.pk).update(id_expires_on=last_day)
    assert run_identity_expiry(today=last_day).expired == 0
    following = last_day + dt.timedelta(days=1)
    assert [run_identity_expiry(today=following).expired for _again in range(2)] == [1, 0]
    assert state_of(frank) == VerificationStatus.EXPIRED
    assert Notification.objects.get(event="identity.expired").title == "Your identity check has expired"
    assert_links_open("identity.expired")
    assert audit_trail("identity", frank.member_number)[0].actor_label == "system"
    save_identity_details(user=frank, details={"id_expires_on": dt.date(2040, 1, 1)}, actor=frank)
    assert submit_identity(user=frank, actor=frank, today=dt.date(2030, 1, 3)).status == VerificationStatus.SUBMITTED

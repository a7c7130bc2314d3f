"""Documents with a loan: added by the borrower in every open state, read by staff with a trace, never by lenders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.enums.people import Role, StaffGroup
from accounts.identity.private_files import load_file
from accounts.identity.uploads import PdfNotPlain
from accounts.models import AuditEvent, User
from accounts.services.approvals.permissions import StaffOnly
from accounts.tests.samples import PLAIN_PDF, SCRIPT_PDF, STORED_PDF, picture
from loans.models import Loan, LoanDocument
from loans.selectors.listing import public_profile
from loans.services.origination import supporting_documents as service
from loans.services.origination.application import withdraw_application
from loans.services.origination.review import ask_applicant
from loans.services.origination.supporting_documents import (
    TooManyLoanDocuments,
    add_loan_document,
    check_loan_document,
    read_loan_document,
)
from loans.services.servicing.lifecycle import NotYourLoan
from p2plending.lib.clock import business_date
from p2plending.lib.errors import InvalidTransition, NotPermitted
from p2plending.tests.support import world
from p2plending.tests.support.cast import make_user

ClientOf = Callable[[User], Client]
ApiOf = Callable[[User], APIClient]


@pytest.fixture(autouse=True)
def private_dir(settings: object, tmp_path: Path) -> Path:
    settings.PRIVATE_DIR = tmp_path
    return tmp_path


@pytest.fixture
def sent(alice: User) -> Loan:
    return world.submitted_loan(alice, today=business_date())


@pytest.fixture
def underwriter(dora: User) -> User:
    user = make_user("Uma", Role.STAFF)
    user.groups.set(Group.objects.filter(name=StaffGroup.UNDERWRITER))
    return user


def pdf(content: bytes = PLAIN_PDF, name: str = "payslip") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def add(loan: Loan, content: bytes = PLAIN_PDF, kind: str = "payslip", actor: User | None = None) -> LoanDocument:
    return add_loan_document(
        loan_id=loan.pk, kind=kind, upload=pdf(content), actor=actor or loan.borrower, today=business_date()
    )


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def steps_of(loan: Loan) -> list[str]:
    events = AuditEvent.objects.filter(subject_type="loan", subject_reference=loan.reference)
    return [event.action for event in events.filter(action__startswith="loans.document.").order_by("pk")]


# --- adding -----------------------------------------------------------------------------------------------------------
def test_nobody_but_the_borrower_adds_to_a_loan(sent: Loan, bob: User, dora: User, private_dir: Path) -> None:
    for other in (bob, dora, world.verified("Nora", Role.BORROWER)):
        with pytest.raises(NotYourLoan):
            add(sent, actor=other)
    assert not LoanDocument.objects.exists()
    assert files_in(private_dir) == []


def test_a_file_that_acts_is_refused_and_leaves_nothing(sent: Loan, private_dir: Path) -> None:
    with pytest.raises(PdfNotPlain):
        add(sent, SCRIPT_PDF)
    assert files_in(private_dir) == []
    assert steps_of(sent) == []


@pytest.mark.parametrize("state", ["draft", "submitted", "reviewed", "asked", "offered", "listed", "funded", "active"])
def test_documents_are_added_with_the_application_in_answer_and_after_approval(
    alice: User, bob: User, dora: User, state: str
) -> None:
    today = business_date()
    loan = {
        "draft": lambda: world.draft_loan(alice, today=today),
        "submitted": lambda: world.submitted_loan(alice, today=today),
        "reviewed": lambda: world.reviewed_loan(alice, today=today),
        "asked": lambda: world.reviewed_loan(alice, today=today),
        "offered": lambda: world.offered_loan(alice, today=today),
        "listed": lambda: world.listed_loan(alice, today=today),
        "funded": lambda: world.funded_loan(alice, {bob: 1_000_00}, today=today),
        "active": lambda: world.active_loan(alice, {bob: 1_000_00}, today=today),
    }[state]()
    if state == "asked":
        due_on = today + dt.timedelta(days=7)
        ask_applicant(loan_id=loan.pk, question="Send a payslip?", due_on=due_on, actor=dora, today=today)
    document = add(loan)
    assert load_file(document.stored_name) == STORED_PDF
    assert (document.content_type, document.size, document.checked_at) == ("application/pdf", len(STORED_PDF), None)
    assert steps_of(loan) == ["loans.document.added"]


def test_an_application_that_has_ended_takes_no_documents(sent: Loan, private_dir: Path) -> None:
    withdraw_application(loan_id=sent.pk, actor=sent.borrower, idempotency_key=world.new_key(), today=business_date())
    with pytest.raises(InvalidTransition):
        add(sent)
    assert files_in(private_dir) == []


def test_the_same_file_again_is_the_first_one_and_there_is_a_most(
    sent: Loan, private_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_DOCUMENTS", 2)
    first = add(sent)
    assert add(sent).pk == first.pk
    assert add(sent, kind="other").pk != first.pk
    with pytest.raises(TooManyLoanDocuments):
        add(sent, picture())
    assert len(files_in(private_dir)) == 2


# --- reading and checking ---------------------------------------------------------------------------------------------
def test_only_the_borrower_and_permitted_staff_read_and_each_time_is_written_down(
    sent: Loan, bob: User, underwriter: User
) -> None:
    document = add(sent)
    support = make_user("Sam", Role.STAFF)
    support.groups.set(Group.objects.filter(name=StaffGroup.SUPPORT))
    for stranger in (bob, support, world.verified("Nora", Role.BORROWER)):
        with pytest.raises(NotPermitted):
            read_loan_document(document=document, actor=stranger)
    assert steps_of(sent) == ["loans.document.added"]
    for actor in (sent.borrower, underwriter):
        assert read_loan_document(document=document, actor=actor) == STORED_PDF
    assert steps_of(sent) == ["loans.document.added", "loans.document.read", "loans.document.read"]


def test_staff_mark_a_document_as_checked_once_and_others_can_not(sent: Loan, bob: User, underwriter: User) -> None:
    document = add(sent)
    for other in (bob, sent.borrower):
        with pytest.raises(StaffOnly):
            check_loan_document(document_id=document.pk, actor=other)
    for _ in range(2):
        assert check_loan_document(document_id=document.pk, actor=underwriter).checked_by == underwriter
    assert steps_of(sent).count("loans.document.checked") == 1


def test_lenders_are_told_what_was_checked_and_never_see_a_document(
    alice: User, bob: User, underwriter: User, client_of: ClientOf, api_of: ApiOf
) -> None:
    loan = world.listed_loan(alice, today=business_date())
    document = add(loan)
    add(loan, picture(), kind="bank_statement")
    assert public_profile(loan).documents_checked == []
    check_loan_document(document_id=document.pk, actor=underwriter)
    assert public_profile(loan).documents_checked == ["Payslip"]
    page = client_of(bob).get(f"/marketplace/{loan.reference}/").content.decode()
    assert "Documents checked" in page
    assert document.reference not in page
    answer = api_of(bob).get(f"/api/v1/listings/{loan.reference}/").json()
    assert answer["profile"]["documents_checked"] == ["Payslip"]
    assert document.reference not in str(answer)


# --- pages and API ----------------------------------------------------------------------------------------------------
def test_the_borrower_adds_and_downloads_on_the_page(sent: Loan, client_of: ClientOf) -> None:
    client = client_of(sent.borrower)
    page = reverse("loans:supporting_documents", args=[sent.reference])
    answer = client.post(page, {"kind": "payslip", "file": pdf()})
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    document = LoanDocument.objects.get()
    shown = client.get(page).content.decode()
    assert "Payslip" in shown
    file = client.get(reverse("loans:supporting_document", args=[sent.reference, document.reference]))
    assert file.content == STORED_PDF
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert file.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"kind": "payslip"}, "file"),
        ({"kind": "payslip", "file": SCRIPT_PDF}, "file"),
        ({"kind": "passport", "file": PLAIN_PDF}, "kind"),
        ({"file": PLAIN_PDF}, "kind"),
    ],
)
def test_a_wrong_file_or_kind_is_refused_at_its_field_by_page_and_api(
    sent: Loan, client_of: ClientOf, api_of: ApiOf, data: dict[str, Any], field: str
) -> None:
    def given() -> dict[str, Any]:
        return {name: pdf(value) if isinstance(value, bytes) else value for name, value in data.items()}

    answer = client_of(sent.borrower).post(reverse("loans:supporting_documents", args=[sent.reference]), given())
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    by_api = api_of(sent.borrower).post(f"/api/v1/loans/{sent.reference}/documents/", given(), format="multipart")
    assert by_api.status_code == 422
    assert not LoanDocument.objects.exists()


def test_the_api_adds_lists_and_gives_the_borrower_their_documents_and_nobody_else(
    sent: Loan, bob: User, api_of: ApiOf
) -> None:
    url = f"/api/v1/loans/{sent.reference}/documents/"
    api = api_of(sent.borrower)
    added = api.post(url, {"kind": "payslip", "file": pdf()}, format="multipart")
    assert added.status_code == 201
    assert api.get(url).json() == [added.json()]
    assert added.json()["is_checked"] is False
    assert api.get(f"{url}{added.json()['reference']}/").content == STORED_PDF
    for other in (bob, world.verified("Nora", Role.BORROWER)):
        for path in (url, f"{url}{added.json()['reference']}/"):
            assert api_of(other).get(path).status_code == 404


def test_an_underwriter_opens_and_checks_beside_the_scorecard(
    sent: Loan, underwriter: User, client_of: ClientOf
) -> None:
    document = add(sent)
    client = client_of(underwriter)
    page = reverse("admin:loan_review", args=[sent.reference])
    assert "Mark as checked" in client.get(page).content.decode()
    arguments = [sent.reference, document.reference]
    assert client.get(reverse("admin:loan_document", args=arguments)).content == STORED_PDF
    assert client.post(reverse("admin:loan_document_check", args=arguments)).status_code == 302
    assert "checked by Uma Example" in client.get(page).content.decode()
    assert steps_of(sent) == ["loans.document.added", "loans.document.read", "loans.document.checked"]


def test_staff_of_other_groups_see_that_there_are_documents_and_open_none(
    sent: Loan, client_of: ClientOf, dora: User
) -> None:
    document = add(sent)
    auditor = make_user("Ada", Role.STAFF)
    auditor.groups.set(Group.objects.filter(name=StaffGroup.AUDITOR))
    client = client_of(auditor)
    assert (
        "Your group may not open them."
        in client.get(reverse("admin:loan_review", args=[sent.reference])).content.decode()
    )
    arguments = [sent.reference, document.reference]
    assert client.get(reverse("admin:loan_document", args=arguments)).status_code == 403
    assert client.post(reverse("admin:loan_document_check", args=arguments)).status_code == 403
    assert steps_of(sent) == ["loans.document.added"]

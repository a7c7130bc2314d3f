from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.enums.people import DocumentKind, DocumentReason, Role, VerificationStatus
from accounts.models import AuditEvent, IdentityDocument, IdentityVerification, Notification, User
from accounts.selectors.people import confirmation_path
from accounts.services.identity.submission import add_document, ask_again, claim_identity
from accounts.services.mail.notifications import notify
from accounts.tests.samples import DETAILS, PLAIN_PDF, STORED_PDF, make_officer, sent_file, submitted
from p2plending.lib.clock import business_date
from p2plending.tests.support.cast import make_user

ClientOf = Callable[[User], Client]
IDENTITY = "/account/identity/"
DETAILS_PAGE = "/account/identity/details/"
DOCUMENTS_PAGE = "/account/identity/documents/"
FORM = {name: str(value) for name, value in DETAILS.items() if value is not False}


@pytest.fixture(autouse=True)
def private_dir(settings: object, tmp_path: Path) -> Path:
    settings.PRIVATE_DIR = tmp_path
    return tmp_path


@pytest.fixture
def frank(db: None) -> User:
    return make_user("Frank", Role.LENDER)


def tell(user: User, count: int) -> None:
    with transaction.atomic():
        for number in range(count):
            notify(user=user, key=f"k:{user.pk}:{number}", event="offer", title=f"Title {number}", body="Text.")


# --- who may not -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    [
        *("/getting-started/", IDENTITY, DETAILS_PAGE, DOCUMENTS_PAGE, "/account/profile/", "/account/security/"),
        *("/notifications/", DOCUMENTS_PAGE + "DOC-12345678/"),
    ],
)
def test_pages_of_a_person_ask_strangers_to_sign_in(client: Client, db: None, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.url) == (302, f"/accounts/login/?next={path}")


@pytest.mark.parametrize("path", ["/getting-started/", IDENTITY, DETAILS_PAGE, DOCUMENTS_PAGE])
def test_staff_have_no_identity_check_of_their_own(client_of: ClientOf, dora: User, path: str) -> None:
    assert client_of(dora).get(path).status_code == 403


def test_a_document_opens_for_its_owner_and_for_officers_only(
    client_of: ClientOf, frank: User, eve: User, alice: User
) -> None:
    document = add_document(user=frank, kind=DocumentKind.ID_FRONT, upload=sent_file(PLAIN_PDF, "id.pdf"), actor=frank)
    path = f"{DOCUMENTS_PAGE}{document.reference}/"
    for stranger in (eve, alice, make_user("Paul", Role.STAFF)):
        assert client_of(stranger).get(path).status_code == 404
    assert not AuditEvent.objects.filter(action="accounts.identity.document_read").exists()
    for reader in (frank, make_officer()):
        response = client_of(reader).get(path)
        assert response.content == STORED_PDF
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"] == f'attachment; filename="id_front-{document.reference}.pdf"'
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "no-store, private"
    assert AuditEvent.objects.filter(action="accounts.identity.document_read").count() == 2


def test_notifications_of_others_can_be_neither_seen_nor_marked(client_of: ClientOf, frank: User, eve: User) -> None:
    tell(frank, 1)
    theirs = Notification.objects.get()
    assert "Title 0" not in client_of(eve).get("/notifications/").content.decode()
    for number in (str(theirs.pk), "9" * 30, "x"):
        client_of(eve).post("/notifications/read/", {"id": number})
    theirs.refresh_from_db()
    assert theirs.read_at is None


# --- the identity check ----------------------------------------------------------------------------------------------
def test_a_person_fills_in_adds_a_picture_and_sends(client_of: ClientOf, frank: User) -> None:
    client = client_of(frank)
    page = client.get(IDENTITY).content.decode()
    assert "Not started" in page
    assert "Send for checking</button>" not in page
    assert client.post(DETAILS_PAGE, FORM).url == DOCUMENTS_PAGE
    assert client.post(DOCUMENTS_PAGE, {"id_front": sent_file()}).url == DOCUMENTS_PAGE
    page = client.get(IDENTITY).content.decode()
    assert "Passport …006H" in page
    assert "C01X" not in page
    assert "Send for checking</button>" in page
    page = client.post("/account/identity/send/", follow=True).content.decode()
    assert "We have your documents. We usually answer within one working day." in page
    assert IdentityVerification.objects.get().status == VerificationStatus.SUBMITTED
    again = client.post("/account/identity/send/")
    assert again.url == IDENTITY
    assert IdentityVerification.objects.get().submission_count == 1


def test_sending_too_early_says_what_is_missing(client_of: ClientOf, frank: User) -> None:
    response = client_of(frank).post("/account/identity/send/")
    assert response.status_code == 422
    assert "Fill in your details first." in response.content.decode()
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("legal_name", "", "Enter your full name as on the document."),
        ("date_of_birth", "tomorrow", "Enter a date, like 2026-11-22."),
        ("date_of_birth", "1850-01-01", "Enter your date of birth, like 17 May 1990."),
        ("date_of_birth", "2999-01-01", "Enter your date of birth, like 17 May 1990."),
        ("country", "ZZ", "Choose one of the answers in the list."),
        ("country", "", "Choose your country."),
        ("source_of_funds", "", "Enter where the money comes from, like salary or savings."),
        ("id_number", "", "Enter the number of the document."),
        ("id_number", "9" * 41, "Enter at most 40 characters. These are 41."),
        ("id_expires_on", "2020-01-01", "Your identity document has expired. Enter one that is still valid."),
    ],
)
def test_each_mistake_in_the_details_is_named_and_nothing_is_saved(
    client_of: ClientOf, frank: User, field: str, value: str, words: str
) -> None:
    response = client_of(frank).post(DETAILS_PAGE, FORM | {field: value})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not IdentityVerification.objects.exists()


def test_somebody_under_age_is_told_so_on_the_form(client_of: ClientOf, frank: User) -> None:
    born = business_date().replace(day=1) - dt.timedelta(days=17 * 365)
    response = client_of(frank).post(DETAILS_PAGE, FORM | {"date_of_birth": born.isoformat()})
    assert "You must be 18 or older." in response.content.decode()
    assert not IdentityVerification.objects.exists()


def test_an_empty_number_keeps_the_stored_one(client_of: ClientOf, frank: User) -> None:
    client = client_of(frank)
    client.post(DETAILS_PAGE, FORM)
    page = client.get(DETAILS_PAGE).content.decode()
    assert "We have one that ends in 006H. Leave empty to keep it." in page
    assert "C01X" not in page
    client.post(DETAILS_PAGE, FORM | {"id_number": "", "city": "Bonn"})
    verification = IdentityVerification.objects.get()
    assert (verification.id_number, verification.city) == ("C01X 0006H", "Bonn")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (
            b"<html>",
            "a.jpg",
            "This is a web page or drawing (HTML, SVG or XML). Choose a JPEG, PNG or HEIC picture, or a PDF.",
        ),
        (b"", "a.jpg", "The file is empty. Choose another one."),
        (b"\xff\xd8\xff" + b"0" * 20 * 1024 * 1024, "a.jpg", "The file is larger than 20 MB. Choose a smaller one."),
    ],
)
def test_a_file_that_can_not_be_taken_is_explained_at_its_field(
    client_of: ClientOf, frank: User, private_dir: Path, content: bytes, name: str, words: str
) -> None:
    response = client_of(frank).post(DOCUMENTS_PAGE, {"id_front": sent_file(content, name)})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not IdentityDocument.objects.exists()
    assert [path for path in private_dir.rglob("*") if path.is_file()] == []


def test_two_steps_are_enough_and_the_files_are_shown_and_removed(client_of: ClientOf, frank: User) -> None:
    client = client_of(frank)
    details = client.get(DETAILS_PAGE)
    assert [str(title) for title, _fields in details.context["form"].groups()] == [
        "About you",
        "Where you live",
        "Your identity document",
        "What the law asks us to know",
    ]
    choices = [code for code, _name in details.context["form"].fields["country"].choices]
    assert choices[:3] == ["", "DE", "AF"]
    assert len(choices) == len(set(choices))
    client.post(DETAILS_PAGE, FORM)
    page = client.get(DOCUMENTS_PAGE).content.decode()
    assert page.count('capture="environment"') == 2
    assert 'capture="environment"' not in client.get(f"{DOCUMENTS_PAGE}?camera=off").content.decode()
    client.post(DOCUMENTS_PAGE, {"id_front": sent_file(), "id_back": sent_file(PLAIN_PDF, "back.pdf")})
    front, back = IdentityDocument.objects.order_by("pk")
    page = client.get(DOCUMENTS_PAGE).content.decode()
    assert f'src="{DOCUMENTS_PAGE}{front.reference}/?reason=preview"' in page
    assert f'src="{DOCUMENTS_PAGE}{back.reference}/' not in page
    assert client.post(f"{DOCUMENTS_PAGE}{back.reference}/remove/").url == DOCUMENTS_PAGE
    assert "Identity document, back: a new file" not in client.get(DOCUMENTS_PAGE).content.decode()
    sent = client.post(DOCUMENTS_PAGE, {"send": "1"}, follow=True)
    assert "We have your documents." in sent.content.decode()
    assert IdentityVerification.objects.get().status == VerificationStatus.SUBMITTED
    refused = client.post(f"{DOCUMENTS_PAGE}{front.reference}/remove/", follow=True)
    assert "This step is no longer possible." in refused.content.decode()
    assert [row.is_current for row in IdentityDocument.objects.order_by("pk")] == [True, False]


def test_sending_without_a_picture_says_what_is_missing(client_of: ClientOf, frank: User) -> None:
    client = client_of(frank)
    client.post(DETAILS_PAGE, FORM)
    answer = client.post(DOCUMENTS_PAGE, {"send": "1"})
    assert answer.status_code == 422
    assert IdentityVerification.objects.get().status == VerificationStatus.DRAFT


def test_a_file_of_somebody_else_is_not_there_to_be_removed(client_of: ClientOf, frank: User, eve: User) -> None:
    document = add_document(user=frank, kind=DocumentKind.ID_FRONT, upload=sent_file(), actor=frank)
    assert client_of(eve).post(f"{DOCUMENTS_PAGE}{document.reference}/remove/").status_code == 404
    assert IdentityDocument.objects.get().is_current


def test_while_staff_look_the_pages_refuse_changes_in_words(client_of: ClientOf, frank: User) -> None:
    submitted(frank)
    client = client_of(frank)
    for path, data in (
        (DETAILS_PAGE, FORM | {"city": "Bonn"}),
        (DOCUMENTS_PAGE, {"id_back": sent_file()}),
    ):
        response = client.post(path, data)
        assert response.status_code == 422
        assert "This step is no longer possible. The page was out of date." in response.content.decode()
    assert IdentityVerification.objects.get().city == "Berlin"
    assert "Add your documents" not in client.get(IDENTITY).content.decode()


def test_a_refused_document_shows_why_and_how_to_fix_it(client_of: ClientOf, frank: User) -> None:
    verification = submitted(frank)
    olga = make_officer()
    claim_identity(verification_id=verification.pk, actor=olga)
    front = verification.documents.get()
    ask_again(verification_id=verification.pk, reasons={front.reference: DocumentReason.BLURRED}, actor=olga)
    page = client_of(frank).get(IDENTITY).content.decode()
    assert "The picture is blurred. Take it in good light and hold the camera still." in page
    assert "Please send again" in page


# --- first steps, profile, notifications -----------------------------------------------------------------------------
def test_first_steps_say_what_is_done_and_what_can_not_start_yet(
    client_of: ClientOf, eve: User, bob: User, frank: User
) -> None:
    page = client_of(eve).get("/getting-started/").content.decode()
    assert page.count("Cannot start yet") == 2
    assert "Confirm your e-mail address first. Open the link that we sent you." in page
    submitted(frank)
    page = client_of(frank).get("/getting-started/").content.decode()
    assert "We are checking your documents. This usually takes one working day." in page
    page = client_of(bob).get("/getting-started/").content.decode()
    assert page.count("</svg>Done") == 2
    assert "Cannot start yet" not in page


def test_confirming_while_signed_in_leads_to_the_next_step(client_of: ClientOf, eve: User) -> None:
    client = client_of(eve)
    path = confirmation_path(EmailAddress.objects.get(user=eve))
    assert client.post(path).url == "/getting-started/"


def test_the_sign_in_page_speaks_our_words(client: Client, db: None) -> None:
    page = client.post("/accounts/login/", {}).content.decode()
    for words in ("E-mail address", "Enter your e-mail address.", "Enter your password.", "Keep me signed in"):
        assert words in page


def test_a_name_is_changed_and_an_empty_one_is_not(client_of: ClientOf, frank: User) -> None:
    client = client_of(frank)
    assert client.post("/account/profile/", {"full_name": " "}).status_code == 422
    client.post("/account/profile/", {"full_name": "Frank <b>Neu</b>"})
    frank.refresh_from_db()
    assert frank.full_name == "Frank <b>Neu</b>"
    assert "Frank &lt;b&gt;Neu&lt;/b&gt;" in client.get("/account/profile/").content.decode()


def test_the_profile_names_address_number_and_identity_check(client_of: ClientOf, bob: User) -> None:
    page = client_of(bob).get("/account/profile/").content.decode()
    for words in ("bob@example.org", bob.member_number, "Main Street 1, 10115 Berlin, Germany", "Approved"):
        assert words in page


def test_notifications_are_marked_one_by_one_or_all(client_of: ClientOf, frank: User) -> None:
    tell(frank, 3)
    client = client_of(frank)
    first = Notification.objects.earliest("pk")
    client.post("/notifications/read/", {"id": first.pk})
    assert list(Notification.objects.filter(read_at__isnull=False)) == [first]
    assert "Mark all as read" in client.get("/notifications/").content.decode()
    client.post("/notifications/read/")
    assert not Notification.objects.filter(read_at__isnull=True).exists()
    assert "Mark all as read" not in client.get("/notifications/").content.decode()


def test_twenty_five_notifications_make_a_page(client_of: ClientOf, frank: User) -> None:
    tell(frank, 26)
    page = client_of(frank).get("/notifications/").content.decode()
    assert "Title 25" in page
    assert ">Title 0<" not in page
    assert ">Title 0<" in client_of(frank).get("/notifications/?page=2").content.decode()


def test_notifications_cost_the_same_number_of_queries_however_many(
    client_of: ClientOf, frank: User, eve: User, settings: object, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.DEMO_MODE = False
    tell(frank, 1)
    tell(eve, 20)
    clients = [client_of(frank), client_of(eve)]
    for client in clients:
        with django_assert_num_queries(6):
            client.get("/notifications/")

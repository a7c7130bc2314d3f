from __future__ import annotations

import io
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken
from PIL import Image

from accounts.enums.people import DocumentKind, Role, VerificationStatus
from accounts.identity import uploads
from accounts.identity.private_files import load_file, store_file
from accounts.models import AuditEvent, IdentityDocument, IdentityVerification, User
from accounts.services.identity.documents import read_document
from accounts.services.identity.states import IdentityStepNotPossible
from accounts.services.identity.submission import add_document
from accounts.tests.samples import PLAIN_PDF, SCRIPT_PDF, STORED_PDF, make_officer, picture, sent_file, submitted
from p2plending.lib.errors import NotPermitted
from p2plending.tests.support.cast import make_user


@pytest.fixture(autouse=True)
def private_dir(settings: object, tmp_path: Path) -> Path:
    settings.PRIVATE_DIR = tmp_path
    return tmp_path


@pytest.fixture
def frank(db: None) -> User:
    return make_user("Frank", Role.LENDER)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def add(user: User, content: bytes, name: str = "passport.jpg", kind: str = DocumentKind.ID_FRONT) -> IdentityDocument:
    return add_document(user=user, kind=kind, upload=sent_file(content, name), actor=user)


REFUSED = [
    ("empty.jpg", b"", uploads.FileEmpty),
    ("large.jpg", b"\xff\xd8\xff" + b"0" * uploads.MAX_BYTES, uploads.FileTooLarge),
    ("page.jpg", b"<html><script>alert(1)</script></html>", uploads.FileTypeNotAccepted),
    ("half.jpg", picture()[:200], uploads.FileUnreadable),
    ("half.png", picture("PNG")[:60], uploads.FileUnreadable),
    ("endless.pdf", b"%PDF-1.4\n1 0 obj", uploads.FileUnreadable),
    ("script.pdf", SCRIPT_PDF, uploads.PdfNotPlain),
]


@pytest.mark.parametrize(("name", "content", "refusal"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_is_no_plain_picture_or_pdf_is_refused_and_leaves_nothing_behind(
    frank: User, private_dir: Path, name: str, content: bytes, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        add(frank, content, name)
    assert IdentityDocument.objects.count() == 0
    assert IdentityVerification.objects.count() == 0
    assert files_in(private_dir) == []


def test_a_file_for_somebody_being_checked_is_refused_and_leaves_nothing_behind(frank: User, private_dir: Path) -> None:
    submitted(frank)
    before = files_in(private_dir)
    with pytest.raises(IdentityStepNotPossible):
        add(frank, picture(colour="blue"))
    assert files_in(private_dir) == before
    assert IdentityDocument.objects.count() == 1


@pytest.mark.parametrize(
    "name", ["a" * 300 + ".jpg", "../../etc/passwd.jpg", "evil.php", "‮gpj.exe.JPG", "1000000033", "a.pdf"]
)
def test_the_name_of_a_file_does_not_matter_and_is_not_kept(frank: User, private_dir: Path, name: str) -> None:
    document = add(frank, picture(), name)
    (path,) = files_in(private_dir)
    assert path == private_dir / "documents" / document.stored_name
    assert len(document.stored_name) == 52


def test_a_picture_loses_what_is_written_beside_it_and_stays_upright(frank: User) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at Main Street 1"
    exif[0x0112] = 6  # held sideways
    document = add(frank, picture(exif=exif))
    stored = load_file(document.stored_name)
    assert b"Main Street" not in stored
    with Image.open(io.BytesIO(stored)) as drawn:
        assert dict(drawn.getexif()) == {}
        assert drawn.size == (40, 60)
    assert (document.content_type, document.size) == ("image/jpeg", len(stored))


def test_a_plain_pdf_and_a_png_are_taken(frank: User) -> None:
    pdf = add(frank, PLAIN_PDF, "letter.PDF", DocumentKind.PROOF_OF_ADDRESS)
    png = add(frank, picture("PNG"), "front.png")
    assert [document.content_type for document in (pdf, png)] == ["application/pdf", "image/png"]
    assert load_file(pdf.stored_name) == STORED_PDF


def test_files_are_unreadable_on_the_disk_and_refuse_to_open_when_changed(frank: User, private_dir: Path) -> None:
    document = add(frank, PLAIN_PDF, "letter.pdf")
    (path,) = files_in(private_dir)
    stored = path.read_bytes()
    assert stored.startswith(b"P2PF1:")
    assert b"Catalog" not in stored
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(stored[:-5] + b"AAAA=")
    with pytest.raises(InvalidToken):
        load_file(document.stored_name)


def test_a_file_opens_after_the_key_was_replaced(settings: object, private_dir: Path) -> None:
    old = settings.FIELD_KEYS[0]
    name = store_file(b"secret")
    settings.FIELD_KEYS = ["new:" + Fernet.generate_key().decode(), old]
    assert load_file(name) == b"secret"
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    with pytest.raises(KeyError):
        load_file(name)


def test_a_new_file_of_a_kind_takes_the_place_of_the_old_and_the_same_one_changes_nothing(
    frank: User, private_dir: Path
) -> None:
    first = add(frank, picture(colour="red"))
    assert add(frank, picture(colour="red")).pk == first.pk
    assert len(files_in(private_dir)) == 1
    second = add(frank, picture(colour="blue"))
    first.refresh_from_db()
    assert (first.is_current, second.is_current) == (False, True)
    assert IdentityVerification.objects.get(user=frank).status == VerificationStatus.DRAFT


def test_the_same_file_from_another_person_is_noted_for_staff(frank: User, eve: User) -> None:
    add(frank, picture())
    add(eve, picture())
    notes = AuditEvent.objects.filter(action="accounts.identity.save").order_by("pk")
    assert [event.data["same_file_from_others"] for event in notes] == [False, True]


def test_only_the_owner_and_permitted_staff_read_a_document_and_each_time_is_written_down(
    frank: User, eve: User
) -> None:
    document = add(frank, PLAIN_PDF, "letter.pdf")
    for stranger in (eve, make_user("Paul", Role.STAFF)):
        with pytest.raises(NotPermitted):
            read_document(document=document, actor=stranger, reason="curious")
    assert AuditEvent.objects.filter(action="accounts.identity.document_read").count() == 0
    officer = make_officer()
    for actor in (frank, officer, officer):
        assert read_document(document=document, actor=actor, reason="check") == STORED_PDF
    reads = AuditEvent.objects.filter(action="accounts.identity.document_read").order_by("pk")
    assert [(event.actor, event.data["document"]) for event in reads] == [
        (frank, document.reference),
        (officer, document.reference),
        (officer, document.reference),
    ]

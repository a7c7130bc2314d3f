"""Files and people that several tests of this app need."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.enums.people import DocumentKind, Role
from accounts.identity.uploads.pdfs import clean_pdf
from accounts.models import IdentityVerification, User
from accounts.services.identity.submission import add_document, save_identity_details, submit_identity
from p2plending.tests.support.cast import make_user

TODAY = dt.date(2026, 1, 15)
DETAILS = {
    "legal_name": "Frank Example",
    "date_of_birth": dt.date(1990, 5, 17),
    "address": "Main Street 1",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
    "nationality": "DE",
    "phone": "+49 30 1234",
    "occupation": "Baker",
    "source_of_funds": "Salary",
    "tax_residence": "DE",
    "is_politically_exposed": False,
    "id_type": "passport",
    "id_number": "C01X 0006H",
    "id_expires_on": dt.date(2030, 1, 1),
}
PLAIN_PDF = (Path(__file__).parent / "data" / "uploads" / "plain.pdf").read_bytes()
SCRIPT_PDF = (Path(__file__).parent / "data" / "uploads" / "js.pdf").read_bytes()
# What becomes of the plain one.
STORED_PDF = clean_pdf(PLAIN_PDF)


def picture(image_format: str = "JPEG", colour: str = "teal", exif: Image.Exif | None = None) -> bytes:
    output = io.BytesIO()
    more = {"exif": exif} if exif else {}
    Image.new("RGB", (60, 40), colour).save(output, image_format, **more)
    return output.getvalue()


def sent_file(content: bytes | None = None, name: str = "passport.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture() if content is None else content)


def make_officer(name: str = "Olga") -> User:
    """Staff who may decide about identity checks and read documents."""
    officer = make_user(name, Role.STAFF)
    officer.user_permissions.set(
        Permission.objects.filter(codename__in=("change_identityverification", "view_identitydocument"))
    )
    return officer


def submitted(user: User, **changes: object) -> IdentityVerification:
    """A complete check, handed in."""
    save_identity_details(user=user, details=DETAILS | changes, actor=user)
    add_document(user=user, kind=DocumentKind.ID_FRONT, upload=sent_file(picture(colour="red")), actor=user)
    return submit_identity(user=user, actor=user, today=TODAY)

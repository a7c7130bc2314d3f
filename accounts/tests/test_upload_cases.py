"""Files that other software got wrong, sent by API and by page, with what should become of each.

`data/uploads/cases.json` says for each file the right answer, and what the stored picture must show.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageStat
from rest_framework.test import APIClient

from accounts.enums.people import Role
from accounts.identity.private_files import load_file
from accounts.identity.uploads import UploadRefused, clean_upload
from accounts.models import IdentityDocument, User
from p2plending.tests.support.cast import make_user

FOLDER = Path(__file__).parent / "data" / "uploads"
CASES: list[dict[str, Any]] = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix != ".json")
API = "/api/v1/me/identity/documents/"


@pytest.fixture(autouse=True)
def private_dir(settings: object, tmp_path: Path) -> Path:
    settings.PRIVATE_DIR = tmp_path
    return tmp_path


@pytest.fixture
def frank(db: None) -> User:
    return make_user("Frank", Role.LENDER)


def sent(case: dict[str, Any]) -> SimpleUploadedFile:
    return SimpleUploadedFile(case["send_as"], (FOLDER / case["file"]).read_bytes(), content_type="application/x-any")


def check_stored(right: dict[str, Any]) -> None:
    document = IdentityDocument.objects.get()
    content = load_file(document.stored_name)
    if document.content_type == "application/pdf":
        assert content.startswith(b"%PDF-")
        assert not [word for word in (b"/JavaScript", b"/EmbeddedFiles", b"/Filespec") if word in content]
        return
    wanted = right.get("stored", {})
    with Image.open(io.BytesIO(content)) as picture:
        darkest, _brightest = picture.convert("L").getextrema()
        [mean] = ImageStat.Stat(picture.convert("L")).mean
        low, high = wanted.get("mean_between", (wanted.get("mean_at_least", 0), 255))
        assert low <= mean <= high
        assert darkest <= wanted.get("darkest_at_most", 255)
        assert list(picture.size) == wanted.get("size", list(picture.size))
        assert max(picture.size) <= 5_000


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_file_sent_by_api_is_taken_or_refused_as_it_should_be(
    frank: User, api_of: Callable[[User], APIClient], case: dict[str, Any]
) -> None:
    right = case["right"]
    answer = api_of(frank).post(API, {"kind": "id_front", "file": sent(case)}, format="multipart")
    assert answer.status_code == right["status"], answer.json()
    if right["status"] == 201:
        check_stored(right)
    else:
        assert answer.json()["code"] == right.get("code", "file_type_not_accepted")
        assert ("WebP" in answer.json()["detail"]) == (case["id"] == "U16")
        assert IdentityDocument.objects.count() == 0


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_file_sent_by_page_is_taken_or_refused_as_it_should_be(
    frank: User, client_of: Callable[[User], Client], case: dict[str, Any]
) -> None:
    right = case["right"]
    page = reverse("accounts:identity_document")
    answer = client_of(frank).post(page, {"id_front": sent(case)})
    assert answer.status_code == (302 if right["status"] == 201 else 422)
    if right["status"] == 201:
        check_stored(right)
    else:
        assert answer.context["form"].errors["id_front"]
        assert IdentityDocument.objects.count() == 0


OUTCOMES = {
    *("image/jpeg", "image/png", "application/pdf"),
    *("file_empty", "file_type_not_accepted", "file_unreadable", "picture_too_large", "pdf_not_plain", "pdf_too_large"),
}


def outcome(data: bytes) -> str:
    try:
        return clean_upload(io.BytesIO(data)).content_type
    except UploadRefused as refusal:
        return refusal.code


def changed(data: bytes, rng: random.Random) -> bytes:
    """The file with some of its bytes changed, taken out, put in or cut off."""
    content = bytearray(data)
    for _ in range(rng.choice((1, 2, 4, 16))):
        place = rng.randrange(len(content))
        change = rng.randrange(4)
        if change == 0:
            content[place] = rng.randrange(256)
        elif change == 1:
            del content[place : place + rng.randrange(1, 9)]
        elif change == 2:
            content[place:place] = rng.randbytes(rng.randrange(1, 9))
        else:
            content[place : place + 4] = rng.choice((b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff"))
        if not content:
            break
    return bytes(content[: rng.randrange(len(content) + 1)] if rng.random() < 0.1 else content)


@pytest.mark.one_database
@pytest.mark.parametrize("seed", range(10))
def test_whatever_the_bytes_a_file_is_taken_or_refused_with_words(seed: int) -> None:
    rng = random.Random(seed)
    small = [path.read_bytes() for path in FILES if path.name != "scan1200.png"]
    for _ in range(15):
        assert outcome(changed(rng.choice(small), rng)) in OUTCOMES

"""What an uploaded document may be: decided by its bytes, never by what the sender says it is."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import IO

from accounts.identity.uploads.kinds import EXTENSIONS, HEIC, JPEG, PDF, PNG, kind_of
from accounts.identity.uploads.pdfs import clean_pdf
from accounts.identity.uploads.pictures import draw_again
from accounts.identity.uploads.refusals import (
    FileEmpty,
    FileTooLarge,
    FileTypeNotAccepted,
    FileUnreadable,
    PdfNotPlain,
    PdfTooLarge,
    PictureTooLarge,
    UploadRefused,
)

__all__ = [
    "ACCEPT",
    "EXTENSIONS",
    "HEIC",
    "JPEG",
    "MAX_BYTES",
    "PDF",
    "PNG",
    "CleanFile",
    "FileEmpty",
    "FileTooLarge",
    "FileTypeNotAccepted",
    "FileUnreadable",
    "PdfNotPlain",
    "PdfTooLarge",
    "PictureTooLarge",
    "UploadRefused",
    "clean_upload",
]

MAX_BYTES = 20 * 1024 * 1024
# Accept attribute of the file field. Browsers only use it to sort what they offer; names decide nothing here.
ACCEPT = "image/jpeg,image/png,image/heic,image/heif,application/pdf,.jpg,.jpeg,.jfif,.png,.heic,.heif,.pdf"


@dataclasses.dataclass(frozen=True, slots=True)
class CleanFile:
    """`content` is what may be stored; `sha256` is of the bytes that were sent, to find the same file again."""

    content: bytes
    content_type: str
    sha256: str


def clean_upload(upload: IO[bytes]) -> CleanFile:
    """Check a file and make it harmless: pictures are drawn anew, PDFs written anew without anything that acts.

    Raises UploadRefused: FileEmpty, FileTooLarge, FileTypeNotAccepted, PictureTooLarge, FileUnreadable, PdfNotPlain or
    PdfTooLarge.
    """
    data = upload.read(MAX_BYTES + 1)
    if not data:
        raise FileEmpty
    if len(data) > MAX_BYTES:
        raise FileTooLarge
    sha256 = hashlib.sha256(data).hexdigest()
    kind = kind_of(data)
    if kind == PDF:
        return CleanFile(clean_pdf(data), PDF, sha256)
    drawn = draw_again(data, kind)
    return CleanFile(drawn.content, drawn.content_type, sha256)

"""What an uploaded document may be: decided by its bytes, never by what the sender says it is."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import PurePath
from typing import IO

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from p2plending.lib.errors import Refused

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_UNPACKED_BYTES = 30 * 1024 * 1024
MAX_STREAMS = 20_000
# Accept attribute of the file field, and the words beside it.
ACCEPT = ".jpg,.jpeg,.png,.pdf"

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
CONTENT_TYPES = {"jpg": JPEG, "jpeg": JPEG, "png": PNG, "pdf": PDF}
EXTENSIONS = {JPEG: "jpg", PNG: "png", PDF: "pdf"}
_MAGIC = {b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG, b"%PDF-": PDF}

# Scripts, programs to start, files inside files, forms with code: none belongs into a scan.
_ACTIVE_PDF = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData|GoToE)\b")
_ENCRYPTED_PDF = re.compile(rb"/Encrypt\b")
_ESCAPED_LETTER = re.compile(rb"#([0-9A-Fa-f]{2})")
_FILTER = re.compile(rb"/(\w+Decode)\b")
_STREAM = re.compile(rb"(?<!end)stream\r?\n?")


class UploadRefused(Refused):
    """The file can't be taken; nothing was stored."""

    code = "upload_refused"


class FileEmpty(UploadRefused):
    code = "file_empty"
    default_message = _("The file is empty. Choose another one.")


class FileTooLarge(UploadRefused):
    code = "file_too_large"
    default_message = _("The file is larger than 10 MB. Choose a smaller one.")


class FileTypeNotAccepted(UploadRefused):
    code = "file_type_not_accepted"
    default_message = _("Choose a JPEG or PNG picture, or a PDF.")


class PictureTooLarge(UploadRefused):
    code = "picture_too_large"
    default_message = _("The picture has more than 40 million dots. Choose a smaller one.")


class FileUnreadable(UploadRefused):
    code = "file_unreadable"
    default_message = _("We can't open this file. Take the picture again or choose another file.")


class PdfNotPlain(UploadRefused):
    code = "pdf_not_plain"
    default_message = _("The PDF is locked or has scripts or files inside. Print it to a new PDF and send that.")


@dataclasses.dataclass(frozen=True, slots=True)
class CleanFile:
    """`content` is what may be stored; `sha256` is of the bytes that were sent, to find the same file again."""

    content: bytes
    content_type: str
    sha256: str


def clean_upload(upload: IO[bytes], name: str) -> CleanFile:
    """Check a file and make it harmless: pictures are drawn anew, which drops places, names and hidden parts.

    Raises FileEmpty, FileTooLarge, FileTypeNotAccepted, PictureTooLarge, FileUnreadable or PdfNotPlain.
    """
    data = upload.read(MAX_BYTES + 1)
    if not data:
        raise FileEmpty
    if len(data) > MAX_BYTES:
        raise FileTooLarge
    content_type = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
    extension = PurePath(name).suffix.lower().removeprefix(".")
    if content_type is None or CONTENT_TYPES.get(extension) != content_type:
        raise FileTypeNotAccepted
    if content_type == PDF:
        _check_pdf(data)
        content = data
    else:
        content = _draw_again(data, "PNG" if content_type == PNG else "JPEG")
    return CleanFile(content, content_type, hashlib.sha256(data).hexdigest())


def _draw_again(data: bytes, image_format: str) -> bytes:
    try:
        with Image.open(io.BytesIO(data), formats=[image_format]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise PictureTooLarge
            picture.load()
            # Phones store how they were held beside the picture; that note goes, so turn the picture itself.
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, SyntaxError, ValueError, EOFError, zlib.error, Image.DecompressionBombError) as error:
        raise FileUnreadable from error
    blank = Image.new("RGB", upright.size)
    blank.paste(upright)
    output = io.BytesIO()
    blank.save(output, image_format, **({"quality": 90} if image_format == "JPEG" else {"optimize": False}))
    return output.getvalue()


def _check_pdf(data: bytes) -> None:
    if b"%%EOF" not in data[-2048:]:
        raise FileUnreadable
    for part in _readable_parts(data):
        plain = _ESCAPED_LETTER.sub(lambda match: bytes([int(match[1], 16)]), part)
        if _ACTIVE_PDF.search(plain) or _ENCRYPTED_PDF.search(plain):
            raise PdfNotPlain


def _readable_parts(data: bytes) -> Iterator[bytes]:
    """The file itself, then its packed object streams, in which names could hide."""
    yield data
    left = MAX_UNPACKED_BYTES
    seen = 0
    for match in _STREAM.finditer(data):
        head = data[max(0, match.start() - 4096) : match.start()]
        head = _ESCAPED_LETTER.sub(lambda found: bytes([int(found[1], 16)]), head[head.rfind(b"obj") :])
        seen += 1
        if seen > MAX_STREAMS:
            raise PdfNotPlain
        if b"ObjStm" not in head:
            continue
        # One plain packing is what programs write; a second one, or one that is told elsewhere, hides what is inside.
        if b"/Filter" in head and (_FILTER.findall(head) != [b"FlateDecode"] or b"/DecodeParms" in head):
            raise PdfNotPlain
        try:
            unpacked = zlib.decompressobj().decompress(data[match.end() :], left + 1)
        except zlib.error as error:
            raise PdfNotPlain from error
        left -= len(unpacked)
        if left < 0:
            raise PdfNotPlain
        yield unpacked

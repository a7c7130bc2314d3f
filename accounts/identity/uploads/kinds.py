"""What a file is, by its first bytes. Its name and the type that the sender gives do not matter."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.identity.uploads.refusals import FileTypeNotAccepted

JPEG, PNG, HEIC, PDF = "image/jpeg", "image/png", "image/heic", "application/pdf"
# What may be stored. HEIC pictures are stored as JPEG, which every browser shows.
EXTENSIONS = {JPEG: "jpg", PNG: "png", PDF: "pdf"}

# Mail programs and gateways put a byte order mark or MIME headers in front of a PDF; readers look this far.
PDF_HEAD_WITHIN = 1024
_TAKEN = ((b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG))
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_GENERAL_HEIF_BRANDS = frozenset({b"mif1", b"msf1", b"mif2"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_NOT_TAKEN = (
    (b"GIF8", gettext_lazy("a GIF picture")),
    (b"BM", gettext_lazy("a BMP picture")),
    (b"II*\x00", gettext_lazy("a TIFF picture")),
    (b"MM\x00*", gettext_lazy("a TIFF picture")),
    (b"II+\x00", gettext_lazy("a TIFF picture")),
    (b"MM\x00+", gettext_lazy("a TIFF picture")),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", gettext_lazy("a JPEG 2000 picture")),
    (b"\xff\x4f\xff\x51", gettext_lazy("a JPEG 2000 picture")),
    (b"\xff\x0a", gettext_lazy("a JPEG XL picture")),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", gettext_lazy("a JPEG XL picture")),
    (b"8BPS", gettext_lazy("a Photoshop file")),
    (b"PK\x03\x04", gettext_lazy("a ZIP archive or an office document")),
    (b"PK\x05\x06", gettext_lazy("a ZIP archive")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", gettext_lazy("an office document")),
    (b"Rar!\x1a\x07", gettext_lazy("a RAR archive")),
    (b"7z\xbc\xaf\x27\x1c", gettext_lazy("a 7-Zip archive")),
    (b"\x1f\x8b", gettext_lazy("a packed file")),
    (b"{\\rtf", gettext_lazy("a text document (RTF)")),
    (b"%!PS", gettext_lazy("a PostScript file")),
    (b"MZ", gettext_lazy("a program")),
    (b"\x7fELF", gettext_lazy("a program")),
)
_MARKUP = re.compile(rb"\s*<(\?xml|!doctype|html|head|body|script|svg)", re.IGNORECASE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def kind_of(data: bytes) -> str:
    """JPEG, PNG, HEIC or PDF. Raises FileTypeNotAccepted, which names another kind that is known."""
    for magic, kind in _TAKEN:
        if data.startswith(magic):
            return kind
    if data[4:8] == b"ftyp":
        return _kind_of_boxes(data)
    other = _other_kind(data)
    if other:
        raise FileTypeNotAccepted(
            _("This is %(kind)s. Choose a JPEG, PNG or HEIC picture, or a PDF.") % {"kind": other}
        )
    if b"%PDF-" in data[:PDF_HEAD_WITHIN]:
        return PDF
    raise FileTypeNotAccepted


def _kind_of_boxes(data: bytes) -> str:
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12]} | {data[start : start + 4] for start in range(16, length, 4)}
    if brands & _AVIF_BRANDS:
        other = _("an AVIF picture")
    elif brands & (_HEIC_BRANDS | _GENERAL_HEIF_BRANDS):
        return HEIC
    else:
        other = _("a video or sound")
    raise FileTypeNotAccepted(_("This is %(kind)s. Choose a JPEG, PNG or HEIC picture, or a PDF.") % {"kind": other})


def _other_kind(data: bytes) -> str:
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _("a WebP picture")
    if _MARKUP.match(data.removeprefix(_BYTE_ORDER_MARK)):
        return _("a web page or drawing (HTML, SVG or XML)")
    return next((str(words) for magic, words in _NOT_TAKEN if data.startswith(magic)), "")

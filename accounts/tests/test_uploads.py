"""Pictures keep what they show, PDFs keep their pages; what acts, hides or would fill the memory does not get in."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String
from PIL import Image
from pillow_heif import from_pillow

from accounts.identity import uploads
from accounts.identity.uploads import clean_upload
from accounts.tests.samples import PLAIN_PDF, picture

pytestmark = pytest.mark.one_database

BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def cleaned(data: bytes) -> uploads.CleanFile:
    return clean_upload(io.BytesIO(data))


def drawn(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(cleaned(data).content))


def encoded(image: Image.Image, image_format: str = "PNG", **options: object) -> bytes:
    output = io.BytesIO()
    image.save(output, image_format, **options)
    return output.getvalue()


def is_near(pixel: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return all(abs(one - other) <= 12 for one, other in zip(pixel, wanted, strict=True))


def half(mode: str, left: object, right: object) -> Image.Image:
    """A picture of 64 × 32 dots, of one colour on the left and another on the right."""
    image = Image.new(mode, (64, 32), right)
    image.paste(left, (0, 0, 32, 32))
    return image


def png(width: int, height: int, depth: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG written by hand, for kinds that Pillow can't write."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def trns(content: bytes) -> bytes:
    kind = b"tRNS"
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def palette_with_hole() -> bytes:
    image = half("P", 0, 1)
    image.putpalette([0, 0, 0, 0, 0, 255])
    return encoded(image, transparency=1)


WIDE = struct.pack(">HH", 0, 0xFFFF)
TWO_SIDES: dict[str, tuple[bytes, tuple[int, ...], tuple[int, ...]]] = {
    "one bit": (encoded(half("1", 0, 1)), BLACK, WHITE),
    "grey": (encoded(half("L", 0, 255)), BLACK, WHITE),
    "grey with transparency": (encoded(half("LA", (0, 255), (0, 0))), BLACK, WHITE),
    "palette": (encoded(half("RGB", BLACK, (0, 0, 255)).convert("P")), BLACK, (0, 0, 255)),
    "palette with a transparent colour": (palette_with_hole(), BLACK, WHITE),
    "colour": (encoded(half("RGB", BLACK, (255, 0, 0))), BLACK, (255, 0, 0)),
    "colour with one transparent colour": (
        encoded(half("RGB", BLACK, (9, 9, 9)), transparency=(9, 9, 9)), BLACK, WHITE,
    ),
    "half transparent": (encoded(half("RGBA", (0, 0, 0, 255), (0, 0, 0, 128))), BLACK, (127, 127, 127)),
    "16-bit grey": (png(2, 1, 16, 0, b"\x00" + WIDE), BLACK, WHITE),
    "16-bit grey, dark half": (png(2, 1, 16, 0, b"\x00" + struct.pack(">HH", 0x0100, 0x8000)), BLACK, (128, 128, 128)),
    "16-bit grey with a transparent tone": (
        png(2, 1, 16, 0, b"\x00\x10\x00\x80\x00", trns(b"\x80\x00")), (16, 16, 16), WHITE,
    ),
    "16-bit grey with transparency": (png(2, 1, 16, 4, b"\x00\x00\x00\xff\xff\x00\x00\x00\x00"), BLACK, WHITE),
    "16-bit colour": (png(2, 1, 16, 2, b"\x00" + b"\x00" * 6 + b"\xff\xff" + b"\x00" * 4), BLACK, (255, 0, 0)),
    "16-bit colour with transparency": (
        png(2, 1, 16, 6, b"\x00" + b"\x00" * 6 + b"\xff\xff" + b"\x00" * 8), BLACK, WHITE,
    ),
    "4 tones": (png(4, 1, 2, 0, b"\x00\x0f"), BLACK, WHITE),
    "JPEG": (encoded(half("RGB", BLACK, WHITE), "JPEG"), BLACK, WHITE),
    "grey JPEG": (encoded(half("L", 0, 255), "JPEG"), BLACK, WHITE),
    "progressive JPEG": (encoded(half("RGB", BLACK, WHITE), "JPEG", progressive=True), BLACK, WHITE),
    "JPEG for print (CMYK)": (encoded(half("CMYK", (0, 0, 0, 255), (0, 0, 0, 0)), "JPEG"), BLACK, WHITE),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO_SIDES)
def test_a_picture_shows_afterwards_what_it_showed_before(name: str) -> None:
    data, left, right = TWO_SIDES[name]
    with drawn(data) as image:
        assert image.mode == "RGB"
        assert is_near(image.getpixel((0, 0)), left)
        assert is_near(image.getpixel((image.width - 1, image.height - 1)), right)


def test_a_heic_picture_of_a_phone_is_stored_as_jpeg_without_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at Main Street 1"
    heif = from_pillow(half("RGB", BLACK, WHITE))
    output = io.BytesIO()
    heif.save(output, exif=exif.tobytes())
    clean = cleaned(output.getvalue())
    assert clean.content_type == "image/jpeg"
    assert b"Main Street" not in clean.content
    with Image.open(io.BytesIO(clean.content)) as image:
        assert image.size == (64, 32)
        assert is_near(image.getpixel((0, 0)), BLACK)
        assert is_near(image.getpixel((63, 31)), WHITE)


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (64, 32)), (3, (64, 32)), (6, (32, 64)), (8, (32, 64)), (99, (64, 32))]
)
@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_a_picture_stands_as_the_camera_was_held(image_format: str, orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    with drawn(encoded(half("RGB", BLACK, WHITE), image_format, exif=exif)) as image:
        assert image.size == size
        assert dict(image.getexif()) == {}


@pytest.mark.parametrize(
    "note", [b"Exif\x00\x00", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"Exif\x00\x00MM\x00*" + b"\xff" * 64]
)
def test_notes_of_a_camera_that_can_not_be_read_do_not_stop_the_picture(note: bytes) -> None:
    with drawn(encoded(half("RGB", BLACK, WHITE), "JPEG", exif=note)) as image:
        assert image.size == (64, 32)


def test_nothing_behind_a_picture_is_kept() -> None:
    moving = encoded(half("RGB", BLACK, WHITE), save_all=True, append_images=[half("RGB", WHITE, BLACK)])
    for data in (picture() + PLAIN_PDF, picture("PNG") + b"PK\x03\x04secret", moving):
        clean = cleaned(data)
        assert not [word for word in (b"%PDF", b"secret", b"acTL") if word in clean.content]
        with Image.open(io.BytesIO(clean.content)) as image:
            assert getattr(image, "n_frames", 1) == 1


def large(mode: str, width: int, height: int, image_format: str, colour: object = "white") -> bytes:
    return encoded(
        Image.new(mode, (width, height), colour),
        image_format,
        **({"compress_level": 1} if image_format == "PNG" else {}),
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "width", "height", "image_format", "size"),
    [
        ("RGB", 9_000, 6_000, "JPEG", (4_500, 3_000)),
        ("RGB", 7_000, 5_000, "PNG", (3_500, 2_500)),
        ("L", 9_922, 14_032, "PNG", (3_308, 4_678)),
        ("RGB", 5_000, 300, "PNG", (5_000, 300)),
        ("RGB", 60_000, 10, "JPEG", (5_000, 1)),
    ],
)
def test_large_photos_and_scans_are_made_smaller(
    mode: str, width: int, height: int, image_format: str, size: tuple[int, int]
) -> None:
    with drawn(large(mode, width, height, image_format)) as image:
        assert image.size == size
        assert is_near(image.getpixel((size[0] // 2, size[1] // 2)), WHITE)


@pytest.mark.parametrize(
    "data",
    [
        png(40_000, 40_000, 8, 2, b""),
        png(16_000, 12_000, 8, 2, b""),
        png(2**31 - 1, 2**31 - 1, 1, 0, b""),
        picture().replace(struct.pack(">HH", 40, 60), struct.pack(">HH", 65_000, 65_000), 1),
    ],
    ids=["a wall", "too much colour", "a country", "a JPEG that says so"],
)
def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_decoded(data: bytes) -> None:
    tracemalloc.start()
    with pytest.raises((uploads.PictureTooLarge, uploads.FileUnreadable)):
        cleaned(data)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


KINDS = {
    "GIF": encoded(half("RGB", BLACK, WHITE), "GIF"),
    "WebP": encoded(half("RGB", BLACK, WHITE), "WEBP"),
    "TIFF": encoded(half("RGB", BLACK, WHITE), "TIFF"),
    "BMP": encoded(half("RGB", BLACK, WHITE), "BMP"),
    "AVIF": b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1avifmiaf",
    "video": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42",
    "ZIP": b"PK\x03\x04" + PLAIN_PDF,
    "office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 64,
    "HTML": b"\xef\xbb\xbf\n<!DOCTYPE html><script>alert(1)</script>" + PLAIN_PDF,
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "program": b"MZ" + b"0" * 64,
    "JPEG 2000": b"\x00\x00\x00\x0cjP  \r\n\x87\n",
}


@pytest.mark.parametrize("name", KINDS)
def test_another_kind_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(uploads.FileTypeNotAccepted) as refused:
        cleaned(KINDS[name])
    assert name in refused.value.message


# --- PDFs -------------------------------------------------------------------------------------------------------------
def pdf(change: Callable[[Pdf], None], **options: object) -> bytes:
    """A PDF of one page, changed before it is written."""
    output = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        change(made)
        as_given = {"stream_decode_level": pikepdf.StreamDecodeLevel.none, "compress_streams": False}
        made.save(output, **(options if "encryption" in options else as_given | options))
    return output.getvalue()


def plain(made: Pdf) -> None:
    """Nothing but its page."""


def action(kind: str, **more: object) -> Dictionary:
    return Dictionary(S=Name(kind), **more)


def link(made: Pdf, act: Dictionary) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=act)
    made.pages[0].Annots = Array([made.make_indirect(note)])


def by_event(made: Pdf) -> None:
    made.pages[0].AA = Dictionary(O=action("/JavaScript", JS=String("x")))


def second(made: Pdf) -> None:
    link(made, action("/URI", URI=String("https://example.org"), Next=action("/Launch", F=String("calc.exe"))))


def named_script(made: Pdf) -> None:
    made.Root.Names = Dictionary(JavaScript=Dictionary(Names=[String("x"), action("/JavaScript", JS=String("x"))]))


def xfa(made: Pdf) -> None:
    made.Root.AcroForm = Dictionary(Fields=Array(), XFA=made.make_stream(b"<xdp/>"))


ACTIVE = {
    "when it opens": lambda made: setattr(made.Root, "OpenAction", action("/JavaScript", JS=String("x"))),
    "when a page opens": by_event,
    "by name": named_script,
    "behind a link": lambda made: link(made, action("/JavaScript", JS=made.make_stream(b"x"))),
    "a program": lambda made: link(made, action("/Launch", F=String("calc.exe"))),
    "after a link": second,
    "sends a form": lambda made: link(made, action("/SubmitForm", F=String("https://example.org"))),
    "a film": lambda made: link(made, action("/Rendition")),
    "a form for special programs": xfa,
    "packed twice": lambda made: setattr(
        made.Root, "X", made.make_stream(zlib.compress(zlib.compress(b"x")), Filter=[Name.FlateDecode] * 2)
    ),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ACTIVE)
def test_a_pdf_that_acts_is_refused_and_told_what_it_has(name: str, packed: bool) -> None:
    mode = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable
    with pytest.raises(uploads.PdfNotPlain) as refused:
        cleaned(pdf(ACTIVE[name], object_stream_mode=mode))
    assert "Print it to a new PDF" in refused.value.message


def attached(made: Pdf) -> None:
    made.attachments["factur-x.xml"] = b"<secret/>"


def private(made: Pdf) -> None:
    made.docinfo["/Author"] = String("secret author")
    with made.open_metadata() as notes:
        notes["dc:title"] = "secret title"


HARMLESS = {
    "a file inside": attached,
    "notes about the author": private,
    "a link": lambda made: link(made, action("/URI", URI=String("https://secret.example"))),
    "bytes in another file": lambda made: setattr(made.Root, "X", made.make_stream(b"x", F=String("secret.bin"))),
    "a plain form": lambda made: setattr(made.Root, "AcroForm", Dictionary(Fields=Array())),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_can_be_taken_out_of_a_pdf_is_taken_out_and_its_page_stays(name: str) -> None:
    clean = cleaned(pdf(HARMLESS[name]))
    assert b"secret" not in clean.content
    with pikepdf.open(io.BytesIO(clean.content)) as made:
        assert len(made.pages) == 1
        assert not [key for key in ("/Metadata", "/OpenAction", "/AF") if key in made.Root]


@pytest.mark.parametrize(
    "head", [b"\xef\xbb\xbf", b"\r\n\r\n", b"\x00" * 40, b"--X\r\nContent-Type: application/pdf\r\n\r\n"]
)
@pytest.mark.parametrize("tail", [b"", b"\r\n--X--\r\n", b"\x00" * 2_000])
def test_what_mail_puts_around_a_pdf_does_not_matter(head: bytes, tail: bytes) -> None:
    assert cleaned(head + PLAIN_PDF + tail).content == cleaned(PLAIN_PDF).content


def test_a_locked_pdf_is_refused_and_one_that_anybody_can_open_is_stored_open() -> None:
    with pytest.raises(uploads.PdfNotPlain, match="password"):
        cleaned(pdf(plain, encryption=pikepdf.Encryption(user="secret", owner="other")))
    clean = cleaned(pdf(plain, encryption=pikepdf.Encryption(user="", owner="other")))
    assert b"/Encrypt" not in clean.content


BOMB = zlib.compress(b"0" * 400_000_000, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        lambda made: setattr(made.Root, "X", made.make_stream(BOMB, Filter=Name.FlateDecode)),
        lambda made: [setattr(made.Root, f"X{i}", made.make_stream(BOMB, Filter=Name.FlateDecode)) for i in range(3)],
        lambda made: setattr(made.Root, "X", made.make_stream(b"x", Subtype=Name.Image, Width=99_999, Height=99_999)),
        lambda made: setattr(made.Root, "X", Array([made.make_indirect(Dictionary(A=i)) for i in range(50_001)])),
        lambda made: [made.add_blank_page() for _ in range(300)],
    ],
    ids=["one stream", "three streams", "a picture", "parts", "pages"],
)
def test_a_pdf_that_grows_without_end_is_refused_in_time(change: Callable[[Pdf], None]) -> None:
    data = pdf(change)
    assert len(data) < uploads.MAX_BYTES
    began = time.monotonic()
    with pytest.raises(uploads.PdfTooLarge):
        cleaned(data)
    assert time.monotonic() - began < 60


@pytest.mark.slow
def test_objects_packed_into_a_bomb_are_refused() -> None:
    def fill(made: Pdf) -> None:
        made.Root.X = String("a" * 60_000_000)

    data = pdf(fill, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True)
    assert len(data) < 1_000_000
    with pytest.raises(uploads.UploadRefused):
        cleaned(data)


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.4\n1 0 obj",
        b"%PDF-1.7\n" + b"[" * 100_000,
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n",
        PLAIN_PDF.replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"),
        PLAIN_PDF[:120],
    ],
    ids=["half", "nested", "no pages", "a page in itself", "cut off"],
)
def test_a_broken_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(uploads.UploadRefused):
        cleaned(data)

"""Pictures are drawn anew: what they show stays, and places, names and hidden parts go.

Memory is bounded by what a decoder holds (`MAX_HELD_BYTES`); everything after that happens in strips.
"""

from __future__ import annotations

import dataclasses
import io
import logging
import threading
from typing import Any

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from pillow_heif.as_plugin import HeifImageFile

from accounts.identity.uploads.kinds import HEIC, JPEG, PNG
from accounts.identity.uploads.refusals import FileUnreadable, PictureTooLarge

logger = logging.getLogger(__name__)

# An A4 page at 1,200 dots per inch has 139 million. In colour a decoder holds four bytes for each.
MAX_PIXELS = 150_000_000
MAX_HELD_BYTES = 300_000_000
# Longest side of what is stored: an A4 page at 400 dots per inch, and every photo of 12 million dots as it is.
MAX_SIDE = 5_000
# A drawn PNG above this is stored as JPEG.
MAX_STORED_BYTES = 10 * 1024 * 1024
# A progressive JPEG is decoded once for each of its scans; cameras write ten or so.
MAX_SCANS = 100
STRIP_ROWS = 512
ORIENTATION = 0x0112

_OPENERS: dict[str, type[ImageFile.ImageFile]] = {JPEG: JpegImageFile, PNG: PngImageFile, HEIC: HeifImageFile}
_BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# One at a time in a process: two of the largest would need twice the memory.
_one_at_a_time = threading.Lock()


@dataclasses.dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as it is stored."""

    content: bytes
    content_type: str


def draw_again(data: bytes, kind: str) -> Drawn:
    """Decode the first picture of a file, put it upright on white, make it smaller if it is large, and encode it.

    Raises FileUnreadable or PictureTooLarge, whatever the bytes are.
    """
    with _one_at_a_time:
        try:
            return _draw_again(data, kind)
        except PictureTooLarge:
            raise
        except Exception as error:
            # Decoders raise nearly everything over broken files: struct.error, KeyError, ZeroDivisionError and more.
            logger.info("picture not readable", extra={"kind": kind, "error": repr(error)[:200]})
            raise FileUnreadable from error


def _draw_again(data: bytes, kind: str) -> Drawn:
    if kind == JPEG and data.count(b"\xff\xda") > MAX_SCANS:
        raise FileUnreadable
    # The class itself, not Image.open: it takes the one format only, and no second picture behind the first.
    with _OPENERS[kind](io.BytesIO(data)) as picture:
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise PictureTooLarge
        if kind == JPEG:
            # The decoder of JPEG can leave out detail, by powers of two, before it holds anything.
            picture.draft(None, (min(width, MAX_SIDE), min(height, MAX_SIDE)))
        if picture.width * picture.height * _BYTES_PER_PIXEL.get(picture.mode, 4) > MAX_HELD_BYTES:
            raise PictureTooLarge
        # Decoders of HEIC turn the picture themselves.
        turn = None if kind == HEIC else _TURNS.get(_orientation(picture))
        picture.load()
        drawn = _on_white(picture)
    if turn is not None:
        drawn = drawn.transpose(turn)
    return _encode(drawn, kind)


def _orientation(picture: ImageFile.ImageFile) -> Any:
    """How the camera was held, as the file says it; 1 where that can't be read: a bad note must not stop a picture."""
    try:
        orientation = picture.getexif().get(ORIENTATION)
    except Exception as error:
        logger.info("orientation not readable", extra={"error": repr(error)[:200]})
        return 1
    return orientation if isinstance(orientation, int) else 1


def _on_white(picture: Image.Image) -> Image.Image:
    """The picture in 8-bit RGB without transparency, reduced by a whole factor when a side is over `MAX_SIDE`."""
    factor = -(-max(picture.size) // MAX_SIDE)
    size = (-(-picture.width // factor), -(-picture.height // factor))
    drawn = Image.new("RGB", size, "white")
    rows = STRIP_ROWS * factor
    for top in range(0, picture.height, rows):
        strip = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        strip.info = picture.info
        flat = _flat(strip)
        drawn.paste(flat.reduce(factor) if factor > 1 else flat, (0, top // factor))
    return drawn


def _flat(strip: Image.Image) -> Image.Image:
    transparent = strip.info.get("transparency")
    if strip.mode.startswith("I"):
        return _from_16_bits(strip, transparent)
    if strip.mode == "1":
        strip = strip.convert("L")
        transparent = None if transparent is None else (255 if transparent else 0)
    if transparent is not None:
        strip.info = {"transparency": transparent}
        strip = strip.convert("RGBA")
    elif strip.mode in ("LA", "La", "PA", "RGBa"):
        strip = strip.convert("RGBA")
    if strip.mode != "RGBA":
        return strip.convert("RGB")
    white = Image.new("RGB", strip.size, "white")
    white.paste(strip.convert("RGB"), mask=strip.getchannel("A"))
    return white


def _from_16_bits(strip: Image.Image, transparent: Any) -> Image.Image:
    """Grey of 65,536 tones in 256: Pillow's own conversion would make everything above the first 255 white."""
    wide = strip.convert("I")
    grey = wide.point([tone >> 8 for tone in range(65_536)], "L")
    if not isinstance(transparent, int):
        return grey.convert("RGB")
    seen = wide.point([0 if tone == transparent else 255 for tone in range(65_536)], "L")
    white = Image.new("L", strip.size, 255)
    white.paste(grey, mask=seen)
    return white.convert("RGB")


def _encode(drawn: Image.Image, kind: str) -> Drawn:
    output = io.BytesIO()
    if kind == PNG:
        drawn.save(output, "PNG", compress_level=3)
        if output.tell() <= MAX_STORED_BYTES:
            return Drawn(output.getvalue(), PNG)
        output = io.BytesIO()
    drawn.save(output, "JPEG", quality=90)
    return Drawn(output.getvalue(), JPEG)

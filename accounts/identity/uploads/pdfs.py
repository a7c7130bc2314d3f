"""PDFs are parsed and written anew: pages stay, what acts or hides goes, and what can't be taken out is refused.

Refused: scripts, commands that start programs, films and 3D, forms that only a program can draw, a password.
Taken out: files inside the file, links and other actions, notes about the author, everything that no page uses.
"""

from __future__ import annotations

import io
import logging
import zlib
from collections.abc import Iterator

import pikepdf
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pikepdf.settings import set_qpdf_limits

from accounts.identity.uploads.refusals import FileUnreadable, PdfNotPlain, PdfTooLarge

logger = logging.getLogger(__name__)

MAX_PAGES = 300
MAX_OBJECTS = 50_000
MAX_PARTS = 1_000_000
MAX_PICTURE_DOTS = 300_000_000
# What all streams of a file may unpack to; a viewer would have to hold that.
MAX_UNPACKED_BYTES = 300_000_000
# qpdf's own limits, for the streams that it unpacks while it reads. For the whole process, so set once, here.
MAX_STREAM_BYTES = 50_000_000
set_qpdf_limits(
    doc_max_warnings=2_000,
    parser_max_nesting=100,
    max_stream_filters=5,
    flate_max_memory=MAX_STREAM_BYTES,
    png_max_memory=MAX_STREAM_BYTES,
    tiff_max_memory=MAX_STREAM_BYTES,
    run_length_max_memory=MAX_STREAM_BYTES,
    dct_max_memory=MAX_STREAM_BYTES,
    dct_max_progressive_scans=50,
)

_SCRIPT = gettext_lazy("a script (JavaScript)")
_PROGRAM = gettext_lazy("a command that starts a program")
_FILM = gettext_lazy("a film, sound or 3D scene")
_FORM = gettext_lazy("a form that only special programs can show (XFA)")
_FORM_ACTION = gettext_lazy("a form that sends or fetches data")
_REFUSED_ACTIONS = {
    "/JavaScript": _SCRIPT,
    "/ECMAScript": _SCRIPT,
    "/Launch": _PROGRAM,
    "/Rendition": _FILM,
    "/Movie": _FILM,
    "/Sound": _FILM,
    "/RichMediaExecute": _FILM,
    "/GoTo3DView": _FILM,
    "/SubmitForm": _FORM_ACTION,
    "/ImportData": _FORM_ACTION,
}
_HARMLESS_ACTION = "/GoTo"
_OTHER_ACTIONS = frozenset(
    ("/URI", "/GoToR", "/GoToE", "/GoToDp", "/Thread", "/Hide", "/Named", "/ResetForm", "/SetOCGState", "/Trans")
)
_REFUSED_KEYS = {"/JS": _SCRIPT, "/JavaScript": _SCRIPT, "/RichMediaContent": _FILM, "/3DD": _FILM}
# Files inside, actions by event, private notes of programs, the author's metadata.
_DROPPED_KEYS = ("/AA", "/PA", "/AF", "/EF", "/RF", "/EmbeddedFiles", "/PieceInfo", "/Metadata", "/Collection")
_ROOT_KEYS = ("/OpenAction", "/URI", "/Threads", "/SpiderInfo", "/Legal", "/Perms", "/Requirements", "/Extensions")
_FILTER_NAMES = {"/Fl": "/FlateDecode", "/LZW": "/LZWDecode", "/RL": "/RunLengthDecode"}
_UNPACKERS = frozenset(("/FlateDecode", "/LZWDecode", "/RunLengthDecode"))


def clean_pdf(data: bytes) -> bytes:
    """The same pages as a new PDF in which nothing acts. Raises PdfNotPlain, PdfTooLarge or FileUnreadable."""
    try:
        return _clean(data[data.index(b"%PDF-") :])
    except (PdfNotPlain, PdfTooLarge):
        raise
    except pikepdf.PasswordError as error:
        raise PdfNotPlain(_("The PDF is locked with a password. Print it to a new PDF and send that.")) from error
    except Exception as error:
        # The parser raises nearly everything over broken files: PdfError, ValueError, TypeError, RecursionError.
        logger.info("PDF not readable", extra={"error": repr(error)[:200]})
        raise FileUnreadable from error


def _clean(data: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
        if len(pdf.objects) > MAX_OBJECTS or len(pdf.pages) > MAX_PAGES:
            raise PdfTooLarge
        if len(pdf.pages) == 0:
            raise FileUnreadable
        _defuse_document(pdf)
        unpacked = 0
        for part in _parts(pdf):
            if isinstance(part, pikepdf.Stream):
                unpacked += _unpacked_size(part, MAX_UNPACKED_BYTES - unpacked)
                if unpacked > MAX_UNPACKED_BYTES:
                    raise PdfTooLarge
            _defuse(part)
        output = io.BytesIO()
        pdf.save(
            output,
            encryption=False,
            linearize=False,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            deterministic_id=True,
            fix_metadata_version=False,
        )
        return output.getvalue()


def _defuse_document(pdf: pikepdf.Pdf) -> None:
    """What acts or hides by its place in the document as a whole."""
    _drop(pdf.trailer, ("/Info",))
    root = pdf.Root
    form = root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and "/XFA" in form:
        if root.get("/NeedsRendering", False) or len(form.get("/Fields", [])) == 0:
            raise _refusal(_FORM)
        _drop(form, ("/XFA",))
    opening = root.get("/OpenAction")
    if isinstance(opening, pikepdf.Dictionary):
        _refuse_action(opening)
    _drop(root, _ROOT_KEYS)


def _parts(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every dictionary and stream: those with a number and those written inside others."""
    seen = 0
    for numbered in pdf.objects:
        waiting = [numbered]
        while waiting:
            part = waiting.pop()
            seen += 1
            if seen > MAX_PARTS:
                raise PdfTooLarge
            if isinstance(part, pikepdf.Array):
                inner = list(part)
            elif _is_container(part):
                inner = [value for _key, value in part.items()]
            else:
                continue
            # Before the part is given out: what is taken out of it there must be looked at too.
            waiting += [value for value in inner if _is_container(value) and not value.is_indirect]
            if not isinstance(part, pikepdf.Array):
                yield part


def _is_container(value: object) -> bool:
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array | pikepdf.Stream)


def _defuse(part: pikepdf.Object) -> None:
    """Refuse what can't be taken out of a dictionary; take out the rest."""
    for key, words in _REFUSED_KEYS.items():
        if key in part:
            raise _refusal(words)
    _refuse_action(part)
    action = part.get("/A")
    if isinstance(action, pikepdf.Dictionary):
        _refuse_action(action)
        if _action_kind(action) in _OTHER_ACTIONS:
            _drop(part, ("/A",))
    if _action_kind(part) == _HARMLESS_ACTION:
        _drop(part, ("/Next",))
    if isinstance(part, pikepdf.Stream):
        # A stream whose bytes are in another file.
        _drop(part, ("/F", "/FFilter", "/FDecodeParms"))
    if part.get("/Subtype") == pikepdf.Name.FileAttachment:
        _drop(part, ("/FS",))
    _drop(part, _DROPPED_KEYS)


def _action_kind(part: pikepdf.Object) -> str:
    kind = part.get("/S")
    return str(kind) if isinstance(kind, pikepdf.Name) else ""


def _refuse_action(part: pikepdf.Object) -> None:
    words = _REFUSED_ACTIONS.get(_action_kind(part))
    # Names of structure elements may be anything; only they have a parent and children.
    if words is not None and not ("/P" in part and "/K" in part):
        raise _refusal(words)


def _drop(part: pikepdf.Object, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in part:
            del part[key]


def _refusal(words: object) -> PdfNotPlain:
    return PdfNotPlain(_("The PDF has %(what)s inside. Print it to a new PDF and send that.") % {"what": words})


def _unpacked_size(stream: pikepdf.Stream, limit: int) -> int:
    """Bytes that the packed stream becomes, counted to just above the limit. Nothing of them is kept."""
    filters = stream.get("/Filter")
    names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    names = [_FILTER_NAMES.get(name, name) for name in names]
    packers = [name for name in names if name in _UNPACKERS]
    if len(packers) > 1:
        raise PdfNotPlain(_("The PDF is packed more than once. Print it to a new PDF and send that."))
    if _dots(stream) > MAX_PICTURE_DOTS:
        raise PdfTooLarge
    if not packers:
        return 0
    if names != ["/FlateDecode"]:
        # The parser's own limits hold here.
        return len(stream.read_bytes(pikepdf.StreamDecodeLevel.generalized))
    unpacker, packed, size = zlib.decompressobj(), stream.read_raw_bytes(), 0
    while packed and size <= limit:
        try:
            size += len(unpacker.decompress(packed, 1 << 20))
        except zlib.error:
            # Viewers show what came before the damage.
            break
        packed = unpacker.unconsumed_tail
    return size


def _dots(stream: pikepdf.Stream) -> int:
    sides = [stream.get(long, stream.get(short, 0)) for long, short in (("/Width", "/W"), ("/Height", "/H"))]
    width, height = (int(side) if isinstance(side, int) else 0 for side in sides)
    return width * height

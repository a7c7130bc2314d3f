"""PDF files: made in a process that reads our static files only, has no secrets and is ended when it takes too long."""

from __future__ import annotations

import http.server
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from pypdf import PdfReader

from p2plending.lib.documents import pdf
from p2plending.lib.documents.pdf import PdfFailed, PdfUnavailable, find_libraries, pdf_is_available, write_pdf
from p2plending.lib.documents.pdf_writer import BASE, ForeignAddress, file_of
from p2plending.lib.errors import Busy

pytestmark = pytest.mark.one_database

STATIC = Path(settings.BASE_DIR) / "static"
# What WeasyPrint says on a machine without the system libraries.
BROKEN = "raise OSError(\"cannot load library 'libpango-1.0-0': no such file\")\n"


@pytest.fixture
def without_libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Another `weasyprint` stands before the real one and fails as it does without pango."""
    (tmp_path / "weasyprint.py").write_text(BROKEN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    find_libraries.cache_clear()
    yield
    find_libraries.cache_clear()


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine, and the paths that anybody asked it for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Nothing to say."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_a_page_becomes_a_pdf_with_our_fonts() -> None:
    made = write_pdf('<link rel="stylesheet" href="css/document.css"><h1>Statement</h1><p>€1,234.50 ü</p>')

    [page] = PdfReader(io.BytesIO(made)).pages
    assert page.extract_text().splitlines() == ["Statement", "€1,234.50 ü", "1 / 1"]
    fonts = {font.get_object()["/BaseFont"].partition("+")[2] for font in page["/Resources"]["/Font"].values()}
    assert {name.split("-")[0] for name in fonts} == {"Source", "Instrument"}


def test_nothing_is_fetched_and_no_file_of_the_machine_is_read(listener: tuple[str, list[str]], tmp_path: Path) -> None:
    site, asked = listener
    secret = tmp_path / "secret.css"
    secret.write_text("p::after{content:'SECRET'}")
    html = (
        f'<link rel="stylesheet" href="{site}/a.css"><link rel="stylesheet" href="file://{secret}">'
        f'<link rel="attachment" href="file://{secret}"><p>Text</p><img src="{site}/b.png">'
        f'<iframe src="{site}/c"></iframe><object data="file:///etc/hostname"></object>'
        f"<style>@import url({site}/d.css); p{{background:url({site}/e.png)}}</style>"
    )

    assert write_pdf(html).startswith(b"%PDF-")
    assert asked == []


@pytest.mark.parametrize(
    "address",
    [
        f"{BASE}../manage.py",
        f"{BASE}css/../../requirements.txt",
        f"{BASE}css/%2e%2e/%2e%2e/manage.py",
        f"{BASE}css",
        f"{BASE}css/missing.css",
        "http://static.invalid.example.org/css/document.css",
        "https://static.invalid/css/document.css",
        "file:///etc/hostname",
        "http://127.0.0.1/css/document.css",
    ],
)
def test_only_static_files_have_an_address(address: str) -> None:
    with pytest.raises(ForeignAddress):
        file_of(address, STATIC)


def test_a_static_file_has_one() -> None:
    assert file_of(f"{BASE}css/document.css", STATIC) == STATIC / "css" / "document.css"


def test_the_process_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "secret")
    monkeypatch.setenv("FIELD_KEYS", "secret")
    monkeypatch.setenv("DATABASE_URL", "secret")

    assert "secret" not in pdf._environment().values()


@pytest.mark.usefixtures("without_libraries")
def test_without_the_libraries_it_is_refused_by_name() -> None:
    assert pdf_is_available() is False
    with pytest.raises(PdfUnavailable):
        write_pdf("<p>Text</p>")


def test_what_takes_too_long_is_ended_and_the_next_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pdf_is_available()
    monkeypatch.setattr(pdf, "TIME_LIMIT_SECONDS", 1.5)
    rows = "".join(f"<tr><td>{number}</td><td>text</td></tr>" for number in range(40_000))
    began = time.monotonic()
    with pytest.raises(PdfFailed):
        write_pdf(f"<table>{rows}</table>")
    assert time.monotonic() - began < 20

    monkeypatch.undo()
    assert write_pdf("<p>Text</p>").startswith(b"%PDF-")


def test_only_a_few_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "WAIT_SECONDS", 0.05)
    assert pdf_is_available()
    for _turn in range(pdf.MOST_AT_ONCE):
        assert pdf._turns.acquire(blocking=False)
    try:
        with pytest.raises(Busy):
            write_pdf("<p>Text</p>")
    finally:
        for _turn in range(pdf.MOST_AT_ONCE):
            pdf._turns.release()
    assert write_pdf("<p>Text</p>").startswith(b"%PDF-")

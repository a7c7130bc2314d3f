"""`python -m p2plending.lib.documents.pdf_writer FOLDER`: HTML in, PDF out, on standard streams; knows no Django.

Stylesheets and fonts are read from FOLDER; every other address is refused. `--check` says by its exit code whether
WeasyPrint and its libraries are there.
"""

from __future__ import annotations

import logging
import mimetypes
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from weasyprint.urls import URLFetcher

# A name that no resolver knows: addresses relative to it are files of the folder.
BASE = "http://static.invalid/"
MEMORY_LIMIT_BYTES = 2 * 1024**3
CPU_LIMIT_SECONDS = 30


class ForeignAddress(ValueError):
    """Something in the document points beyond our static files."""


def file_of(url: str, folder: Path) -> Path:
    """The static file behind an address. Raises ForeignAddress for everything else."""
    parts = urlsplit(url)
    path = (folder / unquote(parts.path).lstrip("/")).resolve()
    if f"{parts.scheme}://{parts.netloc}/" != BASE or not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise ForeignAddress(url[:200])
    return path


def fetcher(folder: Path) -> URLFetcher:
    """What WeasyPrint asks for every address in a document."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # needs system libraries, which `--check` looks for

    class StaticFiles(URLFetcher):
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
            file = file_of(url, folder)
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            return URLFetcherResponse(url, file.read_bytes(), {"Content-Type": kind})

    return StaticFiles(  # type: ignore[no-untyped-call]  # WeasyPrint annotates nothing
        allowed_protocols=("http",), allow_redirects=False
    )


def main() -> int:
    """Write one document; exit code 1 with the reason on standard error when that can't be done."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_SECONDS, CPU_LIMIT_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    try:
        import weasyprint
    except (ImportError, OSError) as error:  # the package, or a library that it loads
        sys.stderr.write(f"{error}\n")
        return 1
    if "--check" in sys.argv:
        return 0
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    html = sys.stdin.buffer.read().decode()
    document = weasyprint.HTML(string=html, base_url=BASE, url_fetcher=fetcher(Path(sys.argv[-1])))
    sys.stdout.buffer.write(document.write_pdf())
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Documents that people keep: one template for the page that prints and for the PDF file.

A `Document` is what a selector found for its reader. `print_page` shows it on the screen with a way to print it;
`pdf_file` sends the same page as a file, or shows the page and says so where this machine can't make PDF files.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from p2plending.lib.clock import business_date
from p2plending.lib.documents.pdf import PdfUnavailable, pdf_is_available, write_pdf


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """What stands in a document. `reference` names its subject, `name` is the file's name without its ending.

    `print_url` and `pdf_url` are its two addresses, `back_url` is the page that it belongs to, `on` the day on which
    its figures stand.
    """

    template: str
    title: str
    reference: str
    name: str
    print_url: str
    pdf_url: str
    back_url: str
    context: dict[str, Any]
    on: dt.date = dataclasses.field(default_factory=business_date)


def print_page(request: HttpRequest, document: Document) -> HttpResponse:
    """The document as a page for screen and printer."""
    return render(request, document.template, _context(document, for_pdf=False))


def pdf_file(request: HttpRequest, document: Document) -> HttpResponse:
    """The document as a file to keep; the print page stands in where PDF files can't be made.

    Raises what `write_pdf` refuses.
    """
    if not pdf_is_available():
        return redirect(document.print_url)
    return pdf_response(request, document)


def pdf_response(request: HttpRequest, document: Document) -> HttpResponse:
    """The document as a file, for pages and the API. Raises what `write_pdf` refuses."""
    if not pdf_is_available():
        raise PdfUnavailable(print_url=document.print_url)
    html = render_to_string(document.template, _context(document, for_pdf=True), request=request)
    response = HttpResponse(write_pdf(html), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{document.name}.pdf"'
    return response


def _context(document: Document, *, for_pdf: bool) -> dict[str, Any]:
    return document.context | {
        "document": document,
        "for_pdf": for_pdf,
        "pdf_is_available": for_pdf or pdf_is_available(),
    }

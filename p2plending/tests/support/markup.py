"""What tests read in a page, whatever its source looks like."""

from __future__ import annotations

import re


def compact(html: str) -> str:
    """Markup without the line breaks and indentation of its source: one space between words, none beside a tag."""
    return re.sub(r" ?([<>]) ?", r"\1", re.sub(r"\s+", " ", html))


def title_of(html: str) -> str:
    """The title of a page as a browser shows it."""
    return compact(html).partition("<title>")[2].partition("</title>")[0]

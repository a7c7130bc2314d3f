"""One language: the names in code use the terms of the glossary in docs/domain.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("p2plending", "accounts", "ledger", "loans", "matching", "adminpanel")
ROW = re.compile(r"^\| (?P<term>[^|]+) \| (?P<meaning>[^|]+) \| (?P<words>[^|]+) \|$", re.MULTILINE)


def forbidden_words() -> list[str]:
    """The third column of the glossary."""
    text = (ROOT / "docs" / "domain.md").read_text(encoding="utf-8")
    table = text.split("## Glossary")[1].split("\n## ")[0]
    return [word for row in ROW.finditer(table) for word in re.findall(r"`(\w+)`", row["words"])]


def parts_of(name: str) -> str:
    """A name as words with underscores: `BeforePayout` → `before_payout`; leading underscores don't count."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().lstrip("_")


def breaks(name: str, words: list[str]) -> list[str]:
    """The forbidden words in a name: whole parts of it, or its beginning for a word that ends in an underscore."""
    text = parts_of(name)
    return [
        word
        for word in words
        if (text.startswith(word) if word.endswith("_") else re.search(rf"(?:^|_){word}(?:_|$)", text))
    ]


def names_in_code() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            inside = path.relative_to(ROOT)
            if {"tests", "migrations"} & set(inside.parts):
                continue
            yield inside.as_posix(), path.stem if path.stem != "__init__" else path.parent.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    yield f"{inside.as_posix()}:{node.lineno}", node.name


def test_names_use_the_terms_of_the_glossary() -> None:
    words = forbidden_words()
    assert len(words) > 60
    assert [(place, name, found) for place, name in names_in_code() if (found := breaks(name, words))] == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("BeforePayout", ["payout"]),
        ("_tell_borrower", ["tell_"]),
        ("open_purses", ["purses"]),
        ("layout", []),
        ("retell_story", []),
        ("disburse_loan", []),
    ],
)
def test_the_search_for_forbidden_words_finds_them(name: str, found: list[str]) -> None:
    assert breaks(name, ["payout", "tell_", "purse", "purses"]) == found

"""Nothing pretends: every state, event and code that the code decides on is reached by it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("accounts", "ledger", "loans", "matching")
# Their members are offered to people in a form, or found by value in data: code decides nothing about one of them.
CHOSEN = {
    "DocumentReason",
    "IdDocumentType",
    "PaymentMethod",
    "HardshipCause",
    "DefaultCause",
    "Purpose",
    "Employment",
    "LoanDocumentKind",
    "DeclineReason",
    "InterestRecalculation",
    # The letter of an account's code.
    "Book",
    # The pure reasons of `matching.engine.eligibility`, by the same value.
    "DecisionReason",
}


def sources() -> dict[str, str]:
    files = [path for package in ("p2plending", *APPS, "adminpanel") for path in sorted((ROOT / package).rglob("*.py"))]
    wanted = [path for path in files if not {"tests", "migrations", "trials"} & set(path.parts)]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in wanted}


def members(text: str) -> Iterator[tuple[str, str]]:
    """Every member of every enumeration in a module: class and name."""
    for node in ast.parse(text).body:
        bases = " ".join(ast.unparse(base) for base in node.bases) if isinstance(node, ast.ClassDef) else ""
        if isinstance(node, ast.ClassDef) and re.search(r"Choices|Enum", bases):
            for statement in node.body:
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                    yield node.name, statement.targets[0].id


def unreached(texts: dict[str, str]) -> list[str]:
    """Members of the enumerations that no other line of the sources names by class."""
    whole = "\n".join(texts.values())
    return [
        f"{owner}.{name}"
        for path, text in texts.items()
        if "/enums" in path
        for owner, name in members(text)
        if owner not in CHOSEN and not re.search(rf"\b{owner}\.{name}\b", whole)
    ]


def test_every_state_and_code_is_reached() -> None:
    assert unreached(sources()) == []


@pytest.mark.parametrize(
    ("use", "found"), [("", ["State.DEAD"]), ("move(State.DEAD)", []), ("OtherState.DEAD", ["State.DEAD"])]
)
def test_the_search_for_dead_members_finds_them(use: str, found: list[str]) -> None:
    enum = 'class State(models.TextChoices):\n    LIVE = "live"\n    DEAD = "dead"\n'
    assert unreached({"loans/enums/x.py": enum, "loans/services/y.py": f"State.LIVE\n{use}"}) == found

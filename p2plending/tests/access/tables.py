"""Reading the tables of the authorization matrix (see the head of this package)."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from p2plending.tests.access.people import LETTERS

HERE = Path(__file__).parent
ALL_GROUPS = "".join(LETTERS)
MEMBER_COLUMNS = ("visitor", "borrower", "lender", "new", "owner", "suspended")
API_COLUMNS = ("visitor", "gone", "borrower", "lender", "new", "owner", "suspended")
MAY = "may"
REFUSED = {"sign-in", "401", "403", "404", "405"}


@dataclasses.dataclass(frozen=True)
class Row:
    """One line: what each kind of person gets from one URL by one method. `staff` is by letter, "-!*" included.

    A row with one cell is for everybody, and a few kinds of people stand for all.
    """

    name: str
    method: str
    members: dict[str, str]
    staff: dict[str, str]
    is_open: bool = False


def by_groups(letters: str, answer: str, others: str = "403") -> dict[str, str]:
    """What each kind of staff gets where these groups are let in. Raises ValueError for letters out of place."""
    if len(letters) != len(ALL_GROUPS) or any(a not in (b, ".") for a, b in zip(letters, ALL_GROUPS, strict=True)):
        raise ValueError(f"Groups are written like {ALL_GROUPS} with dots, not {letters!r}.")
    asked = {letter: answer if letter in letters else others for letter in ALL_GROUPS}
    return asked | {"-": others, "!": others, "*": answer}


def read_members(file: str, columns: tuple[str, ...]) -> list[Row]:
    """`pages.txt` and `api.txt`: a cell for each column, and one for staff."""
    rows = []
    for method, name, *cells in _lines(file):
        is_open = len(cells) == 1
        *members, staff = cells * (len(columns) + 1) if is_open else cells
        rows.append(Row(name, method, dict(zip(columns, members, strict=True)), _staff_cell(staff), is_open))
    return rows


def read_desk() -> list[Row]:
    """`desk.txt` and `registry.txt`: visitors sign in, members are refused, staff by group."""
    rows = [
        _desk_row(f"admin:{name}", method, letters, answer[0] if answer else MAY)
        for method, name, letters, *answer in _lines("desk.txt")
    ]
    for _method, model, letters in _lines("registry.txt"):
        stem = f"admin:{model.replace('.', '_')}"
        rows += [_desk_row(f"{stem}_{page}", "get", letters, "200") for page in ("changelist", "change")]
    return rows


def _desk_row(name: str, method: str, letters: str, answer: str) -> Row:
    members = dict.fromkeys(API_COLUMNS, "403") | {"visitor": "sign-in", "gone": "sign-in"}
    return Row(name, method, members, by_groups(letters, answer))


def _staff_cell(cell: str) -> dict[str, str]:
    others, _colon, groups = cell.partition(":")
    if not groups:
        return dict.fromkeys([*ALL_GROUPS, "-", "!", "*"], others)
    letters, _equals, answer = groups.partition("=")
    return by_groups(letters, answer or "200", others)


def _lines(file: str) -> list[list[str]]:
    lines = []
    for line in (HERE / file).read_text().splitlines():
        words = line.partition("#")[0].split()
        if words:
            is_post = words[0] == "POST"
            lines.append(["post", *words[1:]] if is_post else ["get", *words])
    return lines

"""Every published case of Fineract is told or in the one group that says why not, as docs/finance.md counts them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from loans.tests.finance.fineract_cover import CASES, FIRST_SCHEDULES, GROUPS, TOLD, counts_of_groups, group_of
from loans.tests.finance.published_rows import published, published_csv

DOCUMENT = (Path(__file__).parents[3] / "docs" / "finance.md").read_text(encoding="utf-8")
FILES = {
    "day counts": "day_count",
    "Apache Fineract stories": "fineract_stories",
    "other schedules": "schedules_other",
    "US APR": "apr_us_reg_z",
    "EU and UK APR": "apr_eu_uk",
    "XIRR": "xirr",
    "time value": "tvm",
}


def table_rows(chapter: str) -> list[list[str]]:
    """The cells of the tables of one chapter, without headings."""
    text = re.split(r"^## ", DOCUMENT.partition(f"\n## {chapter} ")[2], maxsplit=1, flags=re.MULTILINE)[0]
    tables = re.findall(r"^\|[-|]+\|\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for table in tables for line in table.splitlines()]


def test_every_case_is_told_or_in_one_group() -> None:
    assert Counter(case["tier"] for case in CASES) == {"core": 178, "extended": 187}
    assert len({case["id"] for case in CASES}) == 365
    assert {case["id"] for case in CASES} >= TOLD | FIRST_SCHEDULES
    assert [case["id"] for case in CASES if (case["id"] in TOLD) == (group_of(case) is not None)] == []
    assert sum(core + extended for core, extended, _ in counts_of_groups().values()) + len(TOLD) == 365


def test_no_group_is_about_a_case_that_is_told() -> None:
    about = frozenset().union(*GROUPS.values())
    assert [case["id"] for case in CASES if case["id"] in TOLD and about & set(case["features"].split())] == []


def test_the_document_counts_what_is_not_told() -> None:
    groups = [row for row in table_rows("13") if row[0] in GROUPS]
    shown = {row[0]: tuple(map(int, row[1:4])) for row in groups}
    assert shown == counts_of_groups()
    assert all(row[4] for row in groups)
    sums = tuple(map(sum, zip(*counts_of_groups().values(), strict=True)))
    assert tuple(map(int, table_rows("13")[-1][1:4])) == sums


@pytest.mark.parametrize(("words", "name"), FILES.items())
def test_the_document_counts_the_cases_of_each_file(words: str, name: str) -> None:
    row = next(row for row in table_rows("11") if row[0].startswith(words))
    assert int(row[1]) == len(published(name))


def test_the_document_counts_first_schedules_and_lending_club() -> None:
    counts = {row[0].split(":")[0]: row[1] for row in table_rows("11")}
    loans = len(published("fineract_first_schedules"))
    assert counts["Apache Fineract first schedules"] == f"{loans} different loans of {len(FIRST_SCHEDULES)} scenarios"
    lending_club = next(row[1] for row in table_rows("11") if row[0].startswith("LendingClub"))
    assert int(lending_club) == len(published_csv("lendingclub"))

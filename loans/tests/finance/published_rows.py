"""Reading the published figures that the maths is tested against; each file names its sources."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "published"


def published(name: str) -> list[dict[str, Any]]:
    """The rows of one file, without those that are known to disagree with the rule they are listed under."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    return [row for row in json.loads(text)["cases"] if row.get("fits", True)]


def published_csv(name: str) -> list[dict[str, str]]:
    """The rows of one CSV file."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def minor(amount: str) -> int:
    """A decimal string with at most two places in minor units."""
    whole, _, decimals = amount.partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole) * 100 + sign * int(decimals.ljust(2, "0") or 0)

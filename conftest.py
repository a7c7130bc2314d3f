"""Options of the whole suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lives", type=int, default=500, help="how many random lives of loans are lived (500)")
    parser.addoption("--first-life", type=int, default=1, help="number of the first of them (1)")

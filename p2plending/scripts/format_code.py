"""`make fmt`: Python, templates, styles and scripts of pages, each by its tool; `make test` checks with the same."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from p2plending.scripts.console import CannotContinue, say, stop_with
from p2plending.scripts.environment import DEVELOPMENT, ROOT, VENV_PYTHON, prepare_environment

BIN = VENV_PYTHON.parent
# Plain-text e-mails are templates too, but each of their line breaks is meant; they are nobody's to format.
TEMPLATES = "templates"
# Ours only: what came from others in static/vendor stays as it came.
STYLES = ("static/css", "static/js")


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: how it mends files, and how it only says which are not as it would write them."""

    name: str
    mend: tuple[str, ...]
    check: tuple[str, ...]


# What adds or takes away code comes before what only lays it out.
TOOLS = (
    Tool("ruff check", ("ruff", "check", "--fix", "."), ("ruff", "check", ".")),
    Tool("ruff format", ("ruff", "format", "."), ("ruff", "format", "--check", ".")),
    Tool("template lint", ("djangofmt", "check", "--fix", TEMPLATES), ("djangofmt", "check", TEMPLATES)),
    Tool("template format", ("djangofmt", TEMPLATES), ("djangofmt", "--check", TEMPLATES)),
    Tool("style format", ("oxfmt", *STYLES), ("oxfmt", "--check", *STYLES)),
)


def installed(command: tuple[str, ...]) -> list[str]:
    """Return a command of a tool with the path of the tool in `.venv`."""
    return [str(BIN / command[0]), *command[1:]]


def main() -> None:
    """Format everything; exit code 1 when a tool found what it can't mend."""
    os.chdir(ROOT)
    try:
        with tempfile.TemporaryDirectory(prefix="p2p-fmt-") as scratch:
            prepare_environment(DEVELOPMENT, log=Path(scratch) / "install.log")
        unmended = []
        for tool in TOOLS:
            say(f"--- {tool.name}")
            if subprocess.run(installed(tool.mend), check=False).returncode:
                unmended.append(tool.name)
        if unmended:
            raise CannotContinue(f"Something is left to mend by hand: {', '.join(unmended)}")
    except CannotContinue as problem:
        stop_with(problem)


if __name__ == "__main__":
    main()

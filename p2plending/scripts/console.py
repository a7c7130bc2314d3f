"""How the launchers speak: one line per step, one line per problem with its cure."""

from __future__ import annotations

import sys
from typing import NoReturn


class CannotContinue(Exception):
    """A condition that only the person at the keyboard can change; its text is the one line they see."""


def say(text: str) -> None:
    """Print one line of progress at once, even into a pipe."""
    print(text, flush=True)


def warn(text: str) -> None:
    """Print one line that must not be overlooked."""
    print(f"WARNING: {text}", file=sys.stderr, flush=True)


def stop_with(problem: CannotContinue) -> NoReturn:
    """Show the problem as one line and end with exit code 1."""
    sys.exit(f"ERROR: {problem}")

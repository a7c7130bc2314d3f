"""`make house`: the figures of the code, with the Python of `.venv`, which has what reads them."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from p2plending.scripts.console import CannotContinue, stop_with
from p2plending.scripts.environment import DEVELOPMENT, ROOT, VENV_PYTHON, prepare_environment


def main() -> None:
    """Print the figures; the exit code is 1 when a limit is passed."""
    try:
        prepare_environment(DEVELOPMENT, log=Path(tempfile.gettempdir()) / "p2plending-house.log")
    except CannotContinue as problem:
        stop_with(problem)
    command = [str(VENV_PYTHON), "-m", "p2plending.trials.house"]
    raise SystemExit(subprocess.run(command, cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()

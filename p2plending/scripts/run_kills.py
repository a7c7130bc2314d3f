"""`make test-kill`: take worker, mail server and database away under load, on a throw-away MariaDB."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from p2plending.lib.processes import StopRequested, end_process, stop_on_signals
from p2plending.scripts.console import CannotContinue, say, stop_with
from p2plending.scripts.environment import ROOT, RUNTIME, VENV_PYTHON, prepare_environment

STOP_SECONDS = 60


def main() -> None:
    """Run the kill test with the site's packages; Ctrl-C ends it with everything that it started."""
    stop_on_signals()
    os.chdir(ROOT)
    try:
        prepare_environment(RUNTIME, log=Path(tempfile.gettempdir()) / "p2plending-kill.log")
        process = subprocess.Popen(
            [VENV_PYTHON, "-m", "p2plending.trials.kills", *sys.argv[1:]], cwd=ROOT, start_new_session=True
        )
        try:
            code = process.wait()
        finally:
            end_process(process, patience_seconds=STOP_SECONDS)
        raise SystemExit(code)
    except StopRequested:
        say("Stopped.")
    except CannotContinue as problem:
        stop_with(problem)


if __name__ == "__main__":
    main()

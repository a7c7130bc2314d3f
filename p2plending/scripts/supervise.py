"""Several processes that live and die together."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from p2plending.lib.processes import end_process, start_process
from p2plending.scripts.console import CannotContinue

LOOK_EVERY_SECONDS = 0.2
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Program:
    """What to start, what to call it, and where its output goes."""

    name: str
    command: list[str]
    log: Path


class Supervisor:
    """Starts programs, notices the first that ends, and ends all of them. Use as a context manager."""

    def __init__(self, programs: list[Program], *, environment: Mapping[str, str]) -> None:
        self.programs = programs
        self.environment = environment
        self.running: list[tuple[Program, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Supervisor:
        for program in self.programs:
            with program.log.open("ab") as log:
                process = start_process(program.command, log=log, environment=self.environment)
            self.running.append((program, process))
        return self

    def __exit__(self, *_exception: object) -> None:
        for _program, process in self.running:
            if process.poll() is None:
                process.terminate()
        for _program, process in self.running:
            end_process(process, patience_seconds=PATIENCE_SECONDS)

    def raise_if_one_ended(self) -> None:
        """Raise CannotContinue naming the program that ended, with its last line."""
        for program, process in self.running:
            if process.poll() is not None:
                how = f"exit code {process.returncode}" if process.returncode >= 0 else f"signal {-process.returncode}"
                raise CannotContinue(
                    f"The {program.name} ended ({how}), so everything was stopped."
                    f" Last line of {program.log}: {last_line(program.log)}"
                )

    def wait_until_ready(self, url: str, *, seconds: float) -> None:
        """Wait until `url` answers 200. Raises CannotContinue when a program ends or time runs out."""
        deadline = time.monotonic() + seconds
        answer = "no answer"
        while time.monotonic() < deadline:
            self.raise_if_one_ended()
            try:
                with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
                    if response.status == 200:
                        return
            except urllib.error.HTTPError as error:
                answer = f"{error.code} {error.read(200).decode(errors='replace').strip()}"
            except OSError as error:
                answer = str(error)
            time.sleep(LOOK_EVERY_SECONDS)
        logs = ", ".join(str(program.log) for program in self.programs)
        raise CannotContinue(f"The site was not ready after {seconds:.0f} s ({answer}). Logs: {logs}")

    def wait_for_end(self) -> None:
        """Wait for ever; raises CannotContinue when a program ends, or whatever a signal handler raises."""
        while True:
            self.raise_if_one_ended()
            time.sleep(LOOK_EVERY_SECONDS)


def last_line(log: Path) -> str:
    """Return the last line of a log that says something."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "(empty)"

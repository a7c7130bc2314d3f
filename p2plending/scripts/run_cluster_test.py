"""`make test-cluster`: three Galera nodes, hot writers and faults, and the proof that what was acknowledged is booked.

Nodes, proxy and clients live in a network, a process tree and a memory file system of their own, which the kernel
removes with their first process: nothing is left, however this ends.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from p2plending.lib.processes import (
    StopRequested,
    end_with_parent,
    ignore_further_signals,
    kill_session,
    stop_on_signals,
)
from p2plending.scripts.console import CannotContinue, say, stop_with
from p2plending.scripts.environment import DEVELOPMENT, ROOT, VENV_PYTHON, prepare_environment, random_field_key
from p2plending.scripts.machine.system_parts import cluster_packages, install_command, install_packages

# --kill-child: whoever ends the first of them ends all.
APART = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=KILL")
PROGRAMS = f"{os.defpath}:/usr/local/sbin:/usr/sbin:/sbin"


def require_cluster_parts(log: Path) -> None:
    """Install what is missing when we may. Raises CannotContinue with the reason when no cluster can run here."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise CannotContinue(
            "A cluster is tried in networks of its own, which needs Linux and root: sudo make test-cluster"
        )
    tried = subprocess.run([*APART, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise CannotContinue(f"This machine gives no networks of one's own: {tried.stderr.strip()}")
    missing = cluster_packages()
    if missing and not install_packages(missing, reason="three database nodes are tried", log=log):
        raise CannotContinue(f"To try a cluster: {install_command(missing)}")


def cluster_command(folder: Path, arguments: Sequence[str]) -> list[str]:
    """The command line of the run, whose files go into `folder`."""
    return [*APART, str(VENV_PYTHON), "-m", "p2plending.trials.cluster", str(folder), *arguments]


def cluster_environment() -> dict[str, str]:
    """What the run sees of the environment: no setting of a developer."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "PATH": f"{os.environ.get('PATH', '')}:{PROGRAMS}",
        "PYTHONUNBUFFERED": "1",
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "only-for-the-cluster-" * 3,
        "FIELD_KEYS": random_field_key(),
        "LOG_LEVEL": "ERROR",
    }


def run_cluster(folder: Path, arguments: Sequence[str]) -> int:
    """Run it to its end; when we are told to stop, it ends first."""
    environment = cluster_environment() | {"VAR_DIR": str(folder / "var")}
    process = subprocess.Popen(
        cluster_command(folder, arguments), stdin=subprocess.DEVNULL, env=environment, cwd=ROOT,
        start_new_session=True, preexec_fn=end_with_parent(),
    )  # fmt: skip
    try:
        return process.wait()
    finally:
        kill_session(process.pid)
        process.wait()


def main() -> None:
    """Run all trials; exit code 1 when anything was lost, half written, doubled or different between nodes."""
    parser = argparse.ArgumentParser(prog="make test-cluster", description=__doc__, allow_abbrev=False)
    parser.add_argument("--prepared", action="store_true", help="take .venv as it is")
    options, arguments = parser.parse_known_args()
    os.chdir(ROOT)
    stop_on_signals()
    folder = Path(tempfile.mkdtemp(prefix="p2p-cluster-"))
    try:
        if not options.prepared:
            prepare_environment(DEVELOPMENT, log=folder / "install.log")
        require_cluster_parts(folder / "apt.log")
        code = run_cluster(folder, arguments)
    except StopRequested:
        stop_with(CannotContinue("Stopped before the end."))
    except CannotContinue as problem:
        stop_with(problem)
    finally:
        ignore_further_signals()
        shutil.rmtree(folder, ignore_errors=True)
    if code:
        raise SystemExit(code)
    say("\nEverything that was acknowledged is booked, once, on every node.")


if __name__ == "__main__":
    main()

"""System packages: what is missing, and installing it with apt when this user may."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from p2plending.scripts.console import say, warn

APT_TIMEOUT_SECONDS = 900


def venv_packages() -> list[str]:
    """Return the packages to install before this Python can make a virtual environment."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return []
    return [f"python3.{sys.version_info.minor}-venv"]


def mysqlclient_packages() -> list[str]:
    """Return the packages to install before mysqlclient can be compiled."""
    missing = []
    if not shutil.which(os.environ.get("CC", "gcc")):
        missing += ["gcc", "libc6-dev"]
    if not shutil.which("pkg-config"):
        missing.append("pkg-config")
    if not any(shutil.which(name) for name in ("mariadb_config", "mysql_config")):
        missing.append("libmariadb-dev")
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        missing.append(f"libpython3.{sys.version_info.minor}-dev")
    return missing


def pdf_packages() -> list[str]:
    """Return the packages to install before PDF files can be made: the libraries of WeasyPrint, and a font."""
    libraries = {
        "pango-1.0": "libpango-1.0-0",
        "pangoft2-1.0": "libpangoft2-1.0-0",
        "harfbuzz-subset": "libharfbuzz-subset0",
    }
    missing = [package for library, package in libraries.items() if not ctypes.util.find_library(library)]
    if not Path("/usr/share/fonts").exists():
        missing.append("fonts-dejavu-core")
    return missing


def mariadb_server_packages() -> list[str]:
    """Return the packages to install before a temporary MariaDB can be started (no system service among them)."""
    missing = []
    if not (find_program("mariadbd") and find_program("mariadb-install-db")):
        missing.append("mariadb-server-core")
    if not find_program("mariadb"):
        missing.append("mariadb-client-core")
    return missing


def cluster_packages() -> list[str]:
    """Return the packages to install before a cluster can be tried on this machine (no system service is used)."""
    missing = mariadb_server_packages()
    for name, package in {
        "wsrep_sst_rsync": "mariadb-server",
        "rsync": "rsync",
        "haproxy": "haproxy",
        "ip": "iproute2",
    }.items():
        if not find_program(name):
            missing.append(package)
    if not Path("/usr/lib/galera/libgalera_smm.so").exists():
        missing.append("galera-4")
    return missing


def browser_packages() -> list[str]:
    """Return the packages to install before browser tests can run."""
    names = ("chromium", "chromium-browser", "google-chrome")
    missing = [] if any(shutil.which(name) for name in names) else ["chromium"]
    if not Path("/usr/share/fonts").exists():
        missing.append("fonts-dejavu-core")
    return missing


def find_program(name: str) -> str | None:
    """Find a program on PATH or where servers live; `sbin` is not on everyone's PATH."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/libexec")


def apt_command() -> list[str] | None:
    """Return how this user runs apt-get without being asked for a password; None when that can't be."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return ["apt-get"]
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n", "apt-get"]
    return None


def install_command(packages: list[str]) -> str:
    """Return the line that a person would type to install `packages`."""
    return f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def install_packages(packages: list[str], *, reason: str, log: Path) -> bool:
    """Install `packages` when we may, saying what and why; return whether they are there now."""
    apt = apt_command()
    if apt is None:
        return False
    say(f"Installing {' '.join(packages)} with apt: {reason}.")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = [*apt, "install", "-y", "--no-install-recommends", "-q", *packages]
    with log.open("ab") as output:
        for command in (install, [*apt, "update", "-q"], install):
            outcome = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
                timeout=APT_TIMEOUT_SECONDS, check=False,
            )  # fmt: skip
            if command is install and outcome.returncode == 0:
                return True
    warn(f"apt could not install {' '.join(packages)}; details in {log}.")
    return False

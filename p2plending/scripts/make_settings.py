"""`python -m p2plending.scripts.make_settings`: write `.env` with new keys, as `make run` does on its first run."""

from __future__ import annotations

from p2plending.scripts.console import say
from p2plending.scripts.environment import ROOT, announce_settings_file


def main() -> None:
    """Write the file unless there is one: keys that are lost can't be made again."""
    if (ROOT / ".env").exists():
        say(".env is there and is kept.")
    announce_settings_file()


if __name__ == "__main__":
    main()

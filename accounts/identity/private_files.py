"""Files of people, encrypted on disk under random names, outside every public folder."""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.fernet import Fernet
from django.conf import settings

# First line of a stored file: the format and the id of the key, so that keys can be replaced one file at a time.
HEADER = b"P2PF1:"


def _folder() -> Path:
    folder = Path(settings.PRIVATE_DIR) / "documents"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _keys() -> dict[str, str]:
    return dict(entry.split(":", 1) for entry in settings.FIELD_KEYS)


def store_file(content: bytes) -> str:
    """Encrypt with the newest key and write; returns the random name. Nothing of the person is in it."""
    key_id, key = next(iter(_keys().items()))
    name = f"{secrets.token_hex(24)}.enc"
    path = _folder() / name
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(HEADER + key_id.encode() + b"\n" + Fernet(key).encrypt(content))
    return name


def load_file(name: str) -> bytes:
    """The plain bytes. Raises FileNotFoundError, KeyError when its key is gone, InvalidToken when it was changed."""
    header, token = (_folder() / name).read_bytes().split(b"\n", 1)
    return Fernet(_keys()[header.removeprefix(HEADER).decode()]).decrypt(token)


def stored_names() -> list[str]:
    """The names of all files, in order."""
    return sorted(path.name for path in _folder().glob("*.enc"))


def renew_file(name: str) -> bool:
    """Encrypt one file with the newest key, in one step; False when it is already. Raises as `load_file`."""
    path = _folder() / name
    key_id, key = next(iter(_keys().items()))
    header = HEADER + key_id.encode() + b"\n"
    if path.read_bytes().startswith(header):
        return False
    renewed = path.with_suffix(".new")
    renewed.touch(mode=0o600)
    renewed.write_bytes(header + Fernet(key).encrypt(load_file(name)))
    renewed.replace(path)
    return True


def remove_file(name: str) -> None:
    """Take a file away whose row was never written."""
    (_folder() / name).unlink(missing_ok=True)

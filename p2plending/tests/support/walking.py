"""What a walk through the pages begins with: the day, and a picture of a passport."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.utils import timezone
from PIL import Image

FIRST_DAY = dt.date(2026, 1, 15)


@pytest.fixture
def january(monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path) -> None:
    """The walk begins on 15 January 2026 in demo mode: Dora moves the date on her desk."""
    monkeypatch.setattr(timezone, "localdate", lambda *_arguments: FIRST_DAY)
    settings.DEMO_MODE = True
    settings.PRIVATE_DIR = tmp_path / "private"
    cache.clear()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "passport.png"
    Image.new("RGB", (320, 200), "teal").save(path)
    return path

"""The cast is the same everywhere; one browser serves all tests of a session, and one scene those who only look."""

from __future__ import annotations

from p2plending.tests.support.browser import chromium  # noqa: F401 - a fixture
from p2plending.tests.support.cast import *  # noqa: F403 - fixtures reach pytest by name
from p2plending.tests.support.cast import cast_dora
from p2plending.tests.support.demo_world import demo_mode, demo_world, private_folder  # noqa: F401 - fixtures
from p2plending.tests.support.scene import Scene, build_scene
from p2plending.tests.support.shared import shared_scene
from p2plending.tests.support.walking import january, picture  # noqa: F401 - fixtures


@shared_scene
def scene() -> Scene:
    """One of everything; Dora is its staff."""
    cast_dora()
    return build_scene()

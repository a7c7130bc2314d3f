"""The cast is the same everywhere; one browser serves all tests of a session."""

from p2plending.tests.browser import chromium  # noqa: F401 - a fixture
from p2plending.tests.cast import *  # noqa: F403 - fixtures reach pytest by name

"""The cast is the same everywhere."""

from p2plending.tests.cast import *  # noqa: F403 - fixtures reach pytest by name

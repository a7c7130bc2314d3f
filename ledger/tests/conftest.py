"""The cast is the same everywhere."""

from p2plending.tests.support.cast import *  # noqa: F403 - fixtures reach pytest by name

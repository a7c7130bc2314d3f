"""Found by Django's admin: loads the registry."""

from __future__ import annotations

from adminpanel.registry import books, jobs, lending, matching, people  # noqa: F401 - importing registers

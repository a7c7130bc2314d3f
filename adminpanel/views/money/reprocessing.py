"""What working the past out again would change, as pages of the desk show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loans.selectors.reprocessing import ReplayPreview
from p2plending.lib.errors import Refused

LENDERS_SHOWN = 20


def shown_replay(make: Callable[[], ReplayPreview]) -> dict[str, Any]:
    """What `admin/desk/_replay.html` needs, or why it is not possible."""
    try:
        preview = make()
    except Refused as refusal:
        return {"impossible": refusal.message}
    return {
        "preview": preview,
        "lenders": preview.lenders[:LENDERS_SHOWN],
        "more_lenders": max(len(preview.lenders) - LENDERS_SHOWN, 0),
        "fees_added": -preview.fees_fall_away,
        "to_lenders": -preview.from_lenders,
    }

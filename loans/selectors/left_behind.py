"""Reads of loans that the end of day left behind."""

from __future__ import annotations

from django.db.models import F, QuerySet

from loans.models import EndOfDayFailure


def loans_left_behind() -> QuerySet[EndOfDayFailure]:
    """Failures that wait, the oldest first, and after them those that were cleared, newest first."""
    rows = EndOfDayFailure.objects.select_related("loan")
    return rows.order_by(F("cleared_at").desc(nulls_first=True), "pk")


def left_behind_count() -> int:
    """How many loans are not up to date because they fail."""
    return EndOfDayFailure.objects.filter(open_key__isnull=False).count()

"""Names of the permissions that access rules of matching ask for; `adminpanel` gives them to groups of staff."""

from __future__ import annotations

VIEW_MANDATES = "matching.view_lendingmandate"
VIEW_PROPOSALS = "matching.view_matchproposal"
VIEW_ALLOCATION_RUNS = "matching.view_allocationrun"
VIEW_DECISIONS = "matching.view_allocationdecision"

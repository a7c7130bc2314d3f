"""Which of Fineract's published cases are told here, and for each of the others the one reason why it is not.

`published/fineract_index.csv` names every case with its features. A case is told if `published/fineract_stories.json`
has its events and figures. Any other belongs to the first group that one of its features leads to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from loans.tests.finance.published_rows import published, published_csv

Case = Mapping[str, str]

# In this order: what makes another loan of it first, then what happens to the loan.
GROUPS: dict[str, frozenset[str]] = {
    "cumulative": frozenset({"cumulative"}),
    "several disbursements": frozenset({"multi_disbursement", "undo_disbursal"}),
    "down payment": frozenset({"down_payment"}),
    "interest pause": frozenset({"interest_pause"}),
    "charge-off": frozenset({"charge_off"}),
    "write-off": frozenset({"write_off"}),
    "refund of a credit balance": frozenset({"credit_balance_refund"}),
    "chargeback": frozenset({"chargeback"}),
    "re-ageing": frozenset({"re_age"}),
    "re-amortisation": frozenset({"re_amortize"}),
    "rescheduling": frozenset({"reschedule"}),
}
CASES: list[Case] = published_csv("fineract_index")
TOLD = frozenset(story["id"] for story in published("fineract_stories"))
FIRST_SCHEDULES = frozenset(
    name for row in published("fineract_first_schedules") for name in (row["id"], *row.get("also", ()))
)


def group_of(case: Case) -> str | None:
    """Why the case is not told; None when it is, or when no group is about it."""
    if case["id"] in TOLD:
        return None
    features = set(case["features"].split())
    return next((group for group, about in GROUPS.items() if about & features), None)


def counts_of_groups() -> dict[str, tuple[int, int, int]]:
    """Of each group: core cases, extended cases, and how many of both have their first schedule tested."""
    tiers = Counter((group_of(case), case["tier"]) for case in CASES)
    scheduled = Counter(group_of(case) for case in CASES if case["id"] in FIRST_SCHEDULES)
    return {group: (tiers[group, "core"], tiers[group, "extended"], scheduled[group]) for group in GROUPS}

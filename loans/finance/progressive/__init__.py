"""The life of a loan after its disbursement, worked out anew from its events: early, late and backdated money.

``replay(terms, events, on)`` gives the whole picture of a loan on a day. Nothing is stored between calls, so a
payment entered late, a reversal or a waiver is one event more in the list, and ``payment_changes`` of the pictures
before and after it says what to post. Told with its rules and sources in ``docs/finance.md``, chapter 12.

- ``events``      what can happen          - ``model``, ``interest``  interest by the day
- ``terms``       the rules                - ``allocation``           which instalments money pays
- ``picture``     what comes out           - ``charges``              fees and penalties
"""

from __future__ import annotations

from loans.finance.progressive.engine import replay, timeline
from loans.finance.progressive.enums import (
    AllocationWay,
    ChargeBase,
    DueKind,
    FutureInstalments,
    InterestRecalculation,
    LoanPart,
    PayoffInterest,
)
from loans.finance.progressive.events import (
    Charge,
    Event,
    FutureInstalmentsChange,
    InstalmentCharge,
    Payment,
    PayOff,
    Reversal,
    Waiver,
)
from loans.finance.progressive.position import (
    ChargePosition,
    InstalmentPosition,
    LoanPosition,
    Parts,
    PaymentChange,
    PaymentPosition,
    payment_changes,
)
from loans.finance.progressive.terms import INTEREST_FIRST, AllocationStep, ReplayTerms, order_of

__all__ = [
    "INTEREST_FIRST",
    "AllocationStep",
    "AllocationWay",
    "Charge",
    "ChargeBase",
    "ChargePosition",
    "DueKind",
    "Event",
    "FutureInstalments",
    "FutureInstalmentsChange",
    "InstalmentCharge",
    "InstalmentPosition",
    "InterestRecalculation",
    "LoanPart",
    "LoanPosition",
    "Parts",
    "PayOff",
    "Payment",
    "PaymentChange",
    "PaymentPosition",
    "PayoffInterest",
    "ReplayTerms",
    "Reversal",
    "Waiver",
    "order_of",
    "payment_changes",
    "replay",
    "timeline",
]

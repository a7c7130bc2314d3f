"""The words, icon and colour of every state that people see. Pages, e-mails and the API take them from here.

A state never shows by colour alone: each badge has an icon and a word. Red is kept for 31 days late and worse.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from accounts.enums.people import VerificationStatus
from ledger.enums.books import DepositStatus, WithdrawalStatus

Audience = Literal["borrower", "lender"]
_AMBER_UNTIL = 30


@dataclasses.dataclass(frozen=True, slots=True)
class Badge:
    """`kind` is the colour (neutral, info, success, warning, danger, solid, plum), `icon` a symbol of icons.svg."""

    kind: str
    icon: str
    text: str | Promise


_IN_REVIEW = Badge("info", "hourglass-split", _("In review"))
_WITHDRAWN = Badge("neutral", "x-lg", _("Withdrawn"))
_EXPIRED = Badge("neutral", "clock", _("Expired"))
_SIGNED = Badge("info", "hourglass-split", _("Signed, being paid out"))
_NOT_FUNDED = Badge("neutral", "clock", _("Not funded, money returned"))

_LOAN: dict[str, tuple[Badge, Badge]] = {
    # status: (what the borrower reads, what a lender reads)
    "draft": (Badge("neutral", "pencil", _("Draft")),) * 2,
    "submitted": (_IN_REVIEW, _IN_REVIEW),
    "under_review": (_IN_REVIEW, _IN_REVIEW),
    "info_requested": (Badge("warning", "exclamation-triangle-fill", _("More information needed")),) * 2,
    "offered": (Badge("warning", "pencil", _("Offer for you")), Badge("warning", "pencil", _("Offer made"))),
    "listed": (Badge("plum", "people", _("Open for funding")), Badge("plum", "people", _("Open"))),
    "partial_offer": (
        Badge("warning", "pencil", _("Partly funded: your choice")),
        Badge("warning", "pencil", _("Waiting for borrower")),
    ),
    "funded": (
        Badge("warning", "pencil", _("Waiting for signature")),
        Badge("plum", "check-circle-fill", pgettext_lazy("loan state", "Funded")),
    ),
    "defaulted": (Badge("solid", "x-circle-fill", _("In default")),) * 2,
    "repaid": (Badge("success", "flag-fill", _("Repaid")),) * 2,
    "settled": (
        Badge("neutral", "flag-fill", _("Closed by agreement")),
        Badge("neutral", "flag-fill", _("Settled for less")),
    ),
    "written_off": (Badge("danger", "x-circle-fill", _("Written off")),) * 2,
    "rejected": (Badge("neutral", "x-circle-fill", _("Declined")),) * 2,
    "withdrawn": (_WITHDRAWN, _WITHDRAWN),
    "offer_expired": (_EXPIRED, _EXPIRED),
    "expired": (_EXPIRED, _NOT_FUNDED),
    "cancelled": (
        Badge("neutral", "x-lg", _("Cancelled")),
        Badge("neutral", "x-lg", _("Cancelled, money returned")),
    ),
}

_INSTALMENT: dict[str, Badge] = {
    "paid": Badge("success", "check-circle-fill", _("Paid")),
    "next": Badge("info", "calendar-event", pgettext_lazy("payment state", "Next")),
    "due": Badge("info", "calendar-event", _("Due now")),
    "partial": Badge("warning", "hourglass-split", _("Partly paid")),
    "overdue": Badge("warning", "clock", _("Late")),
    "scheduled": Badge("neutral", "clock", _("Planned")),
    "superseded": Badge("neutral", "arrow-repeat", _("Replaced by a new plan")),
    "waived": Badge("neutral", "check-lg", _("Waived")),
    "written_off": Badge("danger", "x-circle-fill", _("Written off")),
}

_IDENTITY: dict[str, tuple[str, str]] = {
    VerificationStatus.NOT_STARTED: ("neutral", "person"),
    VerificationStatus.DRAFT: ("neutral", "pencil"),
    VerificationStatus.SUBMITTED: ("info", "hourglass-split"),
    VerificationStatus.IN_REVIEW: ("info", "hourglass-split"),
    VerificationStatus.MORE_INFO: ("warning", "exclamation-triangle-fill"),
    VerificationStatus.APPROVED: ("success", "shield-check"),
    VerificationStatus.REJECTED: ("danger", "x-circle-fill"),
    VerificationStatus.EXPIRED: ("warning", "clock"),
    VerificationStatus.SUSPENDED: ("neutral", "lock-fill"),
}

_DEPOSIT: dict[str, tuple[str, str]] = {
    DepositStatus.DECLARED: ("info", "hourglass-split"),
    DepositStatus.CONFIRMED: ("success", "check-circle-fill"),
    DepositStatus.REJECTED: ("danger", "x-circle-fill"),
    DepositStatus.CANCELLED: ("neutral", "x-lg"),
    DepositStatus.REVERSED: ("danger", "arrow-repeat"),
}

_WITHDRAWAL: dict[str, tuple[str, str]] = {
    WithdrawalStatus.REQUESTED: ("info", "hourglass-split"),
    WithdrawalStatus.APPROVED: ("info", "check-lg"),
    WithdrawalStatus.PAID: ("success", "check-circle-fill"),
    WithdrawalStatus.REJECTED: ("danger", "x-circle-fill"),
    WithdrawalStatus.CANCELLED: ("neutral", "x-lg"),
}

_PART: dict[str, Badge] = {
    # What a lender holds: first reserved, then a note.
    "reserved": Badge("plum", "hourglass-split", _("Reserved")),
    "confirmed": Badge("plum", "hourglass-split", _("Reserved")),
    "converted": Badge("success", "check-circle-fill", _("Lent out")),
    "withdrawn": Badge("neutral", "x-lg", _("Taken back")),
    "released": Badge("neutral", "arrow-repeat", _("Back in your wallet")),
    "active": Badge("success", "check-circle-fill", _("Running")),
    "repaid": Badge("success", "flag-fill", _("Repaid")),
    "settled": Badge("neutral", "flag-fill", _("Settled for less")),
    "written_off": Badge("danger", "x-circle-fill", _("Written off")),
}


def days_late(days: int) -> str:
    """ "1 day late", "22 days late"."""
    return ngettext_lazy("%(days)d day late", "%(days)d days late", "days") % {"days": days}


def _running(days_past_due: int) -> Badge:
    if days_past_due <= 0:
        return Badge("success", "check-circle-fill", _("On time"))
    if days_past_due <= _AMBER_UNTIL:
        return Badge("warning", "clock", days_late(days_past_due))
    return Badge("danger", "exclamation-octagon-fill", days_late(days_past_due))


def loan_badges(
    *,
    status: str,
    audience: Audience = "borrower",
    days_past_due: int = 0,
    funded_percent: int | None = None,
    restructured: bool = False,
    frozen: bool = False,
    signed: bool = False,
) -> tuple[Badge, ...]:
    """The badges of a loan for one audience: its state first, then "Payment plan" and "Under check" when they apply.

    `status` is the code of the loan's life, `days_past_due` counts from the oldest unpaid due date. `funded_percent`
    (whole per cent) is shown to lenders while the loan is open; a funded loan that is `signed` waits for its pay-out
    only. An unknown status is a `KeyError`: a state without words is a bug.
    """
    code = str(status)
    if code == "active":
        first = _running(days_past_due)
    else:
        first = _LOAN[code][0 if audience == "borrower" else 1]
        if code == "funded" and signed:
            first = _SIGNED
        if code == "listed" and audience == "lender" and funded_percent is not None:
            first = Badge("plum", "people", _("Open, %(percent)d%% funded") % {"percent": funded_percent})
    badges = [first]
    if restructured and code in {"active", "defaulted"}:
        badges.append(Badge("info", "life-preserver", _("Payment plan")))
    if frozen:
        badges.append(Badge("neutral", "lock-fill", _("Under check")))
    return tuple(badges)


def instalment_badge(status: str) -> Badge:
    """The badge of one payment of a plan. Beside the stored states: "next" for the first one that is not paid."""
    return _INSTALMENT[str(status)]


def part_badge(status: str) -> Badge:
    """The badge of what a lender holds in a loan: a reservation first, a note after the loan is paid out."""
    return _PART[str(status)]


def identity_badge(status: str) -> Badge:
    """The badge of an identity check, in the words of its status."""
    return Badge(*_IDENTITY[str(status)], VerificationStatus(status).label)


def deposit_badge(status: str) -> Badge:
    """The badge of a deposit, in the words of its status."""
    return Badge(*_DEPOSIT[str(status)], DepositStatus(status).label)


def withdrawal_badge(status: str) -> Badge:
    """The badge of a withdrawal, in the words of its status."""
    return Badge(*_WITHDRAWAL[str(status)], WithdrawalStatus(status).label)

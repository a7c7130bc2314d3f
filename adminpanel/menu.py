"""The menu of the staff desk, by job: what each person sees is what they may open."""

from __future__ import annotations

import dataclasses

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from adminpanel import permissions as allow


@dataclasses.dataclass(frozen=True, slots=True)
class MenuItem:
    """One link of the menu; `is_here` marks the page that is shown."""

    label: str | Promise
    url: str
    is_here: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class MenuSection:
    """A job, and the pages that belong to it."""

    label: str | Promise
    icon: str
    items: list[MenuItem]


_Item = tuple[Promise, str, str]
# Job, icon, pages: label, URL name, permission.
MENU: tuple[tuple[Promise, str, tuple[_Item, ...]], ...] = (
    (
        _("Identity"),
        "person-check",
        (
            (_("Waiting"), "identity_queue", allow.VIEW_IDENTITY),
            (_("All checks"), "accounts_identityverification_changelist", allow.VIEW_IDENTITY),
        ),
    ),
    (
        _("Loans"),
        "bank",
        (
            (_("Applications"), "loan_queue", allow.VIEW_LOANS),
            (_("To pay out"), "payouts", allow.VIEW_LOANS),
            (_("Left behind"), "left_behind", allow.VIEW_LOANS),
            (_("All loans"), "loans_loan_changelist", allow.VIEW_LOANS),
            (_("Reservations"), "loans_commitment_changelist", "loans.view_commitment"),
            (_("Lenders' parts"), "loans_note_changelist", "loans.view_note"),
            (_("Planned payments"), "loans_instalment_changelist", "loans.view_instalment"),
            (_("Questions held"), "question_queue", allow.MODERATE_QUESTIONS),
            (_("Questions"), "loans_loanquestion_changelist", "loans.view_loanquestion"),
        ),
    ),
    (
        _("Late"),
        "clock",
        (
            (_("Loans in trouble"), "late", allow.VIEW_LOANS),
            (_("Defaults to declare"), "proposed_defaults", allow.VIEW_LOANS),
            (_("Second person"), "approval_queue", allow.VIEW_APPROVALS),
            (_("Losses"), "losses", allow.VIEW_LOANS),
        ),
    ),
    (
        _("Money"),
        "wallet2",
        (
            (_("Deposits"), "deposit_queue", allow.VIEW_DEPOSITS),
            (_("Withdrawals"), "withdrawal_queue", allow.VIEW_WITHDRAWALS),
            (_("Loan payments"), "repayment_queue", allow.VIEW_REPAYMENTS),
            (_("All deposits"), "ledger_deposit_changelist", allow.VIEW_DEPOSITS),
            (_("All withdrawals"), "ledger_withdrawal_changelist", allow.VIEW_WITHDRAWALS),
            (_("All loan payments"), "loans_repayment_changelist", allow.VIEW_REPAYMENTS),
        ),
    ),
    (
        _("Users"),
        "people",
        (
            (_("Users"), "accounts_user_changelist", allow.VIEW_USERS),
            (_("New staff account"), "staff_new", allow.GIVE_GROUPS),
            (_("Notifications"), "accounts_notification_changelist", allow.VIEW_NOTIFICATIONS),
            (_("Audit trail"), "accounts_auditevent_changelist", allow.VIEW_AUDIT),
        ),
    ),
    (
        _("Books"),
        "receipt",
        (
            (_("Checks"), "books", allow.VIEW_BOOKS),
            (_("Trial balance"), "trial_balance", allow.VIEW_BOOKS),
            (_("Journal"), "ledger_journalentry_changelist", "ledger.view_journalentry"),
            (_("Postings"), "ledger_posting_changelist", "ledger.view_posting"),
            (_("Accounts"), "ledger_account_changelist", "ledger.view_account"),
        ),
    ),
    (
        _("Auto-invest"),
        "lightning-charge",
        (
            (_("Rules"), "matching_lendingmandate_changelist", "matching.view_lendingmandate"),
            (_("Runs"), "matching_allocationrun_changelist", "matching.view_allocationrun"),
            (_("Decisions"), "matching_allocationdecision_changelist", "matching.view_allocationdecision"),
            (_("Suggestions"), "matching_matchproposal_changelist", "matching.view_matchproposal"),
        ),
    ),
    (
        _("Settings"),
        "gear",
        (
            (_("Limits and switches"), "settings", allow.CHANGE_SETTINGS),
            (_("Loan products"), "products", allow.VIEW_PRODUCTS),
            (_("Jobs"), "jobs", allow.VIEW_JOBS),
            (_("E-mails not sent"), "mails", allow.VIEW_JOBS),
            (_("Failed tasks"), "django_q_failure_changelist", "django_q.view_failure"),
            (_("Finished tasks"), "django_q_success_changelist", "django_q.view_success"),
            (_("Waiting tasks"), "django_q_ormq_changelist", "django_q.view_ormq"),
            (_("Demo date"), "demo_clock", allow.MOVE_DEMO_DATE),
        ),
    ),
)


def menu_for(user: User, path: str) -> list[MenuSection]:
    """The menu that this person may use, with the shown page marked."""
    sections = []
    for label, icon, items in MENU:
        shown = [
            (text, reverse(f"admin:{name}"))
            for text, name, permission in items
            if user.has_perm(permission) and (settings.DEMO_MODE or name != "demo_clock")
        ]
        if shown:
            sections.append(MenuSection(label, icon, [MenuItem(text, url, path == url) for text, url in shown]))
    return sections

"""What a request for a second person shows, by what it is about: the thing itself, and what changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest, User
from accounts.selectors.access import USERS
from adminpanel.services.changes import Change, product_changes, setting_changes_of
from adminpanel.views.control.loan_requests import about_loan
from adminpanel.views.control.product_effects import product_effect
from ledger.selectors.access import DEPOSITS, WITHDRAWALS
from loans.selectors.access import REPAYMENTS
from loans.services.decisions import loan_of
from p2plending.lib.errors import required
from p2plending.lib.formatting import format_day, format_money
from p2plending.lib.web.requests import AuthenticatedRequest


def requested(request: AuthenticatedRequest, row: ApprovalRequest) -> dict[str, Any]:
    """The context of one request: `subject` (words and address of what it is about), `changes`, and what is special."""
    return _ABOUT[row.subject_type](request, row)


def _loan(request: AuthenticatedRequest, row: ApprovalRequest) -> dict[str, Any]:
    changes = _arrived(row) if row.kind == ApprovalKind.RECEIPT else []
    return {"changes": changes, **about_loan(request, row, loan_of(row))}


def _deposit(request: AuthenticatedRequest, row: ApprovalRequest) -> dict[str, Any]:
    deposit = DEPOSITS.visible_to(request.user).select_related("user").filter(reference=row.subject_reference).first()
    whose = [Change(_("Into the wallet of"), "", _named(deposit.user))] if deposit else []
    return {"subject": _subject(_("Deposit"), "deposit", deposit, row), "changes": [*whose, *_arrived(row)]}


def _repayment(request: AuthenticatedRequest, row: ApprovalRequest) -> dict[str, Any]:
    rows = REPAYMENTS.visible_to(request.user).select_related("payer", "loan")
    payment = rows.filter(reference=row.subject_reference).first()
    whose = []
    if payment is not None:
        whose = [Change(_("Paid on loan"), "", payment.loan.reference), Change(_("By"), "", _named(payment.payer))]
    return {"subject": _subject(_("Loan payment"), "repayment", payment, row), "changes": [*whose, *_arrived(row)]}


def _withdrawal(request: AuthenticatedRequest, row: ApprovalRequest) -> dict[str, Any]:
    rows = WITHDRAWALS.visible_to(request.user).select_related("user")
    withdrawal = rows.filter(reference=row.subject_reference).first()
    changes = [Change(_("To send"), "", format_money(row.payload["to_send"]))]
    if withdrawal is not None:
        account = f"{withdrawal.account_holder}, …{withdrawal.iban_last4}"
        changes.insert(0, Change(_("From the wallet of"), "", _named(withdrawal.user)))
        changes.append(Change(_("To the account of"), "", account))
    return {"subject": _subject(_("Withdrawal"), "withdrawal", withdrawal, row), "changes": changes}


def _subject(words: str, page: str, seen: Model | None, row: ApprovalRequest) -> tuple[str, str, str]:
    """What a request is about, with a link for who may see it."""
    return words, row.subject_reference, _desk(page, row.subject_reference) if seen is not None else ""


def _arrived(row: ApprovalRequest) -> list[Change]:
    day = dt.date.fromisoformat(row.payload["value_date"])
    return [
        Change(_("Amount"), "", format_money(row.payload["amount"])),
        Change(_("Arrived on"), "", format_day(day)),
    ]


def _user(request: AuthenticatedRequest, row: ApprovalRequest) -> dict[str, Any]:
    if "email" in row.payload:
        new = row.payload
        changes = [
            Change(_("Name"), "", new["full_name"]),
            Change(_("E-mail address"), "", new["email"]),
            Change(_("Groups"), "", _groups(new)),
        ]
        made = USERS.visible_to(request.user).filter(member_number=row.subject_reference).exists()
        url = _desk("user", row.subject_reference) if made else ""
        return {"subject": (_("Staff account"), row.subject_reference, url), "changes": changes}
    changes = [Change(_("Groups"), _groups(row.before), _groups(row.payload))] if "groups" in row.payload else []
    return {
        "subject": (_("Person"), _named(required(row.about, "about")), _desk("user", row.subject_reference)),
        "changes": changes,
    }


def _identity(_request: HttpRequest, row: ApprovalRequest) -> dict[str, Any]:
    url = _desk("identity_review", row.subject_reference)
    return {"subject": (_("Identity check"), row.subject_reference, url), "changes": []}


def _settings(_request: HttpRequest, row: ApprovalRequest) -> dict[str, Any]:
    subject = (_("Settings"), _("Limits and switches"), reverse("admin:settings"))
    return {"subject": subject, "changes": setting_changes_of(row.before, row.payload)}


def _product(_request: HttpRequest, row: ApprovalRequest) -> dict[str, Any]:
    url = _desk("product", row.subject_reference) if row.before else ""
    subject = (_("Loan product"), row.payload.get("name") or row.subject_reference, url)
    return {"subject": subject, "changes": product_changes(row), **product_effect(row)}


def _named(person: User) -> str:
    return f"{person.full_name or person.email} ({person.member_number})"


def _groups(said: dict[str, Any]) -> str:
    return ", ".join(said["groups"]) or _("none")


def _desk(name: str, reference: str) -> str:
    return reverse(f"admin:{name}", args=[reference])


_ABOUT: dict[str, Callable[[AuthenticatedRequest, ApprovalRequest], dict[str, Any]]] = {
    "loan": _loan,
    "deposit": _deposit,
    "repayment": _repayment,
    "withdrawal": _withdrawal,
    "user": _user,
    "identity": _identity,
    "settings": _settings,
    "product": _product,
}

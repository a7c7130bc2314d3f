"""Where a line of a wallet leads: the page of the thing that the entry is about."""

from __future__ import annotations

from django.urls import reverse

# Kind of subject (stored on entries for ever): name of the page that takes its reference.
SUBJECT_URLS = {
    "deposit": "ledger:deposit",
    "withdrawal": "ledger:withdrawal",
    "loan": "loans:by_reference",
    "repayment": "loans:explain_repayment",
    "recovery": "loans:explain_recovery",
}


def subject_url(subject_type: str, reference: str) -> str:
    """The path of the subject's page; empty when entries of this kind are about nothing that has a page."""
    name = SUBJECT_URLS.get(subject_type)
    return reverse(name, args=[reference]) if name and reference else ""

"""What staff fill in to decide: one plain form per decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import DocumentReason
from accounts.models import IdentityDocument
from ledger.forms import DayInput
from loans.enums.loan import DeclineReason
from p2plending.lib.formatting import format_day
from p2plending.lib.rules.values import platform_rules
from p2plending.lib.web.forms import KeyedForm, MultiLineField, OneLineField, form_field

NOTE_LENGTH = 300
ANSWER_DAYS = 7


def _day(label: Any, missing: Any, *, initial: dt.date | None = None, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=DayInput,
        initial=initial,
        help_text=help_text,
        error_messages={"required": missing, "invalid": _("Enter the day as a date, like 2026-01-31.")},
    )


def _text(label: Any, missing: Any, *, max_length: int, rows: int = 3, **more: Any) -> forms.CharField:
    return MultiLineField(
        label=label,
        max_length=max_length,
        widget=forms.Textarea({"rows": rows}),
        error_messages={"required": missing},
        **more,
    )


# --- identity --------------------------------------------------------------------------------------------------------
class ApproveIdentityForm(forms.Form):
    """Approve; a note stays inside."""

    note = _text(_("Note for colleagues (optional)"), "", max_length=500, rows=2, required=False)


class AskAgainForm(forms.Form):
    """A reason for each document that must be sent again."""

    note = _text(_("What the person should know (optional)"), "", max_length=500, required=False)

    def __init__(self, *args: Any, documents: Sequence[IdentityDocument], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.documents = documents
        choices = [("", _("This one is fine")), *DocumentReason.choices]
        for document in documents:
            self.fields[f"reason_{document.reference}"] = forms.ChoiceField(
                label=document.get_kind_display(), choices=choices, required=False
            )
        self.order_fields([f"reason_{document.reference}" for document in documents])

    def reasons(self) -> dict[str, str]:
        """Reference of each refused document with its reason."""
        given = {document.reference: self.cleaned_data[f"reason_{document.reference}"] for document in self.documents}
        return {reference: reason for reference, reason in given.items() if reason}


class RejectIdentityForm(forms.Form):
    """Refuse the person."""

    note = _text(_("Reason, as the person reads it"), _("Enter what the person should know."), max_length=500)
    is_final = forms.BooleanField(label=_("The person may not try again"), required=False)


# --- money -----------------------------------------------------------------------------------------------------------
class ConfirmMoneyForm(KeyedForm):
    """Money was found on our bank account; `declared_on` is the day on which the person says to have sent it."""

    value_date = _day(_("Day it arrived"), _("Enter the day it arrived."))

    def __init__(self, *args: Any, today: dt.date, declared_on: dt.date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value_date"].initial = today
        closed_until = platform_rules().books_closed_until
        if declared_on is not None and declared_on <= closed_until:
            words = _(
                "Sent on %(day)s, but the books are closed up to %(closed)s: give a later day. If the loan was charged "
                "for the days between, waive that."
            )
            self.fields["value_date"].help_text = words % {
                "day": format_day(declared_on),
                "closed": format_day(closed_until),
            }


class NotFoundForm(KeyedForm):
    """Money was not found, or can't be sent."""

    note = _text(_("Reason, as the person reads it"), _("Enter a reason."), max_length=NOTE_LENGTH)


class ApproveWithdrawalForm(KeyedForm):
    """The money may be sent. The sum that the page showed goes with the form."""

    confirmed = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, to_send: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirmed"].initial = to_send

    def show_again(self, to_send: int) -> None:
        """Carry the sum of the page that is shown now, in place of the one that was sent in."""
        sent: Any = self.data  # what a browser sent: it is not changed, a copy can be
        self.data = sent = sent.copy()
        sent[self.add_prefix("confirmed")] = to_send


class PayWithdrawalForm(ApproveWithdrawalForm):
    """The bank has sent the money."""

    paid_on = _day(_("Day our bank sent it"), _("Enter the day our bank sent it."))
    bank_reference = OneLineField(label=_("Reference of our bank (optional)"), max_length=60, required=False)

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["paid_on"].initial = today


# --- loans -----------------------------------------------------------------------------------------------------------
class OfferForm(KeyedForm):
    """The grade of the offer: the scorecard's, or one step from it with a reason."""

    grade = forms.ChoiceField(
        label=_("Grade"), widget=forms.RadioSelect, error_messages={"required": _("Choose a grade.")}
    )
    reason = _text(_("Reason (only when the grade is not the scorecard's)"), "", max_length=500, rows=2, required=False)

    def __init__(self, *args: Any, scored: str, grades: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scored = scored
        form_field(self, "grade", forms.ChoiceField).choices = grades
        self.fields["grade"].initial = scored

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = cleaned.get("grade")
        if chosen and chosen != self.scored and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Enter why the grade is not the scorecard's."))
        return cleaned


class AskApplicantForm(forms.Form):
    """One question to the applicant."""

    question = _text(_("Question, as the person reads it"), _("Enter your question."), max_length=1000)
    due_on = _day(_("Answer by"), _("Enter the day to answer by."))

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].initial = today + dt.timedelta(days=ANSWER_DAYS)


class DeclineForm(KeyedForm):
    """Decline with one to four reasons; `confirmed` says that the letter was read."""

    reasons = forms.MultipleChoiceField(
        label=_("Reasons, the main one first in the letter"),
        choices=DeclineReason.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose one to four reasons.")},
    )
    note = _text(_("Note to the person (optional)"), "", max_length=500, required=False)
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)


class RefuseQuestionForm(forms.Form):
    """Why a question is not published, as the lender reads it."""

    note = MultiLineField(
        label=_("Why it is not published, as the lender reads it"),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": _("Enter why it is not published.")},
    )


class CloseListingForm(KeyedForm):
    """Close a request that is open to lenders."""

    reason = _text(_("Reason, as the borrower reads it"), _("Enter a reason."), max_length=NOTE_LENGTH)


class DisburseForm(KeyedForm):
    """Pay a signed loan out."""

"""What staff fill in about people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import StaffGroup
from accounts.models import User
from p2plending.lib.web.forms import MultiLineField, OneLineEmailField, OneLineField


def _reason(label: Any, max_length: int) -> forms.CharField:
    return MultiLineField(
        label=label,
        max_length=max_length,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": _("Enter a reason.")},
    )


class ReasonForm(forms.Form):
    """Why something is done to a person."""

    reason = _reason(_("Reason"), 200)


class SuspensionForm(ReasonForm):
    """Stop an account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "They can sign in and pay back. They can't apply, lend, ask questions or take money out, their auto-invest "
            "rules rest, and withdrawals that wait are not sent. They are told that they are suspended, not why. "
            "Ending it takes two people."
        )


class SuspicionForm(ReasonForm):
    """Doubt an identity that was approved."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "They can sign in and pay back. They can't apply, be paid out, add money, lend or take money out, and "
            "withdrawals that wait are not sent. They are told that we look again, not why. Two people settle it."
        )


class FreezeForm(ReasonForm):
    """Stop a loan."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "It leaves the marketplace: nobody can lend to it or ask. It is not paid out, and no automatic payment is "
            "taken. The borrower can pay as before, and due dates stay."
        )


class StaffForm(forms.Form):
    """A new member of staff."""

    full_name = OneLineField(
        label=_("Name"), max_length=150, error_messages={"required": _("Enter the person's name.")}
    )
    email = OneLineEmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("They get a link to choose a password. It must be an address that no account has."),
        error_messages={
            "required": _("Enter an e-mail address, like name@example.org."),
            "invalid": _("Enter an e-mail address, like name@example.org."),
        },
    )
    groups = forms.MultipleChoiceField(
        label=_("Groups"),
        choices=StaffGroup.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one group."),
            "invalid_choice": _("Choose groups from the list."),
        },
    )
    reason = _reason(_("Reason"), 500)

    def chosen(self) -> list[StaffGroup]:
        return [StaffGroup(name) for name in self.cleaned_data["groups"]]


class GroupsForm(forms.Form):
    """The groups of a member of staff."""

    groups = forms.MultipleChoiceField(
        label=_("Groups"),
        choices=StaffGroup.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": _("Choose groups from the list.")},
    )
    reason = _reason(_("Reason"), 500)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].initial = [group.name for group in person.groups.all()]

    def chosen(self) -> list[StaffGroup]:
        return [StaffGroup(name) for name in self.cleaned_data["groups"]]

"""What staff fill in about people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.enums import StaffGroup
from accounts.models import User
from p2plending.lib.forms import MultiLineField


def _reason(label: Any, max_length: int) -> forms.CharField:
    return MultiLineField(
        label=label,
        max_length=max_length,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": _("Enter a reason.")},
    )


class SuspensionForm(forms.Form):
    """Stop an account, or let it go on."""

    reason = _reason(_("Reason"), 200)


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

"""What a borrower chooses when a document is added."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.identity.uploads import ACCEPT
from loans.enums.loan import LoanDocumentKind


class LoanDocumentForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[("", _("Choose a kind")), *LoanDocumentKind.choices],
        error_messages={"required": _("Choose what the file shows.")},
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_("A picture (JPEG, PNG, HEIC) or a PDF, up to 20 MB."),
        widget=forms.FileInput({"accept": ACCEPT}),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty. Choose another one.")},
    )

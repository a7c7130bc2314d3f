"""Forms of accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums.people import DocumentKind, IdDocumentType, Role
from accounts.forms.address_fields import AddressField
from accounts.identity.answers import check_birth, check_expiry
from accounts.identity.uploads import ACCEPT
from accounts.models import IdentityVerification, User
from accounts.services.identity.submission import DETAIL_FIELDS
from accounts.values.countries import COUNTRY_CHOICES, choices_from_home, has_postcodes
from accounts.values.passwords import normal_password
from p2plending.lib.errors import Refused
from p2plending.lib.web.forms import CodeField, OneLineField, form_field, text_formfield

# How browsers know what to offer (the HTML standard's names of one's own data).
AUTOCOMPLETE = {
    "legal_name": "name",
    "date_of_birth": "bday",
    "address": "street-address",
    "postcode": "postal-code",
    "city": "address-level2",
    "country": "country",
    "phone": "tel",
    "occupation": "organization-title",
}


def _required(text: Any) -> dict[str, Any]:
    return {"required": text}


class RegisterForm(forms.Form):
    role = forms.ChoiceField(
        label=gettext_lazy("What would you like to do?"),
        choices=[(Role.BORROWER, gettext_lazy("I want to borrow")), (Role.LENDER, gettext_lazy("I want to lend"))],
        widget=forms.RadioSelect,
        error_messages=_required(gettext_lazy("Choose whether you want to borrow or to lend.")),
    )
    full_name = OneLineField(
        label=gettext_lazy("Your name"),
        max_length=150,
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages=_required(gettext_lazy("Enter your name.")),
    )
    email = AddressField()
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 12 characters. A few words in a row are easy to remember."),
        error_messages=_required(gettext_lazy("Enter a password.")),
    )
    terms = forms.BooleanField(error_messages=_required(gettext_lazy("Accept the terms to go on.")))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["terms"].label = format_html(
            _('I accept the <a href="{}">terms</a>. If I lend, I have read the <a href="{}">risks</a>.'),
            reverse("public:terms"),
            reverse("public:risks"),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password"):
            person = User(email=data.get("email", ""), full_name=data.get("full_name", ""))
            try:
                validate_password(normal_password(data["password"]), person)
            except ValidationError as error:
                self.add_error("password", error)
        return data


class NameForm(forms.Form):
    full_name = OneLineField(
        label=gettext_lazy("Your name"),
        help_text=gettext_lazy("How we greet you. Lenders and borrowers never see it."),
        max_length=150,
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages=_required(gettext_lazy("Enter your name.")),
    )


def _date_input() -> forms.DateInput:
    return forms.DateInput({"type": "date"}, format="%Y-%m-%d")


# The groups in which the details are asked for; together they are the fields of the form, in order.
DETAIL_GROUPS = (
    (gettext_lazy("About you"), ("legal_name", "date_of_birth", "nationality", "phone")),
    (gettext_lazy("Where you live"), ("country", "address", "postcode", "city")),
    (gettext_lazy("Your identity document"), ("id_type", "id_number", "id_expires_on")),
    (
        gettext_lazy("What the law asks us to know"),
        ("occupation", "source_of_funds", "tax_residence", "is_politically_exposed"),
    ),
)


class IdentityDetailsForm(forms.ModelForm):
    """Details as on the document. An empty number keeps the one that is stored: it is never shown again in full."""

    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        choices=COUNTRY_CHOICES,
        error_messages=_required(gettext_lazy("Choose your country.")),
    )
    nationality = forms.ChoiceField(
        label=gettext_lazy("Nationality"),
        choices=COUNTRY_CHOICES,
        error_messages=_required(gettext_lazy("Choose your nationality.")),
    )
    tax_residence = forms.ChoiceField(
        label=gettext_lazy("Country where you pay tax (optional)"), choices=COUNTRY_CHOICES, required=False
    )
    id_type = forms.ChoiceField(
        label=gettext_lazy("Kind of document"),
        choices=[("", gettext_lazy("Choose a document")), *IdDocumentType.choices],
        error_messages=_required(gettext_lazy("Choose the kind of document.")),
    )
    id_number = CodeField(
        label=gettext_lazy("Document number"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages=_required(gettext_lazy("Enter the number of the document.")),
    )
    is_politically_exposed = forms.BooleanField(
        label=gettext_lazy("I hold, or somebody close to me holds, a high public office"), required=False
    )

    class Meta:
        model = IdentityVerification
        fields = DETAIL_FIELDS
        formfield_callback = text_formfield
        field_classes = {"phone": CodeField, "postcode": CodeField}
        widgets = {"date_of_birth": _date_input(), "id_expires_on": _date_input()}

    field_order = tuple(name for _title, names in DETAIL_GROUPS for name in names)

    def __init__(self, *args: Any, today: dt.date, is_lender: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        for name in ("country", "nationality", "tax_residence"):
            form_field(self, name, forms.ChoiceField).choices = choices_from_home()
        required = {
            "legal_name": _("Enter your full name as on the document."),
            "date_of_birth": _("Enter your date of birth."),
            "address": _("Enter your street and number."),
            "city": _("Enter your town or city."),
            "id_expires_on": _("Enter until when the document is valid."),
        }
        if is_lender:
            required["source_of_funds"] = _("Enter where the money comes from, like salary or savings.")
        for name, message in required.items():
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = message
        for name in {"phone", "occupation", "source_of_funds"} - set(required):
            self.fields[name].label = _("%(label)s (optional)") % {"label": self.fields[name].label}
        self.fields["postcode"].help_text = _("Leave empty if your country has none.")
        for name, known_as in AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = known_as
        self._keep_number()

    def _keep_number(self) -> None:
        ending = self.instance.id_number_last4
        self.initial["id_number"] = ""
        if ending:
            self.fields["id_number"].required = False
            self.fields["id_number"].help_text = _("We have one that ends in %(ending)s. Leave empty to keep it.") % {
                "ending": ending
            }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if has_postcodes(cleaned.get("country", "")) and not cleaned.get("postcode") and "postcode" not in self.errors:
            self.add_error("postcode", _("Enter your postcode."))
        for name, check in (("date_of_birth", check_birth), ("id_expires_on", check_expiry)):
            if cleaned.get(name):
                try:
                    check(cleaned[name], self.today)
                except Refused as refusal:
                    self.add_error(name, refusal.message)
        return cleaned

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields as the page groups them, each group under its heading."""
        return [(title, [self[name] for name in names]) for title, names in DETAIL_GROUPS]

    def details(self) -> dict[str, Any]:
        """What the service saves."""
        details = dict(self.cleaned_data)
        if not details["id_number"]:
            del details["id_number"]
        return details


class DocumentsForm(forms.Form):
    """One file for each kind of document; what is there already needs none."""

    def __init__(
        self, *args: Any, present: Collection[str], needed: Collection[str], camera: bool, **kwargs: Any
    ) -> None:
        """`present` are the kinds that we have, `needed` those that must still be sent; `camera` opens it on phones."""
        super().__init__(*args, **kwargs)
        for kind in DocumentKind.of_identity():
            label = kind.label if kind in needed else _("%(label)s (optional)") % {"label": kind.label}
            attrs = {"accept": ACCEPT} | ({"capture": "environment"} if camera and kind in CAMERA_KINDS else {})
            self.fields[kind.value] = forms.FileField(
                label=_("%(label)s: a new file") % {"label": kind.label} if kind in present else label,
                required=False,
                help_text=HELP_OF_KIND[kind],
                widget=forms.FileInput(attrs),
            )

    def files_given(self) -> dict[DocumentKind, UploadedFile]:
        """The files that were chosen, by kind, after the form is valid."""
        return {DocumentKind(name): file for name, file in self.cleaned_data.items() if file}


# A picture of what is in the hand; a proof of address is mostly a file.
CAMERA_KINDS = (DocumentKind.ID_FRONT, DocumentKind.ID_BACK)
HELP_OF_KIND = {
    DocumentKind.ID_FRONT: gettext_lazy(
        "The page with your photo: in colour, all four corners visible, nothing covered. JPEG, PNG, HEIC or PDF, 20 MB."
    ),
    DocumentKind.ID_BACK: gettext_lazy("Only of an identity card or a driving licence."),
    DocumentKind.PROOF_OF_ADDRESS: gettext_lazy(
        "A bill or a letter of the last three months, if the address is not on your document."
    ),
}

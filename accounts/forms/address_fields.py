"""Fields for an e-mail address: what is typed becomes its one spelling before it is looked at."""

from __future__ import annotations

from typing import Any

from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from accounts.values.addresses import normalise_email, validate_mailbox
from p2plending.lib.api.fields import OneLineEmailSerializerField
from p2plending.lib.web.forms import OneLineEmailField


class AddressField(OneLineEmailField):
    """Cleans to the spelling of `normalise_email`, so that full-width letters and an international domain are fine."""

    default_validators = [validate_email, validate_mailbox]
    default_error_messages = {
        "required": _("Enter your e-mail address."),
        "invalid": _("Enter an e-mail address, like name@example.org."),
    }

    def __init__(self, **kwargs: Any) -> None:
        options: dict[str, Any] = {"max_length": 254, "label": _("E-mail address")}
        super().__init__(**(options | kwargs))
        self.widget.attrs.setdefault("autocomplete", "email")

    def to_python(self, value: Any) -> str:
        return normalise_email(super().to_python(value))


class AddressSerializerField(OneLineEmailSerializerField):
    """The same in the API."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)
        self.validators.append(validate_mailbox)

    def to_internal_value(self, data: Any) -> str:
        return normalise_email(super().to_internal_value(data))

"""Accounts of staff: made without a password, which the person sets through a link that works once."""

from __future__ import annotations

from collections.abc import Sequence

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from accounts.enums.people import Role, StaffGroup
from accounts.models import User
from accounts.selectors.people import owner_of_address
from accounts.services import audit
from accounts.values.addresses import normalise_email
from p2plending.lib.database.transactions import require_transaction, run_money
from p2plending.lib.errors import Refused

COMMAND_LINE = "system:command-line"


class EmailTaken(Refused):
    """An address belongs to one account."""

    code = "email_taken"
    status = 409
    default_message = _("This e-mail address has an account already. Staff need an address of their own.")


class EmailInvalid(Refused):
    """No mail could arrive at this address."""

    code = "email_invalid"
    default_message = _("Enter an e-mail address, like name@example.org.")


class NameMissing(Refused):
    """Staff act under their name."""

    code = "name_missing"
    default_message = _("Enter the person's name.")


class GroupMissing(Refused):
    """Staff in no group can open nothing."""

    code = "group_missing"
    default_message = _("Choose at least one group.")


def require_possible(email: str, full_name: str, groups: Sequence[StaffGroup]) -> tuple[str, str]:
    """Address and name as they are stored. Raises EmailInvalid, EmailTaken, NameMissing, GroupMissing."""
    address, name = normalise_email(email), " ".join(full_name.split())
    try:
        validate_email(address)
    except ValidationError as error:
        raise EmailInvalid().at("email") from error
    if owner_of_address(address) is not None:
        raise EmailTaken().at("email")
    if not name:
        raise NameMissing().at("full_name")
    if not groups:
        raise GroupMissing().at("groups")
    return address, name


def create_staff(*, email: str, full_name: str, groups: Sequence[StaffGroup]) -> User:
    """Make a staff account from the command line of the machine, where the first one has to come from.

    Raises EmailInvalid, EmailTaken, NameMissing, GroupMissing.
    """
    return run_money(
        lambda: make_staff(email=email, full_name=full_name, groups=groups, actor=None, actor_label=COMMAND_LINE)
    )


def make_staff(
    *,
    email: str,
    full_name: str,
    groups: Sequence[StaffGroup],
    actor: User | None,
    actor_label: str = "",
    member_number: str = "",
    reason: str = "",
) -> User:
    """Make the account and queue the invitation. Call inside a transaction.

    The address counts as confirmed: two colleagues, or whoever runs the machine, vouch for it, and the link goes
    nowhere else. Raises EmailInvalid, EmailTaken, NameMissing, GroupMissing.
    """
    require_transaction()
    address, name = require_possible(email, full_name, groups)
    user = User(email=address, role=Role.STAFF, is_staff=True, full_name=name)
    if member_number:
        user.member_number = member_number
    user.set_unusable_password()
    user.save()
    user.groups.set(Group.objects.filter(name__in=[group.value for group in groups]))
    EmailAddress.objects.create(user=user, email=address, primary=True, verified=True)
    audit.record(
        action="accounts.user.staff_made",
        actor=actor,
        actor_label=actor_label,
        subject_type="user",
        subject_reference=user.member_number,
        reason=reason,
        data={"groups": sorted(group.value for group in groups)},
    )
    async_task("accounts.tasks.send_staff_invitation", user.pk)
    return user

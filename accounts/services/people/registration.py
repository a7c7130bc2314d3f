"""Making an account without telling strangers who has one."""

from __future__ import annotations

import dataclasses

from allauth.account.models import EmailAddress
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from accounts.enums.agreed_terms import documents_for
from accounts.enums.people import Role
from accounts.models import TermsAcceptance, User
from accounts.selectors.people import confirmation_path, owner_of_address
from accounts.services import audit
from accounts.values.addresses import normalise_email
from accounts.values.passwords import hashed_password
from p2plending.lib import clock
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import Refused

SELF_REGISTERED_ROLES = (Role.BORROWER, Role.LENDER)
FIRST_PAGE_LENGTH = 300


class RoleNotOpen(Refused):
    """Staff accounts are made by staff."""

    code = "role_not_open"
    default_message = _("Choose whether you want to borrow or to lend.")


@dataclasses.dataclass(frozen=True, slots=True)
class Registration:
    """`user` and `confirm_url` (a path of the site) are None when the address had an account already.

    Who asks must not learn which it was: pages and API answer both in the same way.
    """

    user: User | None
    confirm_url: str | None


def own_page(address: str) -> str:
    """The address when it is a page of this site, else nothing."""
    is_ours = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if is_ours and len(address) <= FIRST_PAGE_LENGTH and address.isprintable() else ""


def register_user(
    *,
    email: str,
    password: str,
    role: str,
    full_name: str,
    ip_address: str | None,
    password_hash: str = "",
    first_page: str = "",
) -> Registration:
    """Make an account, keep what was agreed to, and queue the e-mail with the confirmation link.

    An address that belongs to an account, as its first or as another confirmed one, gets an e-mail saying so instead.
    The password must have been validated by the form; `password_hash` is its hash when it was worked out before (one
    password for many people of the demo). `first_page` is the page of this site to which the person was going, with
    their quote. Raises RoleNotOpen for staff.
    """
    if role not in SELF_REGISTERED_ROLES:
        raise RoleNotOpen
    address = normalise_email(email)
    # Hashed in both cases: the time that an answer takes must not tell whether the address is known.
    hashed = password_hash or hashed_password(password)

    def register() -> Registration:
        known = owner_of_address(address)
        if known is not None:
            async_task("accounts.tasks.send_already_registered_email", known.pk, address)
            return Registration(None, None)
        now = clock.now()
        user = User.objects.create(
            email=address,
            password=hashed,
            role=role,
            full_name=" ".join(full_name.split()),
            first_page=own_page(first_page),
            date_joined=now,
        )
        confirmation = EmailAddress.objects.create(user=user, email=address, primary=True, verified=False)
        for document in documents_for(role):
            TermsAcceptance.objects.create(
                user=user,
                document=document.name,
                version=document.version,
                sha256=document.sha256(),
                ip_address=ip_address,
                accepted_at=now,
            )
        audit.record(
            action="accounts.user.registered",
            actor=user,
            subject_type="user",
            subject_reference=user.member_number,
            data={"role": str(role)},
        )
        async_task("accounts.tasks.send_confirmation_email", confirmation.pk)
        return Registration(user, confirmation_path(confirmation))

    return run_money(register)

"""`manage.py create_staff`: the first staff accounts, and any later one that the desk can't make."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.enums.people import StaffGroup
from accounts.services.mail.password_links import password_path
from accounts.services.people.staff_accounts import create_staff
from p2plending.lib.errors import Refused


class Command(BaseCommand):
    help = (
        "Make a staff account in one or more groups. The person gets an e-mail with a link to choose a password;"
        " --print-link prints the link too, for when no mail can be sent yet."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = ", ".join(f'"{group.value}"' for group in StaffGroup)
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True, help="first and last name")
        parser.add_argument("--groups", required=True, nargs="+", metavar="GROUP", help=names)
        parser.add_argument("--print-link", action="store_true", help="print the link that sets the password")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        groups = [_group(name) for name in options["groups"]]
        try:
            user = create_staff(email=options["email"], full_name=options["name"], groups=groups)
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        names = ", ".join(group.value for group in groups)
        self.stdout.write(f"{user.full_name} ({user.member_number}) is staff: {names}.")
        self.stdout.write(f"An invitation goes to {user.email}.")
        if options["print_link"]:
            self.stdout.write("This link sets the password. It works once, within 3 days:")
            self.stdout.write(f"{settings.SITE_URL}{password_path(user)}")


def _group(name: str) -> StaffGroup:
    """The group of this name in any case. Raises CommandError with the names that there are."""
    for group in StaffGroup:
        if group.value.casefold() == name.strip().casefold():
            return group
    known = ", ".join(f'"{group.value}"' for group in StaffGroup)
    raise CommandError(f"There is no group “{name}”. The groups are {known}.")

"""`manage.py export_journal --format hledger|beancount|csv`: the journal for somebody else's tool, on the output."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ledger.selectors.journal_files import FORMATS
from p2plending.lib.documents.pipes import stop_when_unread


class Command(BaseCommand):
    help = "Write the whole journal to the output, to be checked by another bookkeeping tool."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=sorted(FORMATS), default="hledger", help="which tool's (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        with stop_when_unread(self.stdout):
            for text in FORMATS[options["format"]]():
                self.stdout.write(text, ending="")

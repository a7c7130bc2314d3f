"""How django-allauth does things here."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Registration has its own page (`accounts:register`) with the role; allauth's is closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

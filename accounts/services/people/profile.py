"""What people change about themselves."""

from __future__ import annotations

from accounts.models import User
from accounts.services import audit
from p2plending.lib.database.transactions import run_money


def rename_user(*, user: User, full_name: str) -> User:
    """Change how we greet the person. The name on the identity document is another matter (`services.identity`)."""

    def rename() -> User:
        User.objects.filter(pk=user.pk).update(full_name=" ".join(full_name.split()))
        audit.record(
            action="accounts.user.renamed", actor=user, subject_type="user", subject_reference=user.member_number
        )
        return User.objects.get(pk=user.pk)

    return run_money(rename)

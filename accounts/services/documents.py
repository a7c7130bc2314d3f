"""Reading an identity document: only those who may, and never without a trace."""

from __future__ import annotations

from accounts.models import IdentityDocument, User
from accounts.permissions import READ_DOCUMENTS
from accounts.private_files import load_file
from accounts.selectors import IDENTITY_SUBJECT
from accounts.services import audit
from p2plending.lib.db import run_money
from p2plending.lib.errors import NotPermitted


def may_read_documents_of(owner: User, actor: User) -> bool:
    """The owner, and staff with the permission."""
    return actor.pk == owner.pk or actor.has_perm(READ_DOCUMENTS)


def read_document(*, document: IdentityDocument, actor: User, reason: str) -> bytes:
    """The plain bytes of a document; the audit row is written first. Raises NotPermitted for anybody else."""
    owner = document.verification.user
    if not may_read_documents_of(owner, actor):
        raise NotPermitted
    run_money(
        lambda: audit.record(
            action="accounts.identity.document_read",
            actor=actor,
            subject_type=IDENTITY_SUBJECT,
            subject_reference=owner.member_number,
            reason=reason,
            data={"document": document.reference},
        )
    )
    return load_file(document.stored_name)

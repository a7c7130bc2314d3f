"""Reading an identity document: only those who may, and never without a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from accounts.enums.permissions import READ_DOCUMENTS
from accounts.identity.private_files import load_file, remove_file, store_file
from accounts.identity.uploads import CleanFile
from accounts.models import IdentityDocument, User
from accounts.selectors.people import IDENTITY_SUBJECT
from accounts.services import audit
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import NotPermitted


class Stored(Protocol):
    """A row that knows the name of its file."""

    stored_name: str


Document = TypeVar("Document", bound=Stored)


def keep_file(clean: CleanFile, write: Callable[[str], Document]) -> Document:
    """Encrypt and store a file, then `write` its row by its name, in a money transaction of its own.

    `write` may give an earlier row for the same file. Then, and after a refusal, nothing new stays on the disk.
    """
    name = store_file(clean.content)
    document = None
    try:
        document = run_money(lambda: write(name))
    finally:
        if document is None or document.stored_name != name:
            remove_file(name)
    return document


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

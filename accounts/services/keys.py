"""Replacing keys: everything that is encrypted or digested is written anew with the newest ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db.models import ExpressionWrapper, F, Model, QuerySet, TextField
from django.utils.translation import gettext_lazy as _

from accounts.fields import (
    EncryptedTextField,
    digest_is_newest,
    digest_keys,
    is_newest,
    lookup_digest,
    secret_box,
)
from accounts.identity.private_files import renew_file, stored_names
from accounts.models import IdentityVerification
from accounts.services import audit
from p2plending.lib.database.transactions import run_small
from p2plending.lib.errors import Refused

BATCH = 200
SECOND_STEP_SECRETS = ("secret", "seed")


class KeyMissing(Refused):
    """Something opens with none of the keys that are set."""

    code = "key_missing"
    default_message = _("Something opens with none of FIELD_KEYS. Put its key back, behind the others.")


@dataclasses.dataclass(frozen=True, slots=True)
class Rotated:
    """What was looked at in one place, and how much of it was written anew."""

    place: str
    looked_at: int
    rewritten: int


def rotate_keys(*, say: Callable[[Rotated], object]) -> list[Rotated]:
    """Encrypt and digest with the newest keys whatever was not yet; then older keys may be taken out of the settings.

    May be stopped and run again at any moment, and beside a running site: rows are locked, a batch at a time, files are
    replaced in one step, and what is on the newest key already is left alone. `say` hears of each place when it is
    done. Raises KeyMissing.
    """
    done = []
    for rotated in _places():
        done.append(rotated)
        say(rotated)
    data = {"digest_key": digest_keys()[0][0], "rewritten": {one.place: one.rewritten for one in done}}
    run_small(
        lambda: audit.record(
            action="accounts.keys.rotated",
            actor=None,
            actor_label="system:rotate-keys",
            subject_type="keys",
            subject_reference=digest_keys()[0][0][:40],
            data=data,
        )
    )
    return done


def encrypted_columns() -> list[tuple[type[Model], str]]:
    """Every encrypted column of every model."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, EncryptedTextField)
    ]


def _places() -> Iterator[Rotated]:
    for model, name in encrypted_columns():
        yield _in_batches(f"{model._meta.db_table}.{name}", model, partial(_renew_column, name=name))
    yield _in_batches("accounts_identityverification.id_number_digest", IdentityVerification, _renew_digests)
    yield _in_batches("mfa_authenticator.data", Authenticator, _renew_second_steps)
    names = stored_names()
    with _naming("files"):
        rewritten = sum(renew_file(name) for name in names)
    yield Rotated("files", len(names), rewritten)


def _in_batches(place: str, model: type[Model], renew: Callable[[QuerySet[Any]], int]) -> Rotated:
    looked_at = rewritten = 0
    last: Any = None
    while True:
        rows = model._default_manager.order_by("pk")
        keys = list((rows if last is None else rows.filter(pk__gt=last)).values_list("pk", flat=True)[:BATCH])
        if not keys:
            return Rotated(place, looked_at, rewritten)
        looked_at, last = looked_at + len(keys), keys[-1]
        batch = model._default_manager.filter(pk__in=keys).order_by("pk").select_for_update()
        with _naming(place):
            rewritten += run_small(partial(renew, batch))


def _renew_column(rows: QuerySet[Any], name: str) -> int:
    stored = ExpressionWrapper(F(name), output_field=TextField())
    old = [(pk, text) for pk, text in rows.values_list("pk", stored) if text and not is_newest(text)]
    for pk, text in old:
        rows.model._default_manager.filter(pk=pk).update(**{name: secret_box().decrypt(text.encode()).decode()})
    return len(old)


def _renew_digests(rows: QuerySet[IdentityVerification]) -> int:
    old = [row for row in rows if row.id_number_digest and not digest_is_newest(row.id_number_digest)]
    for row in old:
        IdentityVerification.objects.filter(pk=row.pk).update(id_number_digest=lookup_digest(row.id_number))
    return len(old)


def _renew_second_steps(rows: QuerySet[Authenticator]) -> int:
    rewritten = 0
    for row in rows:
        secrets = {name: row.data[name] for name in SECOND_STEP_SECRETS if name in row.data}
        old = {name: text for name, text in secrets.items() if not is_newest(text)}
        if old:
            row.data |= {name: _renewed(text) for name, text in old.items()}
            row.save(update_fields=["data"])
            rewritten += 1
    return rewritten


def _renewed(text: str) -> str:
    return secret_box().rotate(text.encode()).decode()


@contextmanager
def _naming(place: str) -> Iterator[None]:
    try:
        yield
    except (InvalidToken, KeyError) as error:
        raise KeyMissing(place=place) from error

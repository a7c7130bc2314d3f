"""Keys are replaced without losing anything, and numbers are found again whatever keys there are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db.models import ExpressionWrapper, F, TextField

from accounts.fields import is_newest, lookup_digest
from accounts.identity.private_files import load_file, store_file
from accounts.models import AuditEvent, IdentityVerification, User
from accounts.services.identity.review import NumberBelongsToAnother, approve_identity, claim_identity
from accounts.services.identity.submission import DocumentNumberNotAccepted
from accounts.services.keys import encrypted_columns
from accounts.tests.samples import submitted
from accounts.tests.test_addresses import CASES
from p2plending.tests.support.cast import SECRET, code_now, make_user, turn_on_second_step

NUMBER = "C01X00T47"


def new_key(name: str) -> str:
    return f"{name}:{Fernet.generate_key().decode()}"


@pytest.fixture(autouse=True)
def private_dir(settings: Any, tmp_path: Path) -> Path:
    settings.PRIVATE_DIR = tmp_path / "private"
    return settings.PRIVATE_DIR


def rotate() -> str:
    out = io.StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


def stored(model: Any, name: str, **row: Any) -> str:
    raw = ExpressionWrapper(F(name), output_field=TextField())
    return model.objects.filter(**row).values_list(raw, flat=True).get()


@pytest.mark.parametrize("spelling", [*CASES["K03"]["input"], "c01x 00t47", " C01X.00/T47 ", "Ｃ０１Ｘ００Ｔ４７"])
def test_a_number_is_the_same_however_it_is_grouped(spelling: str) -> None:
    assert lookup_digest(spelling) == lookup_digest(NUMBER)
    assert lookup_digest("C01X00T48") != lookup_digest(NUMBER)


def test_nothing_to_compare_has_no_digest() -> None:
    assert lookup_digest("") == lookup_digest(" -/ ") == ""


@pytest.mark.parametrize("change", ["SECRET_KEY", "FIELD_KEYS", "DIGEST_KEYS"])
def test_the_number_of_another_person_is_known_after_any_key_was_replaced(
    dora: User, settings: Any, change: str
) -> None:
    first, second = (make_user(name, "borrower") for name in ("Frank", "Greta"))
    number = submitted(first).id_number
    if change == "SECRET_KEY":
        settings.SECRET_KEY = "another" * 10
    else:
        setattr(settings, change, [new_key("new"), *getattr(settings, change)])
    with pytest.raises(DocumentNumberNotAccepted):
        submitted(second, id_number=number)
    verification = IdentityVerification.objects.get(user=first)
    make_known = IdentityVerification.objects.filter(user=second)
    make_known.update(
        submission_count=1, id_number=number, id_number_digest=lookup_digest(number), status="approved",
        decided_by=dora, decided_at=verification.submitted_at,
    )  # fmt: skip
    claim_identity(verification_id=verification.pk, actor=dora)
    with pytest.raises(NumberBelongsToAnother) as refused:
        approve_identity(verification_id=verification.pk, actor=dora)
    assert refused.value.code == CASES["K02"]["right"]["code"]


def test_everything_is_on_the_new_keys_and_opens_with_them_alone(alice: User, settings: Any) -> None:
    IdentityVerification.objects.filter(user=alice).update(id_number=NUMBER, id_number_digest=lookup_digest(NUMBER))
    turn_on_second_step(alice)
    codes = RecoveryCodes.activate(alice).get_unused_codes()
    name = store_file(b"a passport")
    settings.FIELD_KEYS = [new_key("new"), *settings.FIELD_KEYS]
    settings.DIGEST_KEYS = [new_key("digests")]
    said = rotate()
    assert "accounts_identityverification.id_number_digest: 1 of 1 written anew" in said
    assert "mfa_authenticator.data: 2 of 2 written anew" in said
    assert "files: 1 of 1 written anew" in said
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    verification = IdentityVerification.objects.get(user=alice)
    assert verification.id_number == NUMBER
    assert verification.id_number_digest == lookup_digest(NUMBER)
    assert verification.id_number_digest.startswith("digests:")
    assert Authenticator.objects.get(user=alice, type="totp").wrap().validate_code(code_now())
    assert RecoveryCodes(Authenticator.objects.get(user=alice, type="recovery_codes")).get_unused_codes() == codes
    assert load_file(name) == b"a passport"
    event = AuditEvent.objects.get(action="accounts.keys.rotated")
    assert event.data["rewritten"]["files"] == 1


def test_a_second_run_finds_nothing_to_do(alice: User, settings: Any) -> None:
    store_file(b"a passport")
    settings.FIELD_KEYS = [new_key("new"), *settings.FIELD_KEYS]
    rotate()
    before = stored(IdentityVerification, "id_number", user=alice)
    assert is_newest(before)
    assert all(" 0 of " in line for line in rotate().splitlines()[:-1])
    assert stored(IdentityVerification, "id_number", user=alice) == before


def test_a_run_that_was_stopped_is_taken_up_where_it_was(alice: User, bob: User, settings: Any) -> None:
    settings.FIELD_KEYS = [new_key("new"), *settings.FIELD_KEYS]
    IdentityVerification.objects.filter(user=alice).update(id_number=NUMBER)
    half_done = stored(IdentityVerification, "id_number", user=alice)
    rotate()
    assert stored(IdentityVerification, "id_number", user=alice) == half_done
    assert is_newest(stored(IdentityVerification, "id_number", user=bob))


def test_a_key_that_was_taken_away_too_early_is_named_and_nothing_is_overwritten(alice: User, settings: Any) -> None:
    before = stored(IdentityVerification, "id_number", user=alice)
    settings.FIELD_KEYS = [new_key("new")]
    with pytest.raises(CommandError, match=r"accounts_identityverification\.id_number: Something opens with none"):
        rotate()
    assert stored(IdentityVerification, "id_number", user=alice) == before


def test_every_encrypted_column_is_among_the_places(alice: User) -> None:
    said = rotate()
    names = {f"{model._meta.db_table}.{name}" for model, name in encrypted_columns()}
    assert names >= {"accounts_identityverification.id_number", "ledger_withdrawal.iban"}
    assert {line.partition(": ")[0] for line in said.splitlines()} >= names


def test_the_secret_of_the_second_step_is_not_readable_in_the_database(alice: User) -> None:
    factor = turn_on_second_step(alice)
    assert SECRET not in str(Authenticator.objects.get(pk=factor.pk).data)
    seed = RecoveryCodes.activate(alice).instance.data["seed"]
    assert is_newest(seed)

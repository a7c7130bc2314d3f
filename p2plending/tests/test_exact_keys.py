"""Keys are compared exactly: case, accents and spaces at the end make two keys on every database."""

from __future__ import annotations

import datetime as dt

import pytest
from django.apps import apps
from django.db import connection, models

from accounts.models import Notification, OperationKey, User
from accounts.services.mail.notifications import notify
from ledger.models import Deposit, JournalEntry
from ledger.services.deposits import declare_deposit
from p2plending.lib.models import ComparedExactly
from p2plending.tests.support.world import fund_wallet

ALIKE = ("Order-aB-1", "order-Ab-1", "order-ab-1 ", "order-ab-1", "örder-ab-1")

# Unique texts that may be compared as people read them, each with its reason. References are made by us, in capitals.
READ_BY_PEOPLE = {
    "accounts.IdentityDocument.stored_name": "random, made by us, of one case",
    "loans.LoanDocument.stored_name": "random, made by us, of one case",
    "loans.LoanDocument.kind": "one of our choices",
    "loans.LoanDocument.sha256": "made by us, of one case",
    "accounts.User.member_number": "made by us, in capitals",
    "accounts.TermsAcceptance.document": "one of our documents",
    "accounts.TermsAcceptance.version": "a version of ours",
    "loans.ReminderSent.kind": "one of our choices",
    "loans.LoanProduct.code": "two products that only differ in case would be mixed up by staff",
    "loans.GradeTerms.grade": "one of our choices",
}


def unique_texts() -> dict[str, models.Field]:
    """Columns of text of our own tables that are unique, or part of something unique."""
    found = {}
    for model in apps.get_models():
        if model.__module__.split(".")[0] in ("accounts", "ledger", "loans", "matching", "adminpanel"):
            constraints = [one for one in model._meta.constraints if isinstance(one, models.UniqueConstraint)]
            together = {name for constraint in constraints for name in constraint.fields}
            for field in model._meta.local_fields:
                if isinstance(field, models.CharField | models.TextField) and (field.unique or field.name in together):
                    found[f"{model._meta.label}.{field.name}"] = field
    return found


def test_every_unique_text_is_a_key_or_says_why_not() -> None:
    texts = {name: field for name, field in unique_texts().items() if field.name != "reference"}
    keys = {name for name, field in texts.items() if is_key(field)}
    assert "accounts.OperationKey.key" in keys
    assert texts.keys() - keys == READ_BY_PEOPLE.keys()


@pytest.mark.django_db(transaction=True)
def test_operation_keys_that_look_alike_are_two_keys(bob: User, today: dt.date) -> None:
    made = [
        declare_deposit(
            user=bob, amount=100_00, sent_on=today, method="bank_transfer", bank_reference="", actor=bob,
            idempotency_key=key, today=today,
        )
        for key in ALIKE
    ]  # fmt: skip
    assert [deposit.is_replay for deposit in made] == [False] * len(ALIKE)
    assert Deposit.objects.count() == len(ALIKE)
    assert list(OperationKey.objects.filter(key="order-ab-1").values_list("result_id", flat=True)) == [made[3].pk]


@pytest.mark.django_db
def test_news_whose_keys_look_alike_reach_the_person_each(bob: User) -> None:
    Notification.objects.all().delete()
    for key in ALIKE:
        notify(user=bob, key=key, event="deposit_confirmed", title=key, body="", link="")
    assert sorted(Notification.objects.values_list("key", flat=True)) == sorted(ALIKE)


@pytest.mark.mariadb
@pytest.mark.django_db
def test_the_database_itself_compares_every_key_exactly(bob: User) -> None:
    fund_wallet(bob, 100_00)
    key = JournalEntry.objects.values_list("idempotency_key", flat=True)[0]
    assert not JournalEntry.objects.filter(idempotency_key=key.swapcase()).exists()
    columns = {("account_emailaddress", "email")}
    fields = [field for model in apps.get_models() for field in model._meta.local_fields]
    columns |= {(field.model._meta.db_table, field.column) for field in fields if is_key(field)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND collation_name IN ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin')"
        )
        assert set(cursor.fetchall()) == columns


def is_key(field: models.Field) -> bool:
    return isinstance(field, ComparedExactly)

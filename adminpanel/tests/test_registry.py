"""The registry lists and shows; nobody changes anything through it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, reverse
from django_q.models import Failure, OrmQ, Schedule, Success

from accounts.enums.people import Role
from accounts.models import AuditEvent, IdentityDocument, IdentityVerification, Notification, User
from adminpanel.registry.base import ReadOnlyAdmin
from ledger.models import Account, Deposit, JournalEntry, Posting, Withdrawal
from loans.models import Commitment, Distribution, Instalment, Loan, LoanQuestion, Note, Repayment
from matching.models import AllocationDecision, AllocationRun, LendingMandate, MatchProposal
from p2plending.tests.support import world

SHOWN = {
    User,
    IdentityVerification,
    Notification,
    AuditEvent,
    Account,
    JournalEntry,
    Posting,
    Deposit,
    Withdrawal,
    Loan,
    Commitment,
    Note,
    Instalment,
    Repayment,
    Distribution,
    LoanQuestion,
    LendingMandate,
    MatchProposal,
    AllocationRun,
    AllocationDecision,
    Schedule,
    Success,
    Failure,
    OrmQ,
}
SECRET_COLUMNS = {"password", "id_number", "id_number_digest", "iban", "stored_name", "sha256", "data_"}


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@example.org", "correct horse battery staple")


def names(model: type) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}"


def test_the_registry_shows_our_tables_and_no_others() -> None:
    assert set(admin.site._registry) == SHOWN


@pytest.mark.parametrize("model", sorted(SHOWN, key=lambda model: model._meta.label), ids=lambda model: model.__name__)
def test_nobody_adds_changes_or_deletes_through_the_admin_not_even_a_superuser(root: User, model: type) -> None:
    request = RequestFactory().get("/admin/")
    request.user = root
    shown_by = admin.site._registry[model]
    assert isinstance(shown_by, ReadOnlyAdmin)
    assert not shown_by.has_add_permission(request)
    assert not shown_by.has_change_permission(request)
    assert not shown_by.has_delete_permission(request)
    assert shown_by.get_actions(request) == {}
    assert shown_by.get_queryset(request).count() >= 0
    for name in ("add", "delete", "history"):
        with pytest.raises(NoReverseMatch):
            reverse(f"{names(model)}_{name}", args=[] if name == "add" else [1])


@pytest.mark.parametrize("model", sorted(SHOWN, key=lambda model: model._meta.label), ids=lambda model: model.__name__)
def test_no_page_of_the_registry_shows_a_secret_column(model: type) -> None:
    shown_by = admin.site._registry[model]
    columns = {*shown_by.list_display, *shown_by.detail_fields}
    columns |= {name for part in shown_by.related for name in part.columns}
    assert columns & SECRET_COLUMNS == set()


def test_pages_of_the_registry_take_no_post(root: User, alice: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(root)
    assert client.post(reverse("admin:accounts_user_changelist")).status_code == 405
    page = reverse("admin:accounts_user_change", args=[alice.pk])
    assert client.post(page, {"email": "x@example.org"}).status_code == 405
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


def lived_world(alice: User, bob: User, carol: User) -> Loan:
    return world.active_loan(alice, {bob: 600_00, carol: 400_00})


def test_every_list_and_row_opens_for_an_auditor(
    alice: User, bob: User, carol: User, client_of: Callable[[User], Client]
) -> None:
    loan = lived_world(alice, bob, carol)
    auditor = world.make_user("Ada", Role.STAFF)
    auditor.groups.add(Group.objects.get(name="Auditor"))
    client = client_of(auditor)
    for model in SHOWN:
        page = client.get(reverse(f"{names(model)}_changelist"))
        assert page.status_code == 200, model
        row = model._default_manager.first()
        if row is not None:
            assert str(row) in client.get(reverse(f"{names(model)}_change", args=[row.pk])).content.decode()
    page = client.get(reverse("admin:loans_loan_change", args=[loan.pk])).content.decode()
    assert "€1,000.00" in page
    assert page.count("<td>Planned</td>") == 12


def test_an_entry_shows_its_postings_with_amounts(
    alice: User, bob: User, carol: User, dora: User, client_of: Callable[[User], Client]
) -> None:
    lived_world(alice, bob, carol)
    entry = JournalEntry.objects.get(kind="LOAN_DISBURSED")
    page = client_of(dora).get(reverse("admin:ledger_journalentry_change", args=[entry.pk])).content.decode()
    assert "€600.00" in page
    assert "€400.00" in page
    assert "L1200" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [("{reference}", True), ("nothing-like-it", False)],
)
def test_lists_are_searched_by_reference(
    query: str, found: bool, alice: User, dora: User, client_of: Callable[[User], Client]
) -> None:
    loan = world.submitted_loan(alice)
    url = reverse("admin:loans_loan_changelist")
    page = client_of(dora).get(url, {"q": query.format(reference=loan.reference)}).content.decode()
    assert (reverse("admin:loans_loan_change", args=[loan.pk]) in page) == found


@pytest.mark.parametrize(
    "name",
    ["accounts_user", "accounts_auditevent", "ledger_posting", "ledger_journalentry", "ledger_deposit"],
)
def test_lists_ask_as_often_for_many_rows_as_for_one(
    name: str,
    dora: User,
    bob: User,
    client_of: Callable[[User], Client],
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    client = client_of(dora)
    url = reverse(f"admin:{name}_changelist")
    world.fund_wallet(bob, 100_00)
    client.get(url)
    with django_assert_max_num_queries(30) as once:
        client.get(url)
    for amount in (200_00, 300_00, 400_00):
        world.fund_wallet(bob, amount)
    with django_assert_max_num_queries(30) as often:
        client.get(url)
    assert len(often.captured_queries) == len(once.captured_queries)


def test_documents_are_not_in_the_registry() -> None:
    assert IdentityDocument not in admin.site._registry

"""Signing and paying out."""

from __future__ import annotations

import datetime as dt
import hashlib
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ

from accounts.enums.people import Role
from accounts.models import Notification, User
from accounts.selectors.eligibility import UserSuspended
from accounts.services.approvals.permissions import StaffOnly
from accounts.services.people.profile import rename_user
from ledger.enums.books import EntryKind
from ledger.models import JournalEntry
from loans.account.pricing import quote_for
from loans.account.terms import LoanTerms
from loans.enums.loan import LoanStatus
from loans.models import Instalment, Loan, LoanAgreement, Note
from loans.services.funding.agreement import NameDoesNotMatch, SigningEnded, sign_agreement
from loans.services.funding.disbursement import LoanFrozen, NotSigned, ReservedDiffers, disburse_loan
from loans.services.servicing.lifecycle import NotYourLoan
from loans.wording.terms import borrower_clauses, interest_sentences, lender_clause
from p2plending.lib.errors import InvalidTransition
from p2plending.tests.support.world import active_loan, funded_loan, new_key, signed_loan, standard_product, verified


def sign(loan: Loan, actor: User, today: dt.date, name: str = "Alice Example", key: str = "") -> LoanAgreement:
    return sign_agreement(
        loan_id=loan.pk,
        typed_name=name,
        actor=actor,
        ip_address="192.0.2.1",
        idempotency_key=key or new_key(),
        today=today,
    )


def pay_out(loan: Loan, today: dt.date, actor: User | None = None, key: str = "") -> Loan:
    return disburse_loan(loan_id=loan.pk, actor=actor, idempotency_key=key or new_key(), today=today)


def test_only_the_borrower_signs_with_their_own_name(alice: User, bob: User, today: dt.date) -> None:
    loan = funded_loan(alice, {bob: 1_000_00}, today=today)
    with pytest.raises(NotYourLoan):
        sign(loan, bob, today, name="Bob Example")
    for name in ("Bob Example", "Alice", " "):
        with pytest.raises(NameDoesNotMatch):
            sign(loan, alice, today, name=name)
    with pytest.raises(SigningEnded):
        sign(loan, alice, loan.signing_ends_on + dt.timedelta(days=1))
    assert Loan.objects.get(pk=loan.pk).signed_at is None


def test_the_name_to_sign_with_is_the_one_that_was_checked(alice: User, bob: User, today: dt.date) -> None:
    loan = funded_loan(alice, {bob: 1_000_00}, today=today)
    renamed = rename_user(user=alice, full_name="Mickey Mouse")
    with pytest.raises(NameDoesNotMatch):
        sign(loan, renamed, today, name="Mickey Mouse")
    assert sign(loan, renamed, today, name="alice  EXAMPLE").signed_name == "alice EXAMPLE"


def test_the_text_names_members_never_people_and_its_hash_is_kept(alice: User, bob: User, today: dt.date) -> None:
    loan = funded_loan(alice, {bob: 1_000_00}, today=today)
    agreement = loan.agreement

    assert agreement.sha256 == hashlib.sha256(agreement.body.encode()).hexdigest()
    for words in (alice.member_number, bob.member_number, loan.reference, "€1,000.00"):
        assert words in agreement.body
    for secret in ("Alice", "Bob", "example.org"):
        assert secret not in agreement.body


def test_the_text_says_what_the_product_does_with_money(alice: User, bob: User, today: dt.date) -> None:
    product = standard_product()
    product.servicing_method, product.allocation_order = "progressive", "penalty,fee,interest,principal"
    product.interest_recalculation, product.payoff_interest = "daily", "to_rest_date"
    product.late_fee_cap = 40_00
    product.save()
    loan = funded_loan(alice, {bob: 1_000_00}, today=today)
    text = unescape(loan.agreement.body)

    terms = LoanTerms.from_json(loan.frozen_terms)
    clauses = [*borrower_clauses(terms), lender_clause(terms)]
    for number, clause in enumerate(clauses, start=4):
        assert f'<h3 class="mt-4">{number}. {clause.title}</h3>' in text
        for sentence in clause.sentences:
            assert f"<li>{sentence}</li>" in text
    for sentence in interest_sentences(terms):
        assert sentence in text
    assert "11. The lenders and their parts" in text
    assert "Interest is then charged to that day only" not in text


def test_a_text_that_was_signed_reads_as_it_was_signed(
    client: Client, alice: User, bob: User, dora: User, today: dt.date
) -> None:
    loan = signed_loan(alice, {bob: 1_000_00}, today=today)
    LoanAgreement.objects.filter(loan=loan).update(body="<p>As it was written then.</p>", template_version="2026-11")
    product = standard_product()
    product.late_fee_fixed = 99_00
    product.save()
    pay_out(loan, today)
    client.force_login(alice)
    page = client.get(reverse("loans:agreement", args=[loan.reference])).content.decode()
    assert "<p>As it was written then.</p>" in page
    assert "€99.00" not in page


def test_signing_keeps_name_time_and_address_and_queues_the_pay_out_once(
    alice: User, bob: User, today: dt.date
) -> None:
    loan, key = funded_loan(alice, {bob: 1_000_00}, today=today), new_key()
    before = loan.agreement.sha256
    for _ in range(2):
        agreement = sign(loan, alice, today, name="  alice   EXAMPLE ", key=key)

    assert (agreement.signed_name, agreement.signed_ip, agreement.sha256) == ("alice EXAMPLE", "192.0.2.1", before)
    assert agreement.signed_at is not None
    queued = [task.task["func"] for task in OrmQ.objects.all()]
    assert queued.count("loans.tasks.disburse_signed_loan") == 1
    with pytest.raises(InvalidTransition):
        sign(loan, alice, today)


def test_nothing_is_paid_out_without_signature_or_by_borrower_or_under_a_check(
    alice: User, bob: User, today: dt.date
) -> None:
    loan = funded_loan(alice, {bob: 1_000_00}, today=today)
    with pytest.raises(NotSigned):
        pay_out(loan, today)
    sign(loan, alice, today)
    with pytest.raises(StaffOnly):
        pay_out(loan, today, actor=alice)
    Loan.objects.filter(pk=loan.pk).update(is_frozen=True)
    with pytest.raises(LoanFrozen):
        pay_out(loan, today)
    assert not Note.objects.exists()
    assert not JournalEntry.objects.filter(kind=EntryKind.LOAN_DISBURSED).exists()


def test_nothing_is_paid_out_when_the_reserved_money_differs(alice: User, bob: User, today: dt.date) -> None:
    loan = signed_loan(alice, {bob: 1_000_00}, today=today)
    loan.commitments.update(amount=999_00)
    with pytest.raises(ReservedDiffers):
        pay_out(loan, today)
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.FUNDED


def test_paying_out_twice_pays_once(alice: User, bob: User, dora: User, today: dt.date) -> None:
    loan, key = signed_loan(alice, {bob: 1_000_00}, today=today), new_key()
    first, again = pay_out(loan, today, key=key), pay_out(loan, today, key=key)
    assert (first.is_replay, again.is_replay) == (False, True)
    with pytest.raises(InvalidTransition):
        pay_out(loan, today, actor=dora)
    assert JournalEntry.objects.filter(kind=EntryKind.LOAN_DISBURSED).count() == 1


def test_quote_offer_agreement_and_schedule_agree_to_the_cent(alice: User, bob: User, today: dt.date) -> None:
    loan = active_loan(alice, {bob: 7_500_00}, term=36, today=today)
    quoted = quote_for(standard_product(), loan.grade, 7_500_00, 36, today)

    rows = list(Instalment.objects.filter(loan=loan).order_by("number"))
    assert [(row.due_date, row.principal_due, row.interest_due) for row in rows] == [
        (line.due_date, line.principal, line.interest) for line in quoted.schedule.lines
    ]
    assert (loan.instalment_amount, loan.total_payment) == (quoted.instalment_amount, quoted.total_payment)
    assert sum(row.principal_due + row.interest_due for row in rows) == loan.total_payment
    assert loan.net_received == quoted.net_received
    assert f"{quoted.total_payment // 100:,}" in loan.agreement.body
    assert loan.maturity_date == rows[-1].due_date


@pytest.mark.parametrize(
    ("due_day", "first_due"), [(5, dt.date(2026, 2, 5)), (28, dt.date(2026, 2, 28)), (15, dt.date(2026, 2, 15))]
)
def test_a_chosen_day_gives_a_first_period_of_15_to_45_days(
    alice: User, bob: User, today: dt.date, due_day: int, first_due: dt.date
) -> None:
    loan = active_loan(alice, {bob: 1_000_00}, today=today, due_day=due_day)
    assert loan.next_due_on == first_due
    assert 15 <= (loan.next_due_on - today).days <= 45
    assert set(Instalment.objects.filter(loan=loan).values_list("due_date__day", flat=True)) == {due_day}


def test_everybody_hears_of_the_pay_out_once(alice: User, bob: User, carol: User, today: dt.date) -> None:
    loan = active_loan(alice, {bob: 600_00, carol: 400_00}, today=today)
    told = Notification.objects.filter(event__in=["loan_paid_out", "loan_started"])
    assert sorted(told.values_list("user__email", flat=True)) == [
        "alice@example.org", "bob@example.org", "carol@example.org",
    ]  # fmt: skip
    body = told.get(user=alice).body
    assert f"{loan.net_received // 100}" in body


def test_a_borrower_who_was_suspended_meanwhile_receives_nothing(
    alice: User, bob: User, dora: User, today: dt.date
) -> None:
    loan = signed_loan(alice, {bob: 1_000_00}, today=today)
    User.objects.filter(pk=alice.pk).update(is_suspended=True)
    with pytest.raises(UserSuspended):
        pay_out(loan, today)
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.FUNDED


def test_the_statements_of_a_pay_out_do_not_grow_with_the_lenders(alice: User, dora: User, today: dt.date) -> None:
    statements = []
    for count in (2, 6):
        borrower = verified(f"Borrower{count}", Role.BORROWER)
        lenders = {verified(f"Lender{count}x{number}", Role.LENDER): 500_00 for number in range(count)}
        loan = signed_loan(borrower, lenders, today=today)
        with CaptureQueriesContext(connection) as queries:
            pay_out(loan, today)
        statements.append(len(queries))
    assert statements[0] == statements[1]

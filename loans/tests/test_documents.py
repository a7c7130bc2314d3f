"""The documents of a loan: who may have each, what stands in it, and the page that stands in for a PDF."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader
from rest_framework.test import APIClient

from accounts.enums.people import Role, StaffGroup
from accounts.models import User
from adminpanel.tests.scenes import staff_of
from loans.enums.loan import RepaymentMethod
from loans.models import Loan, LoanAgreement, Repayment
from loans.selectors.documents.agreement import agreement_for
from loans.selectors.documents.printed import AGREEMENT, CERTIFICATE, KEY_FACTS, KINDS, PLAN, RECEIPT
from loans.services.repayments.record import record_repayment
from p2plending.lib.documents.pdf import find_libraries
from p2plending.tests.support.shared import shared_scene
from p2plending.tests.support.world import TODAY, active_loan, fund_wallet, funded_loan, new_key, signed_loan, verified

Loans = dict[str, Loan | Repayment | User]
BROKEN = "raise OSError(\"cannot load library 'libpango-1.0-0': no such file\")\n"


@shared_scene
def papers() -> Loans:
    """A running loan of Ann with Ben (two parts) and Cora, one that is paid back, and Dan, who has nothing to do."""
    ann, ben, cora = verified("Ann", Role.BORROWER), verified("Ben", Role.LENDER), verified("Cora", Role.LENDER)
    loan = active_loan(ann, {ben: 600_00, cora: 400_00}, today=TODAY)
    fund_wallet(ann, 50_00, today=TODAY)
    paid = record_repayment(
        loan_id=loan.pk, amount=40_00, method=RepaymentMethod.WALLET, value_date=TODAY, actor=ann,
        idempotency_key=new_key(), today=TODAY,
    )  # fmt: skip
    amy = verified("Amy", Role.BORROWER)
    repaid = active_loan(amy, {ben: 500_00}, today=TODAY)
    fund_wallet(amy, 100_00, today=TODAY)
    last = record_repayment(
        loan_id=repaid.pk, amount=500_00, method=RepaymentMethod.WALLET, value_date=TODAY, actor=amy,
        idempotency_key=new_key(), today=TODAY,
    )  # fmt: skip
    return {
        "loan": Loan.objects.get(pk=loan.pk),
        "repaid": Loan.objects.get(pk=repaid.pk),
        "paid": paid,
        "last": last,
        "lender": ben,
        "other_lender": verified("Dan", Role.LENDER),
        "other_borrower": verified("Eva", Role.BORROWER),
    }


@pytest.fixture
def without_libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine on which WeasyPrint does not find pango."""
    (tmp_path / "weasyprint.py").write_text(BROKEN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    find_libraries.cache_clear()
    yield
    find_libraries.cache_clear()


def address(kind: str, papers: Loans, *, pdf: bool = False) -> str:
    thing = {RECEIPT: papers["paid"], CERTIFICATE: papers["repaid"]}.get(kind, papers["loan"])
    return reverse("loans:document_pdf" if pdf else "loans:document", args=[kind, thing.reference])


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_is_for_its_owner_and_for_no_stranger(
    kind: str, papers: Loans, client_of: Callable[[User], Client]
) -> None:
    owner = papers["repaid"].borrower if kind == CERTIFICATE else papers["loan"].borrower
    for path in (address(kind, papers), address(kind, papers, pdf=True)):
        assert Client().get(path).status_code == 302
        for stranger in ("other_lender", "other_borrower"):
            assert client_of(papers[stranger]).get(path).status_code == 404
    page = client_of(owner).get(address(kind, papers))
    assert page.status_code == 200
    assert "data-print hidden>Print" in page.content.decode()
    assert f'href="{address(kind, papers, pdf=True)}"' in page.content.decode()


def test_the_signed_agreement_opens_for_its_lenders_with_their_own_part_and_for_staff_who_see_loans(
    papers: Loans, client_of: Callable[[User], Client], api_of: Callable[[User], APIClient]
) -> None:
    loan = papers["loan"]
    page, api = reverse("loans:agreement", args=[loan.reference]), f"/api/v1/loans/{loan.reference}/agreement/"
    seen = client_of(papers["lender"]).get(page).content.decode()
    assert loan.agreement.body in seen
    assert loan.agreement.sha256 in seen
    assert "it is the text that was signed" in seen
    assert "€600.00" in seen
    assert api_of(papers["lender"]).get(api).json()["own_part"] == "600.00"
    assert api_of(loan.borrower).get(api).json()["own_part"] is None
    underwriter, identity = staff_of(StaffGroup.UNDERWRITER), staff_of(StaffGroup.IDENTITY)
    assert client_of(underwriter).get(page).status_code == 200
    for person in (papers["other_lender"], papers["other_borrower"], identity):
        assert client_of(person).get(page).status_code == 404
        assert api_of(person).get(api).status_code == 404


def test_an_unsigned_agreement_is_for_the_borrower_only(alice: User, bob: User) -> None:
    loan = funded_loan(alice, {bob: 500_00})
    assert agreement_for(alice, loan.reference) is not None
    assert agreement_for(bob, loan.reference) is None
    assert agreement_for(staff_of(StaffGroup.UNDERWRITER), loan.reference) is None


def test_two_parts_of_one_lender_are_one_figure_and_money_that_came_back_is_no_part(alice: User, bob: User) -> None:
    loan = signed_loan(alice, {bob: 500_00})
    first = loan.commitments.get()
    assert agreement_for(bob, loan.reference).own_part == 500_00
    loan.commitments.create(
        reference="CM-TWICE", lender=bob, amount=25_00, status="reserved", committed_on=first.committed_on
    )
    assert agreement_for(bob, loan.reference).own_part == 525_00
    loan.commitments.update(status="released", ended_on=first.committed_on)
    assert agreement_for(bob, loan.reference) is None


def test_a_text_that_was_changed_after_it_was_signed_shows(
    papers: Loans, client_of: Callable[[User], Client], api_of: Callable[[User], APIClient]
) -> None:
    loan = papers["loan"]
    LoanAgreement.objects.filter(loan=loan).update(body=loan.agreement.body.replace("€600.00", "€900.00"))
    page = client_of(loan.borrower).get(reverse("loans:agreement", args=[loan.reference])).content.decode()
    assert "does not have this fingerprint" in page
    answer = api_of(loan.borrower).get(f"/api/v1/loans/{loan.reference}/agreement/").json()
    assert answer["is_intact"] is False
    assert hashlib.sha256(answer["body"].encode()).hexdigest() != answer["sha256"]


def test_papers_of_other_states_are_not_there(papers: Loans, client_of: Callable[[User], Client]) -> None:
    borrower, loan = papers["loan"].borrower, papers["loan"]
    client = client_of(borrower)
    assert client.get(reverse("loans:document", args=[CERTIFICATE, loan.reference])).status_code == 404
    assert client.get(reverse("loans:document", args=[RECEIPT, loan.reference])).status_code == 404
    assert client.get(f"/borrowing/documents/passport/{loan.reference}/").status_code == 404


@pytest.mark.slow
def test_page_and_pdf_say_the_same_with_logo_reference_and_page_numbers(
    papers: Loans, client_of: Callable[[User], Client], api_of: Callable[[User], APIClient]
) -> None:
    loan, repaid = papers["loan"], papers["repaid"]
    wanted = {
        AGREEMENT: ("Loan agreement", "Signature", loan.agreement.sha256[:20], "€600.00"),
        KEY_FACTS: ("Key facts of your loan", "Total you repay", "What may be added"),
        PLAN: ("Payment plan", "Principal left", "€40.00"),
        CERTIFICATE: ("Certificate of repayment", "Nothing is owed.", "€500.00"),
        RECEIPT: ("Receipt", "We received €40.00", papers["paid"].reference),
    }
    for kind, texts in wanted.items():
        owner = repaid.borrower if kind == CERTIFICATE else loan.borrower
        answer = client_of(owner).get(address(kind, papers, pdf=True))
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer["Content-Disposition"].startswith(f'inline; filename="{kind}-')
        text = text_of(answer.content)
        page = " ".join(client_of(owner).get(address(kind, papers)).content.decode().split())
        for words in texts:
            assert words in text, (kind, words, text)
            assert words in page, (kind, words)
        pages = PdfReader(io.BytesIO(answer.content)).pages
        assert all(f"{number} / {len(pages)}" in one.extract_text() for number, one in enumerate(pages, start=1))
        assert all(page.mediabox.width < 596 and page.mediabox.height < 842 for page in pages)
    answer = api_of(loan.borrower).get(f"/api/v1/documents/plan/{loan.reference}/", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")


@pytest.mark.usefixtures("without_libraries")
def test_without_the_libraries_the_page_says_so_and_stands_in(
    papers: Loans, client_of: Callable[[User], Client], api_of: Callable[[User], APIClient]
) -> None:
    loan = papers["loan"]
    answer = client_of(loan.borrower).get(address(PLAN, papers, pdf=True))
    assert (answer.status_code, answer.headers["Location"]) == (302, address(PLAN, papers))
    page = client_of(loan.borrower).get(address(PLAN, papers)).content.decode()
    assert "PDF files can't be made here. Print this page" in page
    assert ".pdf" not in page
    problem = api_of(loan.borrower).get(f"/api/v1/documents/plan/{loan.reference}/")
    assert (problem.status_code, problem["Content-Type"]) == (503, "application/problem+json")
    assert (problem.json()["code"], problem.json()["context"]) == (
        "pdf_unavailable",
        {"print_url": address(PLAN, papers)},
    )

"""What must always hold between loans and the books. Run by `check_books`, the nightly job and the staff page.

Loans are read in pages by primary key, each figure with one query a page, so memory stays flat.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Case, Count, F, Model, Q, Sum, When
from django.utils.translation import gettext_lazy as _

from ledger import chart
from ledger.models import Account
from ledger.selectors.invariants import MOST_BREAKS, Break, Check
from loans.account.terms import LoanTerms
from loans.enums.loan import (
    CommitmentStatus,
    InstalmentStatus,
    LoanStatus,
    NoteStatus,
    RepaymentMethod,
    RepaymentStatus,
)
from loans.models import Commitment, Distribution, Instalment, Loan, LoanLoss, Note, Recovery, RecoveryShare, Repayment

LOANS_PER_PAGE = 500
LOAN_COLUMNS = (
    "reference",
    "principal_outstanding",
    "next_due_amount",
    "credit_held",
    "funded_amount",
    "lender_count",
    "frozen_terms",
)
Sums = dict[int, dict[str, int]]


def principal_ties_together() -> list[Break]:
    """I5: a loan's principal is the same in its column, both accounts, its open notes and its payment plan."""
    breaks = []
    for loans in _pages(Q(status__in=LoanStatus.disbursed())):
        ids = list(loans)
        accounts = _account_balances(loans, chart.PRINCIPAL_OUTSTANDING, chart.LENDERS_PRINCIPAL)
        notes = _sums(Note, Q(loan__in=ids, status__in=NoteStatus.open()), outstanding=F("principal_outstanding"))
        plan = _sums(
            Instalment,
            Q(loan__in=ids) & ~Q(status__in=[InstalmentStatus.SUPERSEDED, InstalmentStatus.WRITTEN_OFF]),
            unpaid=F("principal_due") - F("principal_paid") - F("principal_removed"),
        )
        for pk, loan in loans.items():
            found = {
                "L1200": accounts.get((chart.PRINCIPAL_OUTSTANDING, loan.reference), 0),
                "L2200": accounts.get((chart.LENDERS_PRINCIPAL, loan.reference), 0),
                "notes": notes.get(pk, {}).get("outstanding", 0),
                "payment plan": plan.get(pk, {}).get("unpaid", 0),
            }
            breaks += _differences("I5", loan.reference, loan.principal_outstanding, found)
    return breaks


def reservations_tie_together() -> list[Break]:
    """I6: each lender's reserved money equals their open commitments."""
    held = Account.objects.filter(code=chart.WALLET_RESERVED).exclude(balance=0)
    reserved = dict(held.values_list("owner_id", "balance"))
    rows = Commitment.objects.filter(status__in=CommitmentStatus.holding()).order_by().values_list("lender_id")
    committed = {lender: int(amount) for lender, amount in rows.annotate(Sum("amount"))}
    return [
        Break("I6", f"{chart.WALLET_RESERVED}:U{lender}", committed.get(lender, 0), reserved.get(lender, 0))
        for lender in sorted(reserved.keys() | committed.keys())
        if reserved.get(lender, 0) != committed.get(lender, 0)
    ]


def collections_hold_what_is_paid_ahead() -> list[Break]:
    """I9: what is in a loan's collection account is the money paid ahead that the loan keeps, as its payments say."""
    left = Account.objects.filter(code=chart.LOAN_COLLECTION).exclude(balance=0)
    found = dict(left.order_by("pk").values_list("loan_reference", "balance"))
    kept = dict(Loan.objects.exclude(credit_held=0).order_by("pk").values_list("reference", "credit_held"))
    breaks = []
    for reference in dict.fromkeys([*found, *kept]):
        account = {chart.LOAN_COLLECTION: found.get(reference, 0)}
        breaks += _differences("I9", reference, kept.get(reference, 0), account)
    for loans in _pages(Q(credit_held__gt=0)):
        payments = _sums(
            Repayment,
            Q(loan__in=list(loans), status=RepaymentStatus.CONFIRMED),
            kept=F("held") - F("credit_used"),
            spent=Case(When(method=RepaymentMethod.CREDIT, then=F("amount")), default=0),
        )
        for pk, loan in loans.items():
            sums = payments.get(pk, {"kept": 0, "spent": 0})
            breaks += _differences("I9", loan.reference, loan.credit_held, {"payments": sums["kept"] - sums["spent"]})
    return breaks


def lenders_get_what_is_paid() -> list[Break]:
    """I12: what each loan's notes received is what its borrower paid, part by part, before the servicing fee."""
    breaks = []
    for loans in _pages(Q(status__in=LoanStatus.disbursed())):
        ids = list(loans)
        confirmed = Q(loan__in=ids, status=RepaymentStatus.CONFIRMED)
        paid = _sums(
            Repayment,
            confirmed,
            principal=F("principal"),
            interest=F("interest"),
            late_fee=F("late_fee"),
            servicing_fee=F("servicing_fee"),
        )
        shared = _sums(
            Distribution,
            Q(repayment__loan__in=ids, repayment__status=RepaymentStatus.CONFIRMED),
            by="repayment__loan",
            principal=F("principal"),
            interest=F("interest"),
            late_fee=F("late_fee"),
            servicing_fee=F("servicing_fee"),
        )
        for pk, loan in loans.items():
            got = shared.get(pk, {})
            for part, amount in paid.get(pk, {}).items():
                if part == "late_fee" and not LoanTerms.from_json(loan.frozen_terms).late_fees_to_lenders:
                    continue
                breaks += _differences("I12", loan.reference, amount, {part.replace("_", " "): got.get(part, 0)})
    return breaks


def claims_tie_to_the_plan() -> list[Break]:
    """L1: interest and late fees in the books are those of the plan that fell due and are not paid."""
    pairs = (
        (chart.INTEREST_RECEIVABLE, chart.LENDERS_INTEREST, "interest"),
        (chart.LATE_FEES_RECEIVABLE, chart.LENDERS_LATE_FEES, "late_fee"),
    )
    breaks = []
    for loans in _pages(Q(status__in=LoanStatus.disbursed())):
        plan = _sums(
            Instalment,
            Q(loan__in=list(loans)) & ~Q(status__in=[InstalmentStatus.SUPERSEDED, InstalmentStatus.WRITTEN_OFF]),
            interest=F("interest_posted") - F("interest_paid"),
            late_fee=F("late_fee_due") - F("late_fee_paid") - F("late_fee_removed"),
        )
        accounts = _account_balances(loans, *(code for pair in pairs for code in pair[:2]))
        for pk, loan in loans.items():
            for receivable, claim, part in pairs:
                found = {code: accounts.get((code, loan.reference), 0) for code in (receivable, claim)}
                breaks += _differences("L1", loan.reference, plan.get(pk, {}).get(part, 0), found)
    return breaks


def loan_columns_agree() -> list[Break]:
    """L2: next payment, funded amount and number of lenders on a loan are those of its rows."""
    breaks = []
    for loans in _pages(Q(status__in=LoanStatus.owing())):
        unpaid = Instalment.objects.filter(loan__in=list(loans), status__in=InstalmentStatus.unpaid())
        first: dict[int, int] = {}
        for row in unpaid.order_by("due_date", "number"):
            # A plan may have a date on which nothing is to pay: no interest yet, or too little principal for all dates.
            if row.total_unpaid:
                first.setdefault(row.loan_id, row.total_unpaid)
        for pk, loan in loans.items():
            found = {"next payment": loan.next_due_amount or 0}
            breaks += _differences("L2", loan.reference, max(first.get(pk, 0) - loan.credit_held, 0), found)
    for loans in _pages(Q(status__in=LoanStatus.holding_commitments())):
        holding = Commitment.objects.filter(loan__in=list(loans), status__in=CommitmentStatus.holding()).order_by()
        rows = holding.values_list("loan_id").annotate(Sum("amount"), Count("lender", distinct=True))
        sums = {pk: (int(amount), lenders) for pk, amount, lenders in rows}
        for pk, loan in loans.items():
            amount, lenders = sums.get(pk, (0, 0))
            breaks += _differences("L2", loan.reference, amount, {"funded": loan.funded_amount})
            breaks += _differences("L2", loan.reference, lenders, {"lenders": loan.lender_count})
    return breaks


def notes_add_up() -> list[Break]:
    """L3: what each note was lent and what was added to it is what it received, has outstanding and lost."""
    rows = Note.objects.annotate(
        given=F("principal") + F("capitalised"),
        gone=F("principal_received") + F("principal_outstanding") + F("principal_lost"),
    ).exclude(given=F("gone"))
    return [
        Break("L3", reference, given, gone)
        for reference, given, gone in rows.order_by("pk").values_list("reference", "given", "gone")[:MOST_BREAKS]
    ]


def losses_and_recoveries_agree() -> list[Break]:
    """L4: a loss is what its notes lost and what the memo account says, less what was recovered and shared out."""
    breaks = []
    for loans in _pages(Q(status__in=[LoanStatus.WRITTEN_OFF, LoanStatus.SETTLED])):
        ids = list(loans)
        lost = _sums(
            LoanLoss,
            Q(open_key__in=ids),
            principal=F("principal"),
            total=F("principal") + F("interest") + F("late_fee"),
        )
        notes = _sums(Note, Q(loan__in=ids), lost=F("principal_lost"), recovered=F("recovered"))
        came = _sums(Recovery, Q(loan__in=ids, undone_on=None), amount=F("amount"), fee=F("fee"))
        counted = Q(recovery__loan__in=ids, recovery__undone_on=None)
        shared = _sums(RecoveryShare, counted, by="recovery__loan", amount=F("amount"))
        memo = _account_balances(loans, chart.WRITTEN_OFF)
        for pk, loan in loans.items():
            loss, got = lost.get(pk, {}), came.get(pk, {})
            to_notes = got.get("amount", 0) - got.get("fee", 0)
            found = {"lost by notes": notes.get(pk, {}).get("lost", 0)}
            breaks += _differences("L4", loan.reference, loss.get("principal", 0), found)
            found = {chart.WRITTEN_OFF: -memo.get((chart.WRITTEN_OFF, loan.reference), 0)}
            breaks += _differences("L4", loan.reference, loss.get("total", 0) - got.get("amount", 0), found)
            found = {
                "shares": shared.get(pk, {}).get("amount", 0),
                "recovered by notes": notes.get(pk, {}).get("recovered", 0),
            }
            breaks += _differences("L4", loan.reference, to_notes, found)
    return breaks


CHECKS: list[Check] = [
    Check("I5", _("Principal is the same in loan, accounts, notes and payment plan"), principal_ties_together),
    Check("I6", _("Reserved money equals open commitments"), reservations_tie_together),
    Check("I9", _("Collection accounts of loans hold what was paid ahead"), collections_hold_what_is_paid_ahead),
    Check("I12", _("Lenders received what borrowers paid"), lenders_get_what_is_paid),
    Check("L1", _("Claims for interest and late fees equal the payment plan"), claims_tie_to_the_plan),
    Check("L2", _("Figures shown on loans equal their rows"), loan_columns_agree),
    Check("L3", _("Each note received, is owed or lost what it was lent"), notes_add_up),
    Check("L4", _("Losses and recoveries are those of the notes"), losses_and_recoveries_agree),
]


def _pages(rule: Q) -> Iterator[dict[int, Loan]]:
    last, page = 0, None
    while page is None or len(page) == LOANS_PER_PAGE:
        page = list(Loan.objects.filter(rule, pk__gt=last).only(*LOAN_COLUMNS).order_by("pk")[:LOANS_PER_PAGE])
        if not page:
            return
        yield {loan.pk: loan for loan in page}
        last = page[-1].pk


def _account_balances(loans: dict[int, Loan], *codes: str) -> dict[tuple[str, str], int]:
    references = [loan.reference for loan in loans.values()]
    rows = Account.objects.filter(loan_reference__in=references, code__in=codes)
    return {
        (code, reference): balance for code, reference, balance in rows.values_list("code", "loan_reference", "balance")
    }


def _sums(model: type[Model], rule: Q, *, by: str = "loan", **parts: Any) -> Sums:
    rows = model._default_manager.filter(rule).order_by().values(by)
    summed = rows.annotate(**{f"sum_{name}": Sum(part) for name, part in parts.items()})
    return {row[by]: {name: int(row[f"sum_{name}"] or 0) for name in parts} for row in summed}


def _differences(code: str, reference: str, expected: int, found: dict[str, int]) -> list[Break]:
    return [
        Break(code, f"{reference} {name}", expected, figure) for name, figure in found.items() if figure != expected
    ]

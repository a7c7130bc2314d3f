"""One repayment to N lenders: our service, the same rows by bare SQL, and django-hordak."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loans.enums.loan import RepaymentMethod
from loans.models import Instalment, Loan
from loans.services.repayments.record import record_repayment
from loans.services.servicing.bring_forward import bring_loan_forward
from p2plending.lib import clock
from p2plending.trials.bench.measure import interleaved, say, verdict
from p2plending.trials.bench.scene import running_loan
from p2plending.trials.bench.settings import HAS_HORDAK

SIZES = (10, 100, 1_000, 10_000)
RUNS = {10: 9, 100: 9, 1_000: 7, 10_000: 3}
BATCH = 5_000
COMPARED_WITH_HORDAK = 1_000


# A name, and what sets its scene and returns the step that is measured.
Ways = dict[str, Callable[[], Callable[[], object]]]


def run(pid: int) -> None:
    """Print the costs a lender, and the ratios with their targets."""
    say("\nOne repayment to N lenders (CPU µs a lender, client and server)")
    statements = {}
    for size in SIZES:
        ours, floor = running_loan(f"ours{size}x", size), running_loan(f"bare{size}x", size)
        statements[size] = _statements(ours)
        ways: Ways = {"ours": partial(_payment, ours), "bare SQL": partial(_bare_payment, floor)}
        if size == COMPARED_WITH_HORDAK and HAS_HORDAK:
            ways |= _hordak_ways(size)
        elif size == COMPARED_WITH_HORDAK:
            say("  django-hordak is missing: pip install -r p2plending/trials/bench/requirements.txt")
        slow = {name: ways.pop(name) for name in list(ways) if name == "hordak, checked"}
        costs = interleaved(ways, RUNS[size], pid) | interleaved(slow, 1, pid)
        per_lender = {name: cost.cpu / size * 1e6 for name, cost in costs.items()}
        say(f"  N={size}: " + ", ".join(f"{name} {figure:.1f}" for name, figure in per_lender.items()))
        if size >= COMPARED_WITH_HORDAK:
            verdict(f"ours / bare SQL at {size}", per_lender["ours"] / per_lender["bare SQL"], most=1.5)
        if "hordak, bulk" in per_lender:
            verdict("hordak, checked / ours", per_lender["hordak, checked"] / per_lender["ours"], least=50)
            verdict("hordak, bulk / ours", per_lender["hordak, bulk"] / per_lender["ours"], least=2)
    say(f"  Statements: {statements}")
    verdict("statements at 10", statements[10], most=15)
    verdict("statements at 1,000 over those at 10", statements[1_000] / statements[10], most=1)


def _statements(loan: Loan) -> int:
    _payment(loan)()
    step = _payment(loan)
    with CaptureQueriesContext(connection) as queries:
        step()
    return len([query for query in queries if query["sql"].split(maxsplit=1)[0] not in ("BEGIN", "COMMIT")])


def _bare_payment(loan: Loan) -> Callable[[], object]:
    return BarePayment(loan).run


def _payment(loan: Loan) -> Callable[[], object]:
    due = Instalment.objects.filter(loan=loan, settled_on__isnull=True).order_by("number")[0]
    # Falling due is an event of its own: the payment finds the loan up to date.
    bring_loan_forward(loan_id=loan.pk, today=due.due_date)
    borrower = loan.borrower
    return lambda: record_repayment(
        loan_id=loan.pk,
        amount=due.total_unpaid,
        method=RepaymentMethod.WALLET,
        value_date=due.due_date,
        actor=borrower,
        idempotency_key=uuid.uuid4().hex,
        today=due.due_date,
    )


class BarePayment:
    """The rows that a repayment writes, with nothing but SQL and the shares: no checks, no keys, no refusals."""

    numbers = itertools.count(1)

    def __init__(self, loan: Loan) -> None:
        self.loan = loan

    def run(self) -> None:
        """Read and lock, share out, write. One transaction."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM loans_loan WHERE id = %s FOR UPDATE", [self.loan.pk])
            cursor.execute(
                "SELECT id, owner_id, principal_outstanding FROM loans_note WHERE loan_id = %s AND status = 'active' "
                "ORDER BY id FOR UPDATE",
                [self.loan.pk],
            )
            notes = cursor.fetchall()
            keys = [f"C2100:U{owner}" for _note, owner, _left in notes]
            keys += [f"C2100:U{self.loan.borrower_id}"]
            accounts: dict[str, tuple[int, int, int]] = {}
            for part in _parts(keys):
                cursor.execute(
                    f"SELECT `key`, id, balance, version FROM ledger_account WHERE `key` IN ({_places(part)}) "  # noqa: S608 - place holders only
                    "ORDER BY id FOR UPDATE",
                    part,
                )
                accounts |= {key: row for key, *row in cursor.fetchall()}
            self._write(cursor, notes, accounts)

    def _write(self, cursor: Any, notes: Sequence[tuple[int, int, int]], accounts: Mapping[str, Sequence[int]]) -> None:
        number, now = next(self.numbers), clock.now().replace(tzinfo=None)
        principal, interest = len(notes) * 100, len(notes) * 10
        weight = sum(left for *_note, left in notes)
        cursor.execute(
            "INSERT INTO ledger_journalentry (reference, idempotency_key, kind, value_date, posted_at, actor_label, "
            "narrative, subject_type, subject_reference) "
            "VALUES (%s, %s, 'REPAYMENT', '2026-02-15', %s, 'x', 'x', '', '')",
            [f"B{self.loan.pk}-{number}", f"bare:{self.loan.pk}:{number}", now],
        )
        entry = cursor.lastrowid
        postings, shares = [], []
        for note, owner, left in notes:
            part, yields = principal * left // weight, interest * left // weight
            pk, balance, version = accounts[f"C2100:U{owner}"]
            net = part + yields
            postings.append((entry, pk, 0, net, "REPAYMENT", version + 1, balance + net))
            shares.append((entry, note, left, part, yields, 0, 0, net, 0, 0, 0, 0))
        pk, balance, version = accounts[f"C2100:U{self.loan.borrower_id}"]
        paid = sum(row[3] for row in postings)
        postings.append((entry, pk, paid, 0, "REPAYMENT", version + 1, balance - paid))
        for rows in _parts(postings):
            cursor.executemany(
                "INSERT INTO ledger_posting (entry_id, account_id, debit, credit, code, seq, balance_after) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                rows,
            )
        cursor.execute(
            "UPDATE ledger_account a JOIN ledger_posting p ON p.account_id = a.id AND p.entry_id = %s "
            "SET a.balance = p.balance_after, a.version = p.seq",
            [entry],
        )
        cursor.execute(
            "INSERT INTO loans_repayment (created_at, updated_at, version, reference, loan_id, payer_id, amount, "
            "method, extra_mode, value_date, bank_reference, status, late_fee, interest, principal, surplus, "
            "held, credit_used, servicing_fee, entry_id, decision_note, is_told) "
            "VALUES (%s, %s, 0, %s, %s, %s, %s, 'wallet', '', '2026-02-15', '', "
            "'confirmed', 0, 0, %s, 0, 0, 0, 0, %s, '', 1)",
            [now, now, f"B{self.loan.pk}-{number}", self.loan.pk, self.loan.borrower_id, paid, paid, entry],
        )
        repayment = cursor.lastrowid
        for rows in _parts(shares):
            cursor.executemany(
                "INSERT INTO loans_distribution (repayment_id, note_id, weight, principal, interest, late_fee, "
                "servicing_fee, net, interest_carry_before, interest_carry_after, late_fee_carry_before, "
                "late_fee_carry_after) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [(repayment, *row[1:]) for row in rows],
            )
        cursor.execute(
            "UPDATE loans_note n JOIN loans_distribution d ON d.note_id = n.id AND d.repayment_id = %s "
            "SET n.principal_outstanding = n.principal_outstanding - d.principal, "
            "n.principal_received = n.principal_received + d.principal, "
            "n.interest_received = n.interest_received + d.interest, n.interest_carry = d.interest_carry_after",
            [repayment],
        )
        cursor.execute("UPDATE loans_loan SET version = version + 1 WHERE id = %s", [self.loan.pk])


def _parts(rows: list) -> list[list]:
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def _places(rows: list) -> str:
    return ", ".join(["%s"] * len(rows))


def _hordak_ways(size: int) -> Ways:
    from hordak.models import Account as HordakAccount
    from hordak.models import AccountType, Leg, Transaction
    from moneyed import Money

    def account(index: int) -> HordakAccount:
        return HordakAccount.objects.create(name=f"lender {index}", type=AccountType.liability, currencies=["EUR"])

    bank = HordakAccount.objects.create(name="bank", type=AccountType.asset, currencies=["EUR"])
    lenders = [account(index) for index in range(size)]
    weights = [100] * size

    def legs(entry: Transaction) -> list[Leg]:
        """A leg for what each lender gets of principal and of interest: here nothing else would keep the split."""
        parts = (largest_remainder(100 * size - 1, weights), largest_remainder(10 * size - 1, weights))
        paid = Decimal(sum(map(sum, parts))).scaleb(-2)
        found = [Leg(transaction=entry, account=bank, debit=Money(paid, "EUR"))]
        for lender, *shares in zip(lenders, *parts, strict=True):
            found += [
                Leg(transaction=entry, account=lender, credit=Money(Decimal(share).scaleb(-2), "EUR"))
                for share in shares
            ]
        return found

    def checked() -> None:
        with transaction.atomic():
            entry = Transaction.objects.create(description="checked")
            for leg in legs(entry):
                leg.save()

    def bulk() -> None:
        with transaction.atomic():
            Leg.objects.bulk_create(legs(Transaction.objects.create(description="bulk")))

    return {"hordak, checked": lambda: checked, "hordak, bulk": lambda: bulk}


def largest_remainder(amount: int, weights: list[int]) -> list[int]:
    """Shares by weight that add up to the amount, as an ordinary program makes them."""
    total = sum(weights)
    shares = [amount * weight // total for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda index: amount * weights[index] % total, reverse=True)
    for index in by_rest[: amount - sum(shares)]:
        shares[index] += 1
    return shares

"""A story as a table: one row for each step, with everything that stands in the books after it.

    step                |    Alice |     Bob |  bank | L1200 | L1210 | L1220 | income | C1300
    1 Feb: paid out     |   970.00 |    0.00 | ...

A person's column is the available wallet. `bank` is all client money, `income` what the platform earned, `C1300` what
people owe to the platform; a code of the loan book is the loan's own account. What lenders are owed is the same as what
the borrower owes, part by part, after every step, and so is not written twice. Neither are the checks of the books.
"""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import User
from ledger.chart import DUE_FROM_USER
from ledger.selectors import balance
from ledger.selectors.books import trial_balance
from loans.models import Loan
from p2plending.tests.support.books import assert_sound_books, available

BANK = ("C1000", "C1010")
INCOME = ("P4000", "P4010", "P4020", "P4040")
CLAIMS = {"L1200": "L2200", "L1210": "L2210", "L1220": "L2220"}


class Storybook:
    """Compares the books with the rows of the table, in their order."""

    def __init__(self, table: str, loan: Loan, people: Sequence[User]) -> None:
        heading, *rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
        self.columns = heading[1:]
        self.rows = iter(rows)
        self.loan = loan
        self.people = {person.full_name.split()[0]: person for person in people}

    def after(self, step: str) -> None:
        """This step was told: every figure is that of the next row, and the books are sound."""
        name, *cells = next(self.rows)
        assert name == step
        told = dict(zip(self.columns, cells, strict=True))
        assert {column: self._figure(column) for column in told} == told, step
        for asset, claim in CLAIMS.items():
            assert self._of_loan(claim) == self._of_loan(asset), f"{step}: {claim}"
        assert_sound_books()

    def is_told(self) -> bool:
        """Whether every row has had its step."""
        return next(self.rows, None) is None

    def _figure(self, column: str) -> str:
        if column in self.people:
            return _decimal(available(self.people[column])[0])
        sums = {"bank": BANK, "income": INCOME, DUE_FROM_USER: (DUE_FROM_USER,)}
        if column in sums:
            return _decimal(sum(line.balance for line in trial_balance() if line.chart_line.code in sums[column]))
        return _decimal(self._of_loan(column))

    def _of_loan(self, code: str) -> int:
        return balance(code, loan_reference=self.loan.reference)


def _decimal(amount: int) -> str:
    whole, cents = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{whole}.{cents:02}"
